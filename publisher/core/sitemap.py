"""The files for search engines (sitemaps.org, RFC 9309)."""

from collections.abc import Sequence
from html import escape

from publisher.core.model import Site
from publisher.core.prose import Placed

_MOST = 50_000
"""So many addresses a sitemap may hold."""
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap_names(posts: int) -> list[str]:
    """The files of a site with so many posts: one for most, else a list and its parts."""
    parts = -(-(posts + 1) // _MOST)
    return ["sitemap.xml", *([f"sitemap-{n}.xml" for n in range(1, parts + 1)] if parts > 1 else [])]


def sitemap(site: Site, placed: Sequence[Placed], number: int) -> bytes:
    """The file of this number among the names."""
    _, *parts = sitemap_names(len(placed))
    if parts and number == 0:
        rows = [f"<sitemap><loc>{escape(site.absolute(f'/{name}'))}</loc></sitemap>" for name in parts]
        return _document("sitemapindex", rows)
    first = (number - 1) * _MOST - 1 if parts else -1  # the front page comes before the first post
    front = [f"<url><loc>{escape(site.absolute('/'))}</loc></url>"] if first < 0 else []
    rows = [_row(site, post) for post in placed[max(first, 0) : first + _MOST]]
    return _document("urlset", front + rows)


def _row(site: Site, post: Placed) -> str:
    url, day = escape(site.absolute(post.entry.path)), post.entry.updated_at
    return f"<url><loc>{url}</loc><lastmod>{day:%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"


def _document(root: str, rows: Sequence[str]) -> bytes:
    lines = "\n".join(rows)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{lines}\n</{root}>\n'.encode()


def robots(site: Site) -> bytes:
    return f"User-agent: *\nAllow: /\nSitemap: {site.absolute('/sitemap.xml')}\n".encode()
