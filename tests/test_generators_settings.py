"""What each generator's own settings become, and what can't be said in ours."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.config import read_settings
from publisher.core.generators.permalinks import from_hugo, from_jekyll, from_pelican
from tests.blogs import notes, settings, site, taken

# -- Jekyll


def test_jekylls_settings(tmp_path: Path) -> None:
    config = """\
title: A marsh
email: ines@marsh.example
lang: de_AT
url: https://marsh.example/
baseurl: /notes/
timezone: Europe/Vienna
permalink: /:categories/:year/:i_month/:title/
feed:
  path: atom/all.xml
collections:
  posts:
    permalink: /log/:year/:title:output_ext
author: {name: Ines, email: ines@home.example}
exclude: [Gemfile, var/]
"""
    folder = site(tmp_path, {"_config.yml": config}, "_posts")
    found = settings(folder)
    assert found.pop("feed_aliases")[-1] == ("/atom/all.xml", "/atom.xml")
    assert found == {
        "site_url": "https://marsh.example/notes",
        "site_title": "A marsh",
        "site_language": "de-AT",
        "timezone": ZoneInfo("Europe/Vienna"),
        "author_name": "Ines",
        "author_email": "ines@home.example",
        "posts_dir": "_posts",
        "output_dir": "_public",
        "permalink": "/log/{year}/{slug:jekyll}.html",
    }
    assert notes(folder) == []
    assert taken(folder).settings["site_title"].place == "_config.yml:1"


@pytest.mark.parametrize(
    ("pattern", "ours"),
    [
        ("date", "/{categories:jekyll}/{year}/{month}/{day}/{slug:jekyll}.html"),
        ("pretty", "/{categories:jekyll}/{year}/{month}/{day}/{slug:jekyll}/"),
        ("ordinal", "/{categories:jekyll}/{year}/{date:%j}/{slug:jekyll}.html"),
        ("weekdate", "/{categories:jekyll}/{year}/W{date:%V}/{date:%a}/{slug:jekyll}.html"),
        ("none", "/{categories:jekyll}/{slug:jekyll}.html"),
        ("/blog/:year/:i_month/:title", "/blog/{year}/{date:%-m}/{slug:jekyll}.html"),
        (":year-:month-:day-:slug/", "/{year}-{month}-{day}-{slug:jekyll-slug}/"),
        ("/:collection/:title:output_ext", "/posts/{slug:jekyll}.html"),
    ],
)
def test_jekylls_permalinks_in_our_words(tmp_path: Path, pattern: str, ours: str) -> None:
    assert from_jekyll(pattern) == ours
    assert settings(site(tmp_path, {"_config.yml": f"permalink: '{pattern}'\n"}))["permalink"] == ours


@pytest.mark.parametrize("pattern", ["/:path/:title/", "/:year/:month/", "/{x}/:title"])
def test_permalinks_that_can_not_be_said_are_told_and_not_guessed(tmp_path: Path, pattern: str) -> None:
    folder = site(
        tmp_path, {"_config.yml": f"title: x\n\npermalink: '{pattern}'\nexclude: var\nurl: https://a.example"}
    )
    assert "permalink" not in settings(folder)
    (note,) = notes(folder)
    assert note.startswith("_config.yml:3: ")
    assert pattern in note
    assert "(PUBLISHER_PERMALINK)" in note
    (folder / ".env").write_text("PUBLISHER_PERMALINK=/{slug}/\n")
    assert notes(folder) == []


def test_jekylls_defaults_for_all_posts_count_before_the_sites_permalink(tmp_path: Path) -> None:
    config = """\
permalink: pretty
defaults:
  - scope: {path: "", type: drafts}
    values: {permalink: "/d/:title/"}
  - scope: {path: "", type: posts}
    values: {permalink: "/p/:title/"}
