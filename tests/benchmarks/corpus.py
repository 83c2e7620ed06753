"""Posts for the benchmarks: the same bytes for the same seed, 2 to 12 KB of Markdown each, 3 of 60 tags."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

SEED = 2026
TAG_COUNT = 60
TAGS_PER_POST = 3
FIRST_DAY = datetime(2014, 1, 1, tzinfo=UTC)
LAST_DAY = datetime(2025, 12, 31, tzinfo=UTC)
SMALLEST_BYTES, LARGEST_BYTES = 2_048, 12_288
"""Bounds of a whole file, head and body."""
_BODY_BYTES = (2_300, 11_300)
"""Before the last block, which may go beyond, and the closing line."""

WORDS = """
about above account across afternoon again air almost along already always amber among anchor angle answer apple arch arrow
ash aside autumn away balance bark barley basin beam bearing beech before behind bell below bench bend beside better between
beyond birch bird blade blue board boat bottle bottom branch brass bread breeze brick bridge bright bring broad brook brown
brush bucket build burn cabin calm candle canvas careful carry cart cause cedar cellar chain chalk change channel chart circle
clay clean clear climb clock cloth cloud coast cold colour column common compare compass copper corner count course cover craft
crane creek crew cross current curve cut damp dark dawn day deep degree dense depth desk dial differ dim distance ditch divide
door double draft draw dry dull dusk dust early earth east edge effort eight elm empty enough even evening every exact falling
farm fast fence fern few field figure final find fine fire first flag flat flint flood floor flow fold follow foot ford forest
forge form found four frame fresh frost full garden gate gather gauge gentle give glass gold good grain granite grass gravel
great green grey ground grow gull half hammer harbour hard harvest hazel heat heather heavy hedge high hill hinge hold hollow
home hour house ice inch ink inland inside iron island join keel keep kettle key ladder lake lamp land lane large larch late
latch lead leaf lean leave ledge length lens less level light lime line linen little long loose lower maple marble mark marsh
match meadow measure melt mend metal middle mile mill mirror mist model month moon moss motion mountain mouth move narrow near
needle nest never night nine north note notice oak oar oat often open orchard order other outer oven over owl paint pale paper
part pass paste path pattern pebble pencil pine pipe place plain plank plant plate plough point pole pond poplar port pour
press proof pump quarry quarter quick quiet rain raise range rather reach read record red reed rest ridge right ring rise river
road rock roof room root rope rough round row rule rust sack sail salt sample sand scale sea season second seed seldom seven
shade shallow shape sharp shed sheet shelf shell shift shore short shoulder side signal silver simple single six slate slope
slow small smoke smooth snow soft soil sound south spade spare spring square stair stalk star station steady steam steel stem
step still stone store storm straight strand straw stream street string strong summer sun surface swallow table tall tar thick
thin thread three tide tile timber tin tower track trail tree trench turn twelve twig twist two under upper valley vane
village wagon walk wall warm watch water wave weather weigh well west wet wheat wheel white wide willow wind window winter wire
wood wool work year yellow yesterday young
""".split()  # noqa: SIM905
TAGS = tuple(WORDS[n * len(WORDS) // TAG_COUNT] for n in range(TAG_COUNT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a site shows of a post beside its text. `closing` are the last words of the body, plain in every format."""

    slug: str
    title: str
    published_at: datetime
    tags: tuple[str, ...]
    summary: str | None
    closing: str

    @property
    def path(self) -> str:
        """On the web, as every contender is told to place it."""
        return f"/{self.published_at:%Y/%m}/{self.slug}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    entry: Entry
    body: str

    def with_yaml_head(self) -> str:
        """The file as `publisher` and Hugo read it."""
        entry = self.entry
        summary = f"summary: {entry.summary}\n" if entry.summary else ""
        head = f"title: {entry.title}\ndate: {entry.published_at:%Y-%m-%dT%H:%M:%SZ}\ntags: [{', '.join(entry.tags)}]\n"
        return f"---\n{head}{summary}---\n{self.body}"

    def with_plain_head(self) -> str:
        """The file as Pelican reads it."""
        entry = self.entry
        summary = f"Summary: {entry.summary}\n" if entry.summary else ""
        head = f"Title: {entry.title}\nDate: {entry.published_at:%Y-%m-%d %H:%M:%S}\nTags: {', '.join(entry.tags)}\n"
        return f"{head}{summary}\n{self.body}"


