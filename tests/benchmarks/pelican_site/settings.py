"""Pelican's settings for the same job as `publisher build`: a page a post, the newest twenty, a page and two feeds a tag,
one list of all. Its cache of parsed posts is on, since that is how it rebuilds fastest.
"""

from typing import Any

SITENAME = "A benchmark"
SITESUBTITLE = "Posts by the thousand."
SITEURL = "https://blog.example.org"
FEED_DOMAIN = SITEURL
AUTHOR = "Nobody"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
LOCALE = ["C"]
DEFAULT_DATE_FORMAT = "%d %B %Y"

THEME = "theme"
PLUGINS: list[str] = []
STATIC_PATHS: list[str] = []
PAGE_PATHS: list[str] = []
ARTICLE_PATHS = [""]
SLUGIFY_SOURCE = "basename"
ARTICLE_URL = "{date:%Y}/{date:%m}/{slug}/"
ARTICLE_SAVE_AS = ARTICLE_URL + "index.html"
TAG_URL = "tags/{slug}/"
TAG_SAVE_AS = TAG_URL + "index.html"
CATEGORY_SAVE_AS = AUTHOR_SAVE_AS = ""
DIRECT_TEMPLATES = ["index", "archives"]
ARCHIVES_SAVE_AS = "archive/index.html"
DEFAULT_PAGINATION = False

FEED_MAX_ITEMS = 20
RSS_FEED_SUMMARY_ONLY = False
FEED_ALL_ATOM, FEED_ALL_RSS = "atom.xml", "rss.xml"
TAG_FEED_ATOM, TAG_FEED_RSS = "tags/{slug}/atom.xml", "tags/{slug}/rss.xml"
CATEGORY_FEED_ATOM = CATEGORY_FEED_RSS = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = TRANSLATION_FEED_ATOM = None

CACHE_CONTENT = LOAD_CONTENT_CACHE = True
CACHE_PATH = "cache"
MARKDOWN = {
    "extension_configs": {
        "markdown.extensions.extra": {},
        "markdown.extensions.meta": {},
        "markdown.extensions.toc": {},  # the others give headings their ids too
    },
    "output_format": "html5",
}

_places: dict[str, int] = {}


def neighbours(article: Any, articles: list[Any]) -> tuple[Any, Any]:
    """The newer and the older post, or None at the ends."""
    if not _places:
        _places.update((found.slug, place) for place, found in enumerate(articles))
    place = _places[article.slug]
    return articles[place - 1] if place else None, articles[place + 1] if place + 1 < len(articles) else None


JINJA_FILTERS = {"neighbours": neighbours}