"""
    assert settings(site(tmp_path, {"_config.yml": config}))["permalink"] == "/p/{slug:jekyll}/"


def test_a_folder_of_posts_without_a_settings_file_is_jekylls(tmp_path: Path) -> None:
    folder = site(tmp_path, {}, "_posts")
    assert taken(folder).generator == "Jekyll"
    assert settings(folder)["permalink"] == "/{categories:jekyll}/{year}/{month}/{day}/{slug:jekyll}.html"


def test_jekyll_copies_what_lies_around_unless_it_is_told_not_to(tmp_path: Path) -> None:
    folder = site(tmp_path, {"_config.yml": "title: x\nurl: https://a.example\nexclude:\n  - vendor\n"}, "_posts")
    (note,) = notes(folder)
    assert note.startswith("_config.yml:3: ")
    assert note.endswith("exclude: [var]")
    site(folder, {"_config.yml": "title: x\nurl: https://a.example\nexclude:\n  - vendor\n  - /var/\n"})
    assert notes(folder) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.org/",
        "http://www.example.net",
        "http://localhost:4000/blog",
        "http://127.0.0.1",
        "http://yourdomain.com",
        "/",
        "ftp://marsh.example",
        "https://[broken",
        "//marsh.example",
    ],
)
def test_an_address_that_is_nobodys_is_not_taken(tmp_path: Path, url: str) -> None:
    folder = site(tmp_path, {"hugo.toml": f"baseURL = '{url}'\n"})
    assert "site_url" not in settings(folder)
    assert [note.partition(": ")[0] for note in notes(folder)] == ["hugo.toml:1"]
    assert "(PUBLISHER_SITE_URL)" in notes(folder)[0]


@pytest.mark.parametrize(
    "url", ["https://example.org/notes/", "https://blog.example.com", "http://marsh.example:8080/"]
)
def test_an_address_of_a_sample_domain_that_somebody_thought_of_is_taken(tmp_path: Path, url: str) -> None:
    folder = site(tmp_path, {"hugo.toml": f"baseURL = '{url}'\n"})
    assert settings(folder)["site_url"] == url.rstrip("/")


# -- Hugo


HUGO = {
    "hugo.toml": """\
baseURL = "https://kiln.example/book/"
languageCode = "en-gb"
title = "Kiln"
[params]
mainSections = ["log"]
subtitle = "Fire"
author = "Ines"
[permalinks.page]
log = "/:year/:slugorcontentbasename"
""",
    "hugo.yaml": """\
baseurl: https://kiln.example/book/
locale: en-gb
title: Kiln
params:
  mainSections: log
  description: Fire
  author: {name: Ines}
permalinks: {log: "/:year/:filename/"}
""",
    "config.json": """
{"baseURL": "https://kiln.example/book/", "title": "Kiln", "languageCode": "en-gb",
 "params": {"MainSections": ["log"], "description": "Fire"}, "author": {"name": "Ines"},
 "permalinks": {"page": {"log": "/:year/:contentbasename/"}}}""",
}


NAMES = {"hugo.toml": "{name:hugo}", "hugo.yaml": "{name:hugo-file}", "config.json": "{name:hugo-file}"}


@pytest.mark.parametrize("name", [*HUGO, "config/_default/hugo.toml"])
def test_hugos_settings(tmp_path: Path, name: str) -> None:
    text = HUGO[name.removeprefix("config/_default/")]
    folder = site(tmp_path, {name: text}, "content/log", "content/notes")
    found = settings(folder)
    assert found.pop("feed_aliases")[-1] == ("/log/index.xml", "/rss.xml")
    assert found == {
        "site_url": "https://kiln.example/book",
        "site_title": "Kiln",
        "site_description": "Fire",
        "site_language": "en-gb",
        "author_name": "Ines",
        "posts_dir": "content/log",
        "output_dir": "_public",
        "permalink": f"/{{year}}/{NAMES[name.removeprefix('config/_default/')]}/",
    }
    assert notes(folder) == []


def test_hugos_settings_in_files_of_their_own(tmp_path: Path) -> None:
    room = "config/_default"
    files = {
        f"{room}/hugo.toml": "title = 'Kiln'\nbaseURL = 'https://kiln.example'\n",
        f"{room}/params.toml": "description = 'Fire'\n",
        f"{room}/permalinks.yaml": "posts: /p/:filename/\n",
    }
    found = settings(site(tmp_path, files, "content/posts"))
    assert (found["site_description"], found["permalink"]) == ("Fire", "/p/{name:hugo-file}/")


def test_the_words_of_hugos_main_language_count(tmp_path: Path) -> None:
    config = """\
