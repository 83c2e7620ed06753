"""From a site and its posts to the values that the formats write."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publisher.core.feeds import NEVER, author_feed, feed_item, site_feed, tag_feed
from publisher.core.model import Post
from publisher.core.pages import tag_path
from tests.core.feeds.examples import BROKEN, CONTENTS, FULL, HEBREW, NOTE, RECORDING, SITE


def test_the_site_feed_says_where_it_lives() -> None:
    feed = site_feed(SITE, (RECORDING,))
    assert feed.title == "Tea & Sympathy"
    assert feed.path == "/"
    assert feed.site_url == feed.folder_url == "https://example.org/blog/"
    assert feed.tag_scheme == "https://example.org/blog/tags/"
    assert feed.tags == ()


def test_a_tag_feed_has_its_own_name_address_and_category() -> None:
    feed = tag_feed(SITE, "C & C++", (RECORDING,))
    assert feed.title == "Tea & Sympathy: C & C++"
    assert feed.path == tag_path("C & C++")
    assert feed.site_url == feed.folder_url == SITE.absolute(feed.path)
    assert feed.tags == ("C & C++",)


def test_an_author_feed_is_by_that_author() -> None:
    feed = author_feed(SITE, "Bob & Eve", (RECORDING,))
    assert feed.title == "Tea & Sympathy: Bob & Eve"
    assert feed.path == "/authors/bob-eve/"
    assert feed.site_url == feed.folder_url == "https://example.org/blog/authors/bob-eve/"
    assert (feed.author, feed.author_email) == ("Bob & Eve", None)
    assert author_feed(SITE, "The Brewer", ()).author_email == "ada@example.org"


def test_every_feed_says_what_the_site_says_of_itself() -> None:
    for feed in (site_feed(FULL, ()), tag_feed(FULL, "tea", ()), author_feed(FULL, "Eve", ())):
        assert (feed.rights, feed.icon_url, feed.hub_url) == (FULL.rights, FULL.icon_url, FULL.websub_hub)
        assert (feed.description, feed.language) == (FULL.description, FULL.language)


def test_ids_stay_when_titles_and_schemes_change() -> None:
    moved = replace(SITE, title="Coffee", description="Other", url="http://example.org/blog", language="de")
    assert site_feed(SITE, ()).id == site_feed(moved, ()).id == "https://example.org/blog/"
    assert tag_feed(SITE, "תה", ()).id == tag_feed(moved, "תה", ()).id
    assert author_feed(SITE, "תה", ()).id == author_feed(moved, "תה", ()).id


def test_every_feed_of_a_site_has_an_id_of_its_own() -> None:
    names = ("a", "b", "++", "--")
    feeds = [
        site_feed(SITE, ()),
        *(tag_feed(SITE, name, ()) for name in names),
        *(author_feed(SITE, name, ()) for name in names),
    ]
    assert len({feed.id for feed in feeds}) == len(feeds)


def test_the_dates_are_the_newest_of_the_posts_shown() -> None:
    old_but_edited = replace(NOTE, updated_at=datetime(2027, 1, 1, tzinfo=UTC))
    feed = site_feed(SITE, (RECORDING, old_but_edited))
    assert (feed.updated_at, feed.published_at) == (old_but_edited.updated_at, RECORDING.published_at)
    for cut in (
        site_feed(replace(SITE, feed_limit=1), (RECORDING, old_but_edited)),
        tag_feed(replace(SITE, feed_limit=1), "tea", (RECORDING, old_but_edited)),
        author_feed(replace(SITE, feed_limit=1), "Eve", (RECORDING, old_but_edited)),
    ):
        assert cut.updated_at == RECORDING.updated_at


def test_an_empty_feed_has_a_fixed_date() -> None:
    feed = site_feed(SITE, ())
    assert feed.updated_at == feed.published_at == NEVER
    assert feed.updated_at.utcoffset() == timedelta(0)


def test_content_is_the_whole_text_or_the_summary_as_a_paragraph() -> None:
    assert content_of(RECORDING) == CONTENTS[RECORDING.key]
    assert content_of(RECORDING, summary_only=True) == "<p>Listen: 3 &lt; 4 &amp; more</p>"
    assert content_of(NOTE, summary_only=True) == ""


def test_a_post_without_authors_is_by_the_sites_author() -> None:
    assert feed_item(SITE, NOTE, "").authors == ("The Brewer",)
    assert feed_item(SITE, RECORDING, "").authors == ("The Brewer", "Bob & Eve")


def test_without_an_author_the_feed_is_by_the_site() -> None:
    site = replace(SITE, author_name=None)
    assert site_feed(site, (NOTE,)).author == "Tea & Sympathy"
    assert feed_item(site, NOTE, "").authors == ()


def test_an_item_says_its_language_only_where_it_is_not_the_sites() -> None:
    assert feed_item(SITE, HEBREW, "").language == "he"
    assert feed_item(replace(SITE, language="he"), HEBREW, "").language is None
    assert feed_item(SITE, BROKEN, "").language is None


def test_an_item_knows_whether_its_title_is_a_stand_in() -> None:
    assert (feed_item(SITE, NOTE, "").title, feed_item(SITE, NOTE, "").headline) == (None, NOTE.headline)
    assert feed_item(SITE, HEBREW, "").title == HEBREW.title


def content_of(post: Post, *, summary_only: bool = False) -> str:
    site = replace(SITE, feed_content="summary" if summary_only else "full")
    return feed_item(site, post, CONTENTS[post.key]).content_html
