"""Posts with awkward names, and the addresses that the generators themselves gave them.

`addresses.json` was written by the generators: Hugo 0.168, Pelican 4.12, Jekyll 4.3.1 and Eleventy 3.1.8. With `hugo`, `pelican`,
`jekyll` and `eleventy` on the PATH it can be written anew (a generator that is not there keeps its part):

python -m tests.generators.awkward && git diff tests/generators/addresses.json
"""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

GOLDEN = Path(__file__).with_name("addresses.json")


class Post(NamedTuple):
    title: str
    slug: str = ""
    category: str = ""


POSTS: Mapping[str, Post] = {
    "plain.md": Post("Plain words"),
    "Upper-Case.md": Post("Upper Case"),
    "UPPER.V2.md": Post("HTTP/2 & TLS1.3"),
    "under_score.md": Post("Under Score_d title"),
    "dots.v1.2.md": Post("Dots v1.2: a tale"),
    "trail..md": Post("Trailing dots..."),
    "2026-03-04-dated.md": Post("It's dated"),
    "2026-03-05-dated_under.md": Post("Dated, under!"),
    "2026-03-06-slug-dated.md": Post("Dated with slug", slug="other"),
    "2026-05-06-a.b_C.md": Post("x.y z"),
    "with space.md": Post("With  two  spaces"),
    "double--hyphen__x.md": Post("Double -- hyphen -"),
    "-edge-.md": Post("- edge -"),
    "café-crème.md": Post("Café & Crème"),
    "straße.md": Post("Straße nach Øster Łódź"),
    "привет.md": Post("Привет, мир"),
    "日本語.md": Post("日本語の題"),
    "emoji-😀.md": Post("Emoji 😀 here"),
    "c++ and c#.md": Post("C++ and C# (and F#)"),
    "tilde~plus+.md": Post("a/b \\ c | d"),
    "it's.md": Post("“Quoted” — it’s ‘so’"),
    "100%.md": Post("100% sure? yes & no"),
    "amp&semi;.md": Post("Tom &amp; Jerry"),
    "comma,colon.md": Post("50,000: how?"),
    "star*.md": Post("A *starred* `code` title"),
    "slugged.md": Post("Has a slug", slug="my-own-slug"),
    "slug-odd.md": Post("Has an odd slug", slug="My Own_Slug.v2"),
    "catty.md": Post("Catty", category="Big Cats & Dogs"),
    "2025/deep.md": Post("Deep one"),
    "2025/06/Deeper Still.md": Post("Deeper one"),
    "Some Folder/In_side.md": Post("Inside it"),
    "same/same.md": Post("Same same"),
    "bundle/index.md": Post("A bundle"),
    "2026-04-01-bundle-dated/index.md": Post("A dated bundle"),
    "2025/trip/index.md": Post("A trip"),
}

_HUGO = "disableKinds = ['taxonomy', 'term', 'RSS', 'sitemap', 'robotsTXT', '404', 'home', 'section']\n"
_PELICAN = """\
PATH = 'content'
TIMEZONE = 'UTC'
DEFAULT_LANG = 'en'
AUTHOR = 'Ines'
FEED_ALL_ATOM = 'all.xml'
FEED_MAX_ITEMS = 99
"""
_BY_FILE = "[frontmatter]\ndate = [':filename', ':default']\n"
CASES: Mapping[str, Mapping[str, str]] = {
    "hugo": {
        "as it comes": "",
        "by title": "[permalinks]\nposts = '/t/:title/'\n",
        "by slug": "[permalinks.page]\nposts = '/s/:slug/'\n",
        "by slug or name": "[permalinks]\nposts = '/:sections/:slugorcontentbasename/'\n",
        "by month and name": "[permalinks]\nposts = '/:year/:monthname/:contentbasename/'\n",
        "by day and file": "[permalinks]\nposts = '/f/:weekday-:weekdayname/:yearday/:filename'\n",
        "by words of the date": "[permalinks]\nposts = '/:06/:1/:Jan/:2/:Monday/:contentbasename/'\n",
        "ugly": "uglyURLs = true\n",
        "without accents": "removePathAccents = true\n",
        "with case": "disablePathToLower = true\n",
        "dated by file": _BY_FILE,
        "dated by file, by slug": f"{_BY_FILE}[permalinks]\nposts = '/p/:slug/'\n",
        "dated by file, by name": f"{_BY_FILE}[permalinks]\nposts = '/p/:slugorcontentbasename/'\n",
        "below the language": "defaultContentLanguageInSubdir = true\n",
    },
    "pelican": {
        "as it comes": "",
        "by file": "SLUGIFY_SOURCE = 'basename'\n",
        "with all letters": "SLUGIFY_USE_UNICODE = True\n",
        "with case and category": (
            "SLUGIFY_PRESERVE_CASE = True\nARTICLE_URL = '{date:%Y}/{date:%b}/{category}/{slug}/'\n"
            "ARTICLE_SAVE_AS = '{date:%Y}/{date:%b}/{category}/{slug}/index.html'\n"
        ),
        "slug behind the date": "FILENAME_METADATA = r'(?P<date>\\d{4}-\\d{2}-\\d{2})[-_](?P<slug>.*)'\n",
        "by day": "ARTICLE_URL = 'b/{date:%Y-%m-%d}/{date:%-d}/{slug}.html'\nARTICLE_SAVE_AS = ARTICLE_URL\n",
    },
    "jekyll": {
        "as it comes": "",
        "pretty": "permalink: pretty\n",
        "ordinal": "permalink: ordinal\n",
        "weekdate": "permalink: weekdate\n",
        "by slug": "permalink: /:categories/:slug/\n",
        "by slugs of all": "permalink: /:slugified_categories/:slug/\n",
        "by name": "permalink: /n/:name:output_ext\n",
        "by words of the date": "permalink: /b/:short_year/:i_month/:short_month/:long_day/:i_day/:title:output_ext\n",
    },
    "eleventy": {"as it comes": ""},
}