def make_posts(count: int, seed: int = SEED) -> Iterator[Post]:
    """Oldest first, no two at the same second. One at a time: a hundred thousand need not fit into memory."""
    step = (LAST_DAY - FIRST_DAY) / count
    for number in range(count):
        dice = Random(f"{seed}/{number}")
        moment = FIRST_DAY + step * number + timedelta(seconds=dice.randrange(max(1, int(step.total_seconds()))))
        yield _post(dice, number, moment.replace(microsecond=0))


def edited(post: Post, edit: int) -> Post:
    """The same post with another closing line; `edit` numbers the edits."""
    entry = post.entry
    closing = f"{_closing(entry.slug)} Edited for the {edit}th time."
    changed = Entry(
        slug=entry.slug,
        title=entry.title,
        published_at=entry.published_at,
        tags=entry.tags,
        summary=entry.summary,
        closing=closing,
    )
    return Post(entry=changed, body=post.body.replace(entry.closing, closing))


def _post(dice: Random, number: int, published_at: datetime) -> Post:
    title = _some(dice, 3, 8).capitalize()
    slug = f"{title.lower().replace(' ', '-')}-{number}"
    entry = Entry(
        slug=slug,
        title=title,
        published_at=published_at,
        tags=tuple(dice.sample(TAGS, TAGS_PER_POST)),
        summary=_sentence(dice) if dice.random() < 0.6 else None,
        closing=_closing(slug),
    )
    return Post(entry=entry, body=_body(dice, entry))


def _closing(slug: str) -> str:
    return f"So ends number {slug.rpartition('-')[2]}."


def _body(dice: Random, entry: Entry) -> str:
    size = dice.randint(*_BODY_BYTES)
    blocks = [_paragraph(dice)]
    while sum(map(len, blocks)) < size:
        kind = dice.choices(_KINDS, weights=_WEIGHTS)[0]
        blocks.append(kind(dice))
    return "\n\n".join([*blocks, entry.closing]) + "\n"


def _some(dice: Random, least: int, most: int) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(least, most)))


def _sentence(dice: Random) -> str:
    return _some(dice, 6, 16).capitalize() + "."


def _rich_sentence(dice: Random) -> str:
    """With at most one piece of markup, as people write."""
    roll, words = dice.random(), _some(dice, 1, 4)
    if roll < 0.15:
        piece = f"*{words}*"
    elif roll < 0.25:
        piece = f"**{words}**"
    elif roll < 0.35:
        piece = f"`{words}`"
    elif roll < 0.5:
        piece = f"[{words}](https://example.org/{dice.choice(WORDS)}/{dice.randrange(1000)})"
    else:
        piece = words
    return f"{_some(dice, 3, 8).capitalize()} {piece} {_some(dice, 2, 7)}."


def _paragraph(dice: Random) -> str:
    return " ".join(_rich_sentence(dice) for _ in range(dice.randint(3, 7)))


def _heading(dice: Random) -> str:
    return f"{'#' * dice.randint(2, 3)} {_some(dice, 2, 5).capitalize()}\n\n{_paragraph(dice)}"


def _list(dice: Random) -> str:
    is_numbered = dice.random() < 0.3
    return "\n".join(f"{n}. " * is_numbered + "- " * (not is_numbered) + _rich_sentence(dice) for n in range(1, 6))


def _code(dice: Random) -> str:
    names = [dice.choice(WORDS) for _ in range(dice.randint(3, 8))]
    lines = "\n".join(f"    {name} = measure({dice.randrange(100)}, unit='{dice.choice(WORDS)}')" for name in names)
    return f"```python\ndef {dice.choice(WORDS)}(x):\n{lines}\n    return {names[0]} < x & 7\n```"


def _table(dice: Random) -> str:
    rows = [
        f"| {_some(dice, 1, 3)} | {dice.randrange(1000)} | {_some(dice, 1, 3)} |" for _ in range(dice.randint(3, 7))
    ]
    return "\n".join([f"| {' | '.join(dice.sample(WORDS, 3))} |", "|---|---:|---|", *rows])


def _quote(dice: Random) -> str:
    return f"> {_sentence(dice)} {_rich_sentence(dice)}"


_KINDS: tuple[Callable[[Random], str], ...] = (_paragraph, _heading, _list, _code, _table, _quote)
_WEIGHTS = (8, 3, 2, 1, 1, 1)
