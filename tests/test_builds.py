"""A build after any number of changes, and of builds that were killed, is the same as one from nothing.

`BUILDS=2000 pytest tests/test_builds.py` runs so many random histories instead of the few of the suite.
"""

import os
import shutil
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from publisher.actions.survey import MANY
from publisher.core.errors import TemplateBroken
from tests.builds import SETTINGS as FIRST
from tests.builds import START, Yard, contents, left_half_written

EXAMPLES = int(os.environ.get("BUILDS", "8"))
IS_LONG = "BUILDS" in os.environ

NAMES = [
    "a.md", "b.md", "c.html", "notes/a.md", "pot/index.md", "2026-11-03-d.md", "_posts/2026-11-04-e.md", "2025-05-05-f.md",
]  # fmt: skip
PICTURES = ["pot.png", "pot/pot.png", "notes/bell.mp3", "images/a b.png", "robots.txt"]
IN_THE_WAY = ["index.html", "2026/11/a/index.html", "2026", "tags/sea", "rss.xml", "rss.xml/x.png", "404.html"]
HEADS = {
    "title": ["One", "One", "Two & <three>", '"4"'],
    "date": ["2026-11-01", "2026-11-02 10:00", "2026-11-24", "2025-01-01", "soon"],
    "updated": ["2026-11-20"],
    "expiryDate": ["2026-11-25"],
    "draft": ["true"],
    "mail": ["false"],
    "tags": ["[sea]", "[Sea, ice]", "[sea ice, Sea-Ice]"],
    "author": ["Bob", "Bob, Eve"],
    "slug": ["same"],
    "permalink": ["/fixed/", "/fixed/page.html", "/old/a/"],
    "aliases": ["[/old/a/]", "[/old/b/, /fixed/]"],
    "id": ["urn:x:1", "12"],
    "image": ["pot.png", "/images/a%20b.png"],
    "audio": ["notes/bell.mp3"],
    "summary": ["In short"],
    "lang": ["he"],
    "bad": ["one: two"],
}
BODIES = [
    "Words.",
    "Other words.",
    "# A heading\n\nText",
    "![A pot](pot.png)",
    "![](/images/a%20b.png) and [a sound](/notes/bell.mp3)",
    "[to a](a.md) [to it](notes/a.md) [there](../notes/a.md)",
    "[d](2026-11-03-d.md) [pot](pot/index.md#part)",
    "{% post_url 2026-11-04-e %} and {% post_url 2026-11-03-d %}",
    '{{< ref "a.md" >}} and {{< relref "pot" >}}',
    "[zola](@/b.md) <script>x()</script>",
    "Gr\udcfc\udcdfe",
]
SETTINGS = {
    "FEED_LIMIT": ["2", "20"],
    "FEED_CONTENT": ["summary"],
    "ARCHIVES": ["off"],
    "SITE_TITLE": ["Ebb", "Tides"],
    "PERMALINK": ["/{slug}/", "/{section}/{slug}.html"],
    "PAGES": ["off"],
    "AUTHOR_NAME": [""],
    "FEED_ALIASES": ["/old/feed/=atom.xml"],
    "SITE_URL": ["https://example.com", "http://127.0.0.1:8000"],
    "WEBSUB_HUB": ["https://hub.example.org/"],
}
TEMPLATES = {
    "post.html": ["{{ page.title }} {{ page.newer.text if page.newer }} {{ page.html }}", "{{ page.nothing }}"],
    "list.html": ["{% for post in page.posts %}{{ post.headline }}, {{ post.summary }}{% endfor %}"],
    "style.css": ["p { color: red }"],
    "own.html": ["unused"],
}

posts = st.builds(
    lambda head, body: ("---\n" + "".join(f"{key}: {value}\n" for key, value in head.items()) + "---\n" + body).encode(
        "utf-8", "surrogateescape"
    ),
    st.fixed_dictionaries(
        {"date": st.sampled_from(HEADS["date"][:2] * 3 + HEADS["date"])},
        optional={key: st.sampled_from(values) for key, values in HEADS.items() if key != "date"},
    ),
    st.lists(st.sampled_from(BODIES), min_size=1, max_size=3, unique=True).map("\n\n".join),
)
picks = st.integers(0, 40)


