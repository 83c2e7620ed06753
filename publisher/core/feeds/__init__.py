"""Posts become feeds: the format-neutral value here, its formats beside it in `rss` and `atom`."""

from datetime import UTC, datetime
from html import escape

from publisher.core.model import Feed, FeedItem, Library, Post, Site
from publisher.core.pages import feed_links, tag_path

NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When a feed without items changed last. Not 1970: some readers take a zero for no date."""


def site_feed(site: Site, library: Library) -> Feed:
    return _feed(site, "/", site.title, library.posts)


def tag_feed(site: Site, tag: str, posts: tuple[Post, ...]) -> Feed:
    """The feed of the posts that carry this tag, which must stand newest first."""
    return _feed(site, tag_path(tag), f"{site.title}: {tag}", posts)


def _feed(site: Site, path: str, title: str, posts: tuple[Post, ...]) -> Feed:
    items = tuple(_item(site, post) for post in posts[: site.feed_limit])
    urls = {link.format: link.url for link in feed_links(site, path)}
    return Feed(
        id=_id(site, path),
        title=title,
        description=site.description,
        site_url=site.absolute(path),
        rss_url=urls["RSS"],
        atom_url=urls["Atom"],
        language=site.language,
        author=site.author_name or site.title,
        author_email=site.author_email,
        updated_at=max((item.updated_at for item in items), default=NEVER),
        published_at=max((item.published_at for item in items), default=NEVER),
        items=items,
        tag_scheme=site.absolute("/tags/"),
    )


def _id(site: Site, path: str) -> str:
    """The address of the feed's page with https, whatever the scheme is today.

    RFC 4287, 4.2.6: an id only names, so a title may change and a site may move from http to https under it.
    """
    return "https://" + site.url.partition("://")[2] + path


def _item(site: Site, post: Post) -> FeedItem:
    return FeedItem(
        id=post.id,
        url=post.url,
        headline=post.headline,
        published_at=post.published_at,
        updated_at=post.updated_at,
        summary=post.summary,
        content_html=post.content_html if site.feed_content == "full" else _paragraph(post.summary),
        authors=post.authors or ((site.author_name,) if site.author_name else ()),
        tags=post.tags,
        image=post.image,
        enclosure=post.enclosure,
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>" if text else ""
