"""RFC 5005, 4: the older posts, in batches that stay as they are; and where each format links to them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from publisher.core.feeds import FORMATS, archive_feeds, archive_length, feed_item, site_feed
from publisher.core.model import Post, Site
from tests.core.feeds import examples
from tests.core.feeds.examples import MANY, Example, archive_example, atom, json_feed, rss, site_example
from tests.core.feeds.test_traps import NS, found

SITE, FULL = (replace(site, feed_limit=40) for site in (examples.SITE, examples.FULL))
LENGTH = 40
LINKS = ("self", "prev-archive", "next-archive", "current")


def documents(site: Site, posts: Sequence[Post]) -> list[tuple[bytes, ...]]:
    """Of each archive, in each format."""
    return [
        tuple(form.document(feed, [form.item(feed_item(site, post, "")) for post in shown]) for form in FORMATS)
        for feed, shown in archive_feeds(site, posts)
    ]


def rss_links(document: bytes) -> dict[str, str]:
    links = etree.fromstring(document).xpath("channel/a:link", namespaces=NS)
    return {link.get("rel"): link.get("href") for link in links}


def atom_links(document: bytes) -> dict[str, str]:
    links = etree.fromstring(document).xpath("a:link", namespaces=NS)
    return {link.get("rel"): link.get("href") for link in links if link.get("rel") != "alternate"}


@pytest.mark.parametrize(
    ("count", "lengths"), [(0, []), (40, []), (41, [40]), (79, [40]), (80, [40, 40]), (120, [40, 40, 40])]
)
def test_batches_are_counted_from_the_oldest_post(count: int, lengths: list[int]) -> None:
    posts = MANY[len(MANY) - count :]
    batches = [shown for _, shown in archive_feeds(SITE, posts)]
    assert [len(batch) for batch in batches] == lengths
    assert not lengths or [post for batch in reversed(batches) for post in batch] == list(posts)[count - sum(lengths) :]


def test_what_is_in_no_archive_yet_is_in_the_subscription() -> None:
    for limit, length in ((1, 1), (20, 20), (50, 50), (60, 50)):
        site = replace(SITE, feed_limit=limit)
        assert archive_length(site) == length
        for count in range(121):
            archived = sum(len(shown) for _, shown in archive_feeds(site, MANY[:count]))
            assert count - archived <= limit


def test_there_are_none_where_all_is_shown_or_nobody_wants_them() -> None:
    assert not archive_feeds(replace(SITE, feed_limit=120), MANY)
    assert not archive_feeds(replace(SITE, archives=False), MANY)
    for site in (replace(SITE, feed_limit=120), replace(SITE, archives=False)):
        assert site_feed(site, MANY).prev_archive_url is None


def test_every_post_is_found_by_following_the_links_back() -> None:
    for index, form in enumerate(FORMATS):
        by_url = {feed.folder_url: (feed, posts) for feed, posts in archive_feeds(SITE, MANY)}
        seen: list[Post] = []
        place = site_feed(SITE, MANY).prev_archive_url
        while place:
            feed, posts = by_url.pop(place)
            assert documents(SITE, MANY)[int(place.split("/")[-2]) - 1][index].count(b"2026:") == len(posts), form.name
            seen += posts
            place = feed.prev_archive_url
        assert tuple(seen) == MANY
        assert not by_url


@pytest.mark.parametrize(("write", "links", "file"), [(rss, rss_links, "rss.xml"), (atom, atom_links, "atom.xml")])
def test_the_links_lead_from_the_subscription_to_the_oldest_and_back(write, links, file) -> None:  # type: ignore[no-untyped-def]
    home = "https://example.org/blog/"
    places = [home, f"{home}archive/1/", f"{home}archive/2/", f"{home}archive/3/"]
    subscription, first, second, last = (place + file for place in places)
    assert links(write(site_example(SITE, *MANY))) == {"self": subscription, "prev-archive": last}
    assert [links(write(archive_example(SITE, number, *MANY))) for number in (1, 2, 3)] == [
        {"self": first, "next-archive": second, "current": subscription},
        {"self": second, "prev-archive": first, "next-archive": last, "current": subscription},
        {"self": last, "prev-archive": second, "current": subscription},
    ]


def test_json_goes_on_from_the_newest_archive_to_the_oldest() -> None:
    assert (
        json.loads(json_feed(site_example(SITE, *MANY)))["next_url"] == "https://example.org/blog/archive/3/feed.json"
    )
    found = [json.loads(json_feed(archive_example(SITE, number, *MANY))) for number in (1, 2, 3)]
    assert [archive.get("next_url") for archive in found] == [None, found[0]["feed_url"], found[1]["feed_url"]]


def test_archives_are_marked_and_the_subscription_is_not() -> None:
    archive, subscription = archive_example(FULL, 1, *MANY), site_example(FULL, *MANY)
    for write, path in ((rss, "channel/fh:archive"), (atom, "fh:archive")):
        assert len(found(write(archive), path)) == 1
        assert found(write(subscription), path) == []


def test_an_archive_belongs_to_the_same_feed() -> None:
    subscription, archive = site_feed(FULL, MANY), archive_example(FULL, 1, *MANY).feed
    for name in ("id", "title", "site_url", "language", "author", "rights"):
        assert getattr(archive, name) == getattr(subscription, name)
    assert (archive.path, archive.folder_url) == ("/archive/1/", "https://example.org/blog/archive/1/")


def test_an_archive_is_as_new_as_what_it_holds() -> None:
    edited = datetime(2027, 1, 1, tzinfo=UTC)
    posts = tuple(replace(post, updated_at=edited) if post.key == "m3" else post for post in MANY)
    feeds = [feed for feed, _ in archive_feeds(SITE, posts)]
    assert feeds[0].updated_at == edited
    assert feeds[0].published_at == MANY[-LENGTH].published_at
    assert feeds[1].updated_at == MANY[-2 * LENGTH].updated_at


def test_an_archive_never_changes_once_there_is_a_next_one() -> None:
    before = documents(FULL, MANY[40:])
    after = documents(FULL, MANY)
    assert (len(before), len(after)) == (2, 3)
    assert before[0] == after[0]


def test_the_newest_archive_gains_the_link_to_the_next_one_and_nothing_else() -> None:
    before, after = documents(FULL, MANY[40:])[1], documents(FULL, MANY)[1]
    for old, new in zip(before[:2], after[:2], strict=True):
        gained = [line for line in new.splitlines() if line not in old.splitlines()]
        assert len(gained) == 1
        assert b"next-archive" in gained[0]
        assert new.replace(gained[0] + b"\n", b"") == old
    assert before[2] == after[2]


def test_the_hub_is_named_by_the_subscription_alone() -> None:
    assert FULL.websub_hub
    assert found(rss(site_example(FULL, *MANY)), "channel/a:link[@rel='hub']/@href") == [FULL.websub_hub]
    assert found(atom(site_example(FULL, *MANY)), "a:link[@rel='hub']/@href") == [FULL.websub_hub]
    assert json.loads(json_feed(site_example(FULL, *MANY)))["hubs"] == [{"type": "WebSub", "url": FULL.websub_hub}]
    archive: Example = archive_example(FULL, 1, *MANY)
    assert b"hub" not in rss(archive) + atom(archive) + json_feed(archive)
