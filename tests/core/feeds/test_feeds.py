"""From a site and its posts to the value that the formats write."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publisher.core.feeds import NEVER, site_feed, tag_feed
from publisher.core.model import Post
from publisher.core.pages import tag_path
from tests.core.feeds.examples import BROKEN, HEBREW, NOTE, RECORDING, SITE, library


def test_the_site_feed_says_where_it_lives() -> None:
    feed = site_feed(SITE, library(RECORDING))
    assert feed.title == "Tea & Sympathy"
    assert feed.site_url == "https://example.org/blog/"
    assert feed.rss_url == "https://example.org/blog/rss.xml"
    assert feed.atom_url == "https://example.org/blog/atom.xml"
    assert feed.tag_scheme == "https://example.org/blog/tags/"


def test_a_tag_feed_has_its_own_name_and_addresses() -> None:
    feed = tag_feed(SITE, "C & C++", (RECORDING,))
    assert feed.title == "Tea & Sympathy: C & C++"
    page = SITE.absolute(tag_path("C & C++"))
    assert (feed.site_url, feed.rss_url, feed.atom_url) == (page, page + "rss.xml", page + "atom.xml")


def test_ids_stay_when_titles_and_schemes_change() -> None:
    moved = replace(SITE, title="Coffee", description="Other", url="http://example.org/blog", language="de")
    assert site_feed(SITE, library()).id == site_feed(moved, library()).id == "https://example.org/blog/"
    assert tag_feed(SITE, "תה", ()).id == tag_feed(moved, "תה", ()).id


def test_every_feed_of_a_site_has_an_id_of_its_own() -> None:
    feeds = [site_feed(SITE, library()), *(tag_feed(SITE, tag, ()) for tag in ("a", "b", "++", "--"))]
    assert len({feed.id for feed in feeds}) == len(feeds)


def test_items_keep_their_order_and_stop_at_the_limit() -> None:
    posts = (RECORDING, HEBREW, BROKEN, NOTE)
    feed = site_feed(replace(SITE, feed_limit=3), library(*posts))
    assert [item.id for item in feed.items] == [post.id for post in posts[:3]]
    assert len(tag_feed(replace(SITE, feed_limit=1), "tea", posts).items) == 1


def test_the_dates_are_the_newest_of_the_items_shown() -> None:
    old_but_edited = replace(NOTE, updated_at=datetime(2027, 1, 1, tzinfo=UTC))
    feed = site_feed(SITE, library(RECORDING, old_but_edited))
    assert (feed.updated_at, feed.published_at) == (old_but_edited.updated_at, RECORDING.published_at)
    cut = site_feed(replace(SITE, feed_limit=1), library(RECORDING, old_but_edited))
    assert cut.updated_at == RECORDING.updated_at


def test_an_empty_feed_has_a_fixed_date() -> None:
    feed = site_feed(SITE, library())
    assert feed.updated_at == feed.published_at == NEVER
    assert feed.updated_at.utcoffset() == timedelta(0)


def test_content_is_the_whole_text_or_the_summary_as_a_paragraph() -> None:
    assert content_of(RECORDING) == RECORDING.content_html
    assert content_of(RECORDING, summary_only=True) == "<p>Listen: 3 &lt; 4 &amp; more</p>"
    assert content_of(NOTE, summary_only=True) == ""


def test_a_post_without_authors_is_by_the_sites_author() -> None:
    assert site_feed(SITE, library(NOTE)).items[0].authors == ("The Brewer",)
    assert site_feed(SITE, library(RECORDING)).items[0].authors == ("The Brewer", "Bob & Eve")


def test_without_an_author_the_feed_is_by_the_site() -> None:
    feed = site_feed(replace(SITE, author_name=None), library(NOTE))
    assert feed.author == "Tea & Sympathy"
    assert feed.items[0].authors == ()


def content_of(post: Post, *, summary_only: bool = False) -> str:
    site = replace(SITE, feed_content="summary" if summary_only else "full")
    return site_feed(site, library(post)).items[0].content_html