baseURL: https://kiln.example
defaultContentLanguage: de
languages:
  en: {title: Kiln}
  de: {title: Ofen, languageCode: de-at, contentDir: content/de}
"""
    found = settings(site(tmp_path, {"hugo.yaml": config}, "content/de/posts"))
    assert (found["site_title"], found["site_language"]) == ("Ofen", "de-at")
    assert found["posts_dir"] == "content/de/posts"


@pytest.mark.parametrize(
    ("more", "folders", "posts", "ours"),
    [
        ("", ["content/posts"], "content/posts", "/posts/{folder:hugo-path}/{name:hugo-path}/"),
        ("", ["content/post", "content/blog"], "content/post", "/post/{folder:hugo-path}/{name:hugo-path}/"),
        ("", ["content"], "content", "/{folder:hugo-path}/{name:hugo-path}/"),
        ("uglyURLs = true", ["content/posts"], "content/posts", "/posts/{folder:hugo-path}/{name:hugo-path}.html"),
        ("[uglyURLs]\nblog = true", ["content/posts"], "content/posts", "/posts/{folder:hugo-path}/{name:hugo-path}/"),
        ("[permalinks]\nessays = '/e/:filename/'", ["content/essays"], "content/essays", "/e/{name:hugo-file}/"),
        (
            "[permalinks]\nposts = '/:sections/:filename'",
            ["content/posts"],
            "content/posts",
            "/posts/{name:hugo-file}/",
        ),
        (
            "contentDir = 'text'",
            ["text/posts", "content/posts"],
            "text/posts",
            "/posts/{folder:hugo-path}/{name:hugo-path}/",
        ),
        (
            "[params]\nmainSections = ['a', 'b']",
            ["content/a", "content/b"],
            "content",
            "/{folder:hugo-path}/{name:hugo-path}/",
        ),
    ],
)
def test_where_hugos_posts_lie_and_what_they_are_called(
    tmp_path: Path, more: str, folders: list[str], posts: str, ours: str
) -> None:
    folder = site(tmp_path, {"hugo.toml": f"baseURL = 'https://kiln.example'\n{more}\n"}, *folders)
    found = settings(folder)
    assert (found["posts_dir"], found["permalink"]) == (posts, ours)
    assert notes(folder) == []


def test_hugos_main_language_may_have_a_folder(tmp_path: Path) -> None:
    config = "baseURL = 'https://kiln.example'\ndefaultContentLanguage = 'de'\ndefaultContentLanguageInSubdir = true\n"
    found = settings(site(tmp_path, {"hugo.toml": config}, "content/My Posts", "content/posts"))
    assert found["permalink"] == "/de/posts/{folder:hugo-path}/{name:hugo-path}/"
    assert found["feed_aliases"][-1] == ("/de/posts/index.xml", "/rss.xml")


@pytest.mark.parametrize("pattern", ["/:0102/:slug/", "/:sections[1:]/:slug/", "/:year/"])
def test_hugos_patterns_that_can_not_be_said(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"nothing like|does not name"):
        from_hugo(pattern, "posts", is_ugly=False)


# -- Pelican


def test_pelicans_settings_are_read_and_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    conf = rf"""
import os
open({str(trap)!r}, "w").write("x")
SITENAME: str = "Peat"
SITESUBTITLE = "and\n water"
SITEURL = ""
PATH = "text"
ARTICLE_PATHS = ["log"]
TIMEZONE = os.environ["TZ"]
DEFAULT_LANG = "ga"
AUTHOR = "Ines"
ARTICLE_URL = "{{date:%Y}}/{{date:%m}}/{{slug}}"
ARTICLE_SAVE_AS = "{{date:%Y}}/{{date:%m}}/{{slug}}/index.html"
SLUGIFY_SOURCE = "basename"
ODD = "\d"
"""
    live = "from pelicanconf import *\nSITEURL = 'https://peat.example'\nFEED_ALL_RSS = 'feeds/all.rss.xml'\n"
    folder = site(tmp_path, {"pelicanconf.py": conf, "publishconf.py": live}, "text/log")
    found = settings(folder)
    assert not trap.exists()
    assert found.pop("feed_aliases")[-1] == ("/feeds/all.rss.xml", "/rss.xml")
    assert found == {
        "site_url": "https://peat.example",
        "site_title": "Peat",
        "site_description": "and water",
        "site_language": "ga",
        "author_name": "Ines",
        "posts_dir": "text/log",
        "permalink": "/{year}/{month}/{name:pelican}/",
    }
    assert read_settings(folder, {}).permalink == "/{year}/{month}/{name:pelican}/"
    assert notes(folder) == ["pelicanconf.py:9: TIMEZONE is computed, wanted is its value (PUBLISHER_TIMEZONE)"]


def test_what_publishconf_computes_is_not_taken_from_pelicanconf(tmp_path: Path) -> None:
    live = "import os\nSITEURL = os.environ['URL']\n"
    conf = "SITEURL = 'https://dev.example'\nSLUGIFY_SOURCE = 'basename'\n"
    folder = site(tmp_path, {"pelicanconf.py": conf, "publishconf.py": live}, "content")
    assert "site_url" not in settings(folder)
    assert notes(folder) == ["publishconf.py:2: SITEURL is computed, wanted is its value (PUBLISHER_SITE_URL)"]


@pytest.mark.parametrize("path", [".", "..", "/", "var", "/etc", "content/../.."])
def test_a_folder_of_posts_that_holds_more_than_posts_is_told(tmp_path: Path, path: str) -> None:
    folder = site(tmp_path, {"pelicanconf.py": f"PATH = {path!r}\nSLUGIFY_SOURCE = 'basename'\n"}, "var")
    assert "posts_dir" not in settings(folder)
    assert notes(folder)[0].startswith(f"pelicanconf.py:1: PATH is {path!r}, ")


@pytest.mark.parametrize(
    ("pattern", "save_as", "ours"),
    [
        ("{slug}.html", "", "/{title:pelican}.html"),
        ("posts/{date:%Y}/{date:%m}/{date:%d}/{slug}/", "", "/posts/{year}/{month}/{day}/{title:pelican}/"),
        ("{date:%Y-%b}/{category}/{slug}", "x.html", "/{year}-{date:%b}/{categories:pelican}/{title:pelican}.html"),
        ("{slug}", "{slug}/index.html", "/{title:pelican}/"),
    ],
)
def test_pelicans_addresses_in_our_words(pattern: str, save_as: str, ours: str) -> None:
    assert from_pelican(pattern, save_as) == ours


@pytest.mark.parametrize("pattern", ["{date:%c}/{slug}/", "{date:%q}/{slug}/", "{author}/{slug}.html", "{lang}/", "{}"])
def test_pelicans_addresses_that_can_not_be_said(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"nothing like|does not name"):
        from_pelican(pattern, "")


@pytest.mark.parametrize(
    ("conf", "ours"),
    [
        ("", "/{title:pelican}.html"),
        ("SLUGIFY_SOURCE = 'basename'", "/{name:pelican}.html"),
        ("SLUGIFY_USE_UNICODE = True\nSLUGIFY_PRESERVE_CASE = True", "/{title:pelican-unicode-cased}.html"),
        (r"FILENAME_METADATA = r'(?P<date>\d{4}-\d\d-\d\d)_(?P<slug>.*)'", "/{title:pelican-dated}.html"),
        ("FILENAME_METADATA = '(?P<slug>.*)'", "/{name}.html"),
        (r"FILENAME_METADATA = r'(?P<date>\d{4}-\d\d-\d\d)?[-_]?(?P<slug>.*)'", "/{slug}.html"),
        ("FILENAME_METADATA = '(?P<date>'", "/{title:pelican}.html"),
    ],
)
def test_where_pelican_has_its_slugs_from(tmp_path: Path, conf: str, ours: str) -> None:
    folder = site(tmp_path, {"pelicanconf.py": f"SITEURL = 'https://peat.example'\n{conf}\n"}, "content")
    assert settings(folder)["permalink"] == ours
    assert notes(folder) == []


@pytest.mark.parametrize(
    ("conf", "what"),
    [
        ("SLUG_REGEX_SUBSTITUTIONS = [('a', 'b')]", "pelicanconf.py:2: SLUG_REGEX_SUBSTITUTIONS are not followed"),
        ("USE_FOLDER_AS_CATEGORY = False", "pelicanconf.py:1: for a post that names no category"),
        ("DEFAULT_CATEGORY = 'notes'", "pelicanconf.py:1: for a post that names no category"),
    ],
)
def test_what_pelican_does_otherwise_is_told(tmp_path: Path, conf: str, what: str) -> None:
    folder = site(tmp_path, {"pelicanconf.py": f"ARTICLE_URL = '{{category}}/{{slug}}.html'\n{conf}\n"}, "content")
    assert [note for note in notes(folder) if note.startswith(what)]
    assert notes(site(folder, {"pelicanconf.py": "ARTICLE_URL = '{category}/{slug}.html'\n"})) == []


# -- Zola, Astro, Eleventy


def test_zolas_settings(tmp_path: Path) -> None:
    config = "base_url = 'https://slate.example'\ntitle = 'Slate'\ndescription = 'Roofs'\ndefault_language = 'cy'\n"
    found = settings(site(tmp_path, {"config.toml": config + "author = 'me@slate.example (Ines)'\n"}, "content/blog"))
    assert found == {
        "site_url": "https://slate.example",
        "site_title": "Slate",
        "site_description": "Roofs",
        "site_language": "cy",
        "author_name": "Ines",
        "posts_dir": "content/blog",
        "output_dir": "_public",
        "permalink": "/blog/{folder}/{slug:zola}/",
    }


def test_astros_settings(tmp_path: Path) -> None:
    config = """\