def write(generator: str, case: str, folder: Path) -> None:
    """A site with all posts that the generator would publish."""
    settings = CASES[generator][case]
    if generator == "hugo":
        _file(folder / "hugo.toml", f"baseURL = 'https://a.example/'\ntitle = 'A'\n{_HUGO}{settings}")
        for name in ("single", "list", "home"):
            _file(folder / "layouts" / f"{name}.html", "{{ .Title }}")
    elif generator == "pelican":
        _file(folder / "pelicanconf.py", f"SITENAME = 'A'\nSITEURL = 'https://a.example'\n{_PELICAN}{settings}")
    elif generator == "jekyll":
        _file(folder / "_config.yml", f"title: A\nurl: https://a.example\ntimezone: UTC\nexclude: [var]\n{settings}")
    else:
        _file(folder / "eleventy.config.js", "module.exports = () => ({ dir: { input: 'content' } });\n")
    for number, (name, post) in enumerate(POSTS.items()):
        if is_published(generator, case, name):
            home = {"pelican": "content", "hugo": "content/posts", "jekyll": "_posts", "eleventy": "content/blog"}
            path = folder / home[generator] / name
            if generator == "jekyll" and not name.startswith("2026"):
                path = path.with_name(f"2026-02-{1 + number % 28:02}-{path.name}")
            _file(path, head(generator, post, f"2026-0{1 + number % 9}-{10 + number % 10} 10:00") + "Some words.\n")


def is_published(generator: str, case: str, name: str) -> bool:
    """Jekyll and Pelican have no bundles; what Pelican makes of other scripts than ours is not known here."""
    is_bundle = name.endswith("/index.md")
    if generator == "jekyll":
        return not is_bundle
    if generator == "pelican":
        return not (is_bundle and case == "by file") and (name != "日本語.md" or case == "with all letters")
    return True


def head(generator: str, post: Post, date: str) -> str:
    values = {"title": post.title, "slug": post.slug, "category": post.category}
    rows = {key: value for key, value in values.items() if value}
    if generator == "pelican":
        return f"Date: {date}\n" + "".join(f"{key.title()}: {value}\n" for key, value in rows.items()) + "\n"
    day = "" if generator == "jekyll" else f"date: {date.replace(' ', 'T')}:00Z\n"
    return (
        f"---\n{day}"
        + "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows.items())
        + "---\n"
    )


def _file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


COMMANDS = {
    "hugo": ["hugo", "-F", "-d", "out"],
    "pelican": ["pelican", "content", "-s", "pelicanconf.py", "-o", "out"],
    "jekyll": ["jekyll", "build", "-d", "out"],
    "eleventy": ["eleventy", "--output=out"],
}


def asked(generator: str, case: str, folder: Path) -> list[str]:
    """What the generator itself makes of them."""
    write(generator, case, folder)
    subprocess.run(COMMANDS[generator], cwd=folder, check=True, capture_output=True)
    out = folder / "out"
    if generator == "pelican":
        links = re.findall(r'<entry>.*?<link href="([^"]*)"', (out / "all.xml").read_text(), re.DOTALL)
        return sorted(unquote(urlsplit(unescape(link)).path) for link in links)
    pages = (path.relative_to(out).as_posix() for path in out.rglob("*.html"))
    return sorted("/" + re.sub(r"(^|/)index\.html$", r"\1", page) for page in pages)


if __name__ == "__main__":
    found = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    for generator, cases in CASES.items():
        if shutil.which(generator):
            found[generator] = {}
            for case in cases:
                with TemporaryDirectory() as folder:
                    found[generator][case] = asked(generator, case, Path(folder))
    GOLDEN.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
