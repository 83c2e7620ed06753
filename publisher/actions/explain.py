"""Why a reader had a post, or did not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from publisher.actions.publication import Publication
from publisher.actions.survey import Survey, folder_name, take_stock
from publisher.core.limits import Limit
from publisher.core.manuscript import Manuscript
from publisher.core.which import Named, meant
from publisher.core.why import Facts, History, Presence, Why, explain
from publisher.disk.kept import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The verdict, and what it was made from."""

    why: Why
    post: Named
    facts: Facts

    @property
    def history(self) -> History:
        return self.facts.history


def explain_to(publication: Publication, address: str, name: str, now: datetime) -> Explanation:
    """`name` is the post's key, file, address, slug or title; raises PublisherError where it fits none, or several.

    Writes nothing; the posts are looked at as they are now.
    """
    address = address.strip()
    survey = take_stock(publication, Kept(), now)
    with publication.storage.read() as tx:
        post = meant(name, _named(survey, tx.releases.states(), folder_name(publication)), publication.site)
        history = tx.histories.of(address, post.key)
        limits, baseline_at = tx.limits.all(), tx.marks.get("baseline_at")
    source = post.file.partition(f"{folder_name(publication)}/")[2]
    looked = survey.sources.get(source)
    placed = next((each for each in survey.library.placed if each.source == source), None)
    facts = Facts(
        address=address,
        history=history,
        presence="public" if placed else _presence(looked.manuscript if looked else None, now),
        public_at=looked.manuscript.entry.published_at if looked and looked.manuscript.entry else None,
        is_mailable=placed is not None and placed.entry.mail,
        baseline_at=datetime.fromisoformat(baseline_at) if baseline_at else None,
        hold=publication.rules.hold,
        limits={limit.name: limit for limit in limits},
        has_rate=address.rpartition("@")[2].lower() in publication.rules.domain_limits,
        has_mail=publication.sender is not None,
        trouble=_trouble(publication, {limit.name: limit for limit in limits}, now),
        now=now,
        zone=publication.site.timezone,
    )
    return Explanation(why=explain(facts), post=post, facts=facts)


def _named(survey: Survey, states: Iterable[str], folder: str) -> Iterator[Named]:
    """Every post that somebody could ask about: in the folder, in the register, or only in the ledger."""
    placed = {post.source: post.key for post in survey.library.placed}
    identities = {identity.path: identity for identity in survey.register if not identity.is_gone}
    for source, looked in survey.sources.items():
        entry, identity = looked.manuscript.entry, identities.get(source)
        yield Named(
            key=placed.get(source) or (identity.key if identity else None),
            file=f"{folder}/{source}",
            paths=(*((entry.path, *entry.aliases) if entry else ()), *(identity.web_paths if identity else ())),
            slug=entry.name if entry else "",
            title=entry.headline if entry else "",
        )
    gone = [identity for identity in survey.register if identity.is_gone]
    for identity in gone:
        file = "" if identity.path in survey.sources else f"{folder}/{identity.path}"
        yield Named(
            key=identity.key, file=file, paths=identity.web_paths, slug=identity.key.partition(":")[2], title=""
        )
    keys = {*placed.values(), *(identity.key for identity in survey.register)}
    for key in states:
        if key not in keys:
            yield Named(key=key, file="", paths=(), slug=key.partition(":")[2], title="")


def _presence(manuscript: Manuscript | None, now: datetime) -> Presence:
    """Of a file that is no public post."""
    if manuscript is None:
        return "gone"
    if manuscript.entry is None:
        return "broken" if manuscript.problems else "draft"
    if manuscript.entry.expires_at and manuscript.entry.expires_at <= now:
        return "expired"
    return "future" if manuscript.entry.published_at > now else "broken"


def _trouble(publication: Publication, limits: Mapping[str, Limit], now: datetime) -> str:
    """What the first mail server said, where all of them are shut."""
    found = [limits.get(f"relay:{relay.name}") for relay in publication.relays]
    shut = [limit for limit in found if limit and limit.shut_until and limit.shut_until > now]
    return shut[0].reason if shut and len(shut) == len(found) else ""