class Histories(RuleBasedStateMachine):
    """What happens to a site. Every history ends with the comparison, and some have it on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Path(tempfile.mkdtemp(prefix="builds-"))
        self.yard = Yard(self.room / "site")
        self.is_template_broken = False

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            shutil.rmtree(self.room)

    def end(self) -> None:
        if self.is_template_broken:
            shutil.rmtree(self.yard.templates)
            self.is_template_broken = False
        self.yard.build()
        self.compare(workers=1)

    def pick(self, number: int) -> str | None:
        files = self.yard.files()
        return files[number % len(files)] if files else None

    # -- the writer

    @initialize(found=st.lists(st.tuples(st.sampled_from(NAMES), posts), max_size=6))
    def begin(self, found: list[tuple[str, bytes]]) -> None:
        for name, data in found:
            self.yard.write(name, data)

    @initialize(count=st.sampled_from([0, 0, 3, 24]))
    def begin_with_many(self, count: int) -> None:
        """So many that lists and archives end, and the next one begins."""
        for number in range(count):
            text = f"---\ndate: 2026-09-{number + 1:02}\ntags: [sea]\n---\nPost {number}.\n"
            self.yard.write(f"many/{number}.md", text.encode())

    @rule(name=st.sampled_from(NAMES), data=posts)
    def write(self, name: str, data: bytes) -> None:
        self.yard.write(name, data)

    @rule(number=picks, data=posts)
    def edit(self, number: int, data: bytes) -> None:
        if (name := self.pick(number)) and name not in PICTURES + IN_THE_WAY:
            self.yard.write(name, data)

    @rule(number=picks, name=st.sampled_from(NAMES))
    def rename(self, number: int, name: str) -> None:
        if old := self.pick(number):
            self.yard.rename(old, name)

    @rule(number=picks)
    def delete(self, number: int) -> None:
        if name := self.pick(number):
            (self.yard.posts / name).unlink()

    @rule(name=st.sampled_from(PICTURES * 2 + IN_THE_WAY), data=st.sampled_from([b"one", b"two", b"three"]))
    def put_beside(self, name: str, data: bytes) -> None:
        self.yard.write(name, data)

    # -- the owner

    @rule(found=st.sampled_from([(name, value) for name, values in SETTINGS.items() for value in [None, *values]]))
    def change_a_setting(self, found: tuple[str, str | None]) -> None:
        name, value = found
        self.yard.settings[name] = value if value is not None else FIRST.get(name, "")
        if not self.yard.settings[name] and name not in FIRST:
            del self.yard.settings[name]

    @rule(name=st.sampled_from(sorted(TEMPLATES)), number=st.integers(0, 1))
    def change_template(self, name: str, number: int) -> None:
        texts = TEMPLATES[name]
        self.yard.templates.mkdir(exist_ok=True)
        (self.yard.templates / name).write_text(texts[number % len(texts)])
        self.is_template_broken = (
            "nothing" in (self.yard.templates / "post.html").read_text()
            if (self.yard.templates / "post.html").exists()
            else False
        )

    @rule()
    def forget_templates(self) -> None:
        if self.yard.templates.exists():
            shutil.rmtree(self.yard.templates)
            self.is_template_broken = False

    @rule(hours=st.sampled_from([1, 40, 80, -60]))
    def time_goes_on(self, hours: int) -> None:
        self.yard.now = max(START, self.yard.now + timedelta(hours=hours))

    @precondition(lambda self: IS_LONG)
    @rule()
    def files_become_old(self) -> None:
        """So that their times are believed."""
        time.sleep(2.1)

    # -- whatever else happens to files

    @rule(number=picks, data=st.sampled_from([None, b"", b"strange"]))
    def meddle(self, number: int, data: bytes | None) -> None:
        """Somebody takes away a file of the output, or writes into it."""
        files = sorted(contents(self.yard.public)) if self.yard.public.exists() else []
        if files and data is None:
            (self.yard.public / files[number % len(files)]).unlink()
        elif files and data is not None:
            (self.yard.public / files[number % len(files)]).write_bytes(data)

    @rule(number=st.integers(0, 3), data=st.sampled_from([None, b"", b"publisher build 1\n\x80\x04K\x01."]))
    def lose_what_was_kept(self, number: int, data: bytes | None) -> None:
        files = sorted(path for path in (self.yard.folder / "var" / "build").rglob("*") if path.is_file())
        if files:
            path = files[number % len(files)]
            path.unlink() if data is None else path.write_bytes(data)

    # -- builds

    @rule(workers=st.sampled_from([1, 2]))
    def build(self, workers: int) -> None:
        if not self.is_template_broken:
            self.yard.build(workers=workers)
            self.assert_swept()
        else:
            with suppress(TemplateBroken):
                self.yard.build(workers=workers)

    @precondition(lambda self: not self.is_template_broken)
    @rule(before_change=st.integers(1, 150))
    def build_and_be_killed(self, before_change: int) -> None:
        self.yard.build_killed(before_change=before_change)

    @precondition(lambda self: not self.is_template_broken)
    @rule(workers=st.sampled_from([1, 2]))
    def compare(self, workers: int) -> None:
        self.yard.build(workers=workers)
        self.assert_swept()
        self.yard.assert_settled(workers=workers)
        self.yard.assert_as_built_anew(workers=workers)

    def assert_swept(self) -> None:
        """What a killed build left half written is gone."""
        assert left_half_written(self.yard.public) + left_half_written(self.yard.posts) == []


def test_after_any_history_the_output_is_that_of_a_build_from_nothing() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize=not IS_LONG,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def text(number: int, words: str = "Words") -> bytes:
    day = f"20{number // 300 + 10}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
    link = f"[before](p{number - 1}.md)" if number else ""
    return f"---\ndate: {day}\ntags: [t{number % 7}]\n---\n{words} {number} {link}\n".encode()


def test_so_many_posts_that_processes_share_the_work_are_the_same_whoever_did_it(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    for number in range(MANY + 20):
        yard.write(f"p{number}.md", text(number))
    assert yard.build(workers=2).posts == MANY + 20
    yard.assert_settled(workers=2)
    yard.assert_as_built_anew(workers=1)
    yard.settings["SITE_TITLE"] = "Ebb"
    for number in range(0, MANY, 3):
        yard.write(f"p{number}.md", text(number, "Other words"))
    killed = [yard.build_killed_after(seconds, workers=2) for seconds in (0.1, 0.25, 0.4)]
    assert killed[0], "it was over too soon"
    yard.build(workers=2)
    assert left_half_written(yard.public) == []
    yard.assert_settled(workers=1)
    yard.assert_as_built_anew(workers=2)