// site: 'https://old.example',
/* site: 'https://older.example', */
export default defineConfig({
  site: 'https://loom.example', // site: "x"
  base: "/weaving",
});
"""
    words = "export const SITE_TITLE = 'Loom';\nexport const SITE_DESCRIPTION = \"It's warp\";\n"
    folder = site(tmp_path, {"astro.config.mjs": config, "src/consts.ts": words}, "src/content/blog")
    assert settings(folder) == {
        "site_url": "https://loom.example/weaving",
        "site_title": "Loom",
        "site_description": "It's warp",
        "posts_dir": "src/content/blog",
        "output_dir": "_public",
        "permalink": "/blog/{folder:astro}/{name:astro}/",
    }
    assert taken(folder).settings["site_url"].place == "astro.config.mjs:4"


def test_a_script_that_computes_its_address_gives_none(tmp_path: Path) -> None:
    config = "export default defineConfig({ site: `https://${process.env.HOST}`, base: base })\n"
    assert "site_url" not in settings(site(tmp_path, {"astro.config.ts": config}, "src/content/blog"))


@pytest.mark.parametrize(
    ("config", "folder", "ours"),
    [
        ("module.exports = {};", "posts", "/posts/{folder:eleventy}/{name:eleventy}/"),
        (
            "export default () => {}; export const config = { dir: { input: 'content' } };",
            "content/blog",
            "/blog/{folder:eleventy}/{name:eleventy}/",
        ),
        (
            "module.exports = () => ({ dir: { input: './src' } });",
            "src/posts",
            "/posts/{folder:eleventy}/{name:eleventy}/",
        ),
    ],
)
def test_eleventys_posts_are_called_as_their_files_lie(tmp_path: Path, config: str, folder: str, ours: str) -> None:
    words = '{"title": "Tin", "url": "https://tin.example/", "author": {"name": "Ines", "email": "ines@tin.example"}}'
    found = settings(site(tmp_path, {".eleventy.js": config, "_data/metadata.json": words}, folder))
    assert found.get("posts_dir", "posts") == folder
    assert (found["permalink"], found["site_url"], found["site_title"]) == (ours, "https://tin.example", "Tin")
    assert (found["author_name"], found["author_email"]) == ("Ines", "ines@tin.example")
