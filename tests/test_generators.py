"""The folders of Jekyll, Hugo, Pelican and others: their own settings count, and three of them publish without an edit."""

import json
import shutil
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from publisher.config import adopted, read_settings
from publisher.core.pattern import NAMES_POST
from tests.blogs import notes, settings, site, taken
from tests.site import contents, publisher

SITES = Path(__file__).with_name("generators")
NOW = "2026-11-23T12:00:00Z"


# -- the three, whole


@pytest.fixture(params=["jekyll", "hugo", "pelican"])
def blog(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one, as its own generator lays it out."""
    return Path(shutil.copytree(SITES / request.param, tmp_path / request.param))


EXPECTED = {
    "jekyll": {
        "https://marsh.example/notes/2026/11/22/herons-at-dusk.html": (
            "Herons at dusk: eleven",
            "2026-11-22T16:40:00+00:00",
            ["herons", "dusk"],
        ),
        "https://marsh.example/notes/instruments/gauge/": ("A gauge", "2026-11-20T23:00:00+00:00", ["gauge"]),
        "https://marsh.example/notes/marsh/diary/2026/11/20/welcome-to-the-marsh.html": (
            "Welcome to the marsh!",
            "2026-11-20T08:12:31+00:00",
            ["marsh", "diary"],
        ),
    },
    "hugo": {
        "https://kiln.example/posts/a-glaze-of-ash/": ("Ash glaze", "2026-11-21T18:00:00+00:00", ["glaze"]),
        "https://kiln.example/posts/first-firing/": ("First firing", "2026-11-19T08:15:00+00:00", ["kiln", "firing"]),
    },
    "pelican": {
        "https://peat.example/the-drain.html": ("The drain", "2026-11-20T07:45:00+00:00", ["water"]),
        "https://peat.example/cutting-turf.html": (
            "Cutting turf",
            "2026-11-18T10:20:00+00:00",
            ["turf", "tools", "Work"],
        ),
    },
}
ABOUT = {
    "jekyll": ("Notes from the marsh", "https://marsh.example/notes/", "Ines Marsh"),
    "hugo": ("The kiln book", "https://kiln.example/", "Ines Potter"),
    "pelican": ("Peat and water", "https://peat.example/", "Ines Peat"),
}
RAW = ("{%", "{{", "%}", "}}", "{:", "{static}", "{filename}", "{{<")


def output(folder: Path) -> Path:
    return folder / read_settings(folder, {}).output_dir


def test_the_folder_publishes_without_an_edit(blog: Path) -> None:
    before = contents(blog)
    done = publisher("build", "--site", blog, "--now", NOW, cwd=blog.parent)
    assert done.code == 0, done.err
    assert {name: data for name, data in contents(blog).items() if name in before} == before
    feed = json.loads((output(blog) / "feed.json").read_text())
    posts = {item["url"]: (item["title"], item["date_published"], item.get("tags", [])) for item in feed["items"]}
    assert posts == EXPECTED[blog.name]
    assert (feed["title"], feed["home_page_url"], feed["authors"][0]["name"]) == ABOUT[blog.name]
    shown = [item["content_html"] for item in feed["items"]]
    quoted = "".join(shown).replace("<code>{{ page.title }}</code>", "")
    assert [mark for mark in RAW if mark in quoted] == []


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_each_feed_shows_the_same_posts_to_a_reader(blog: Path, name: str) -> None:
    assert publisher("build", "--site", blog, "--now", NOW, cwd=blog.parent).code == 0
    found = feedparser.parse((output(blog) / name).read_bytes())
    shown = {entry.link: (entry.title, [tag.term for tag in entry.get("tags", [])]) for entry in found.entries}
    assert shown == {url: (title, tags) for url, (title, _, tags) in EXPECTED[blog.name].items()}


def test_what_the_generator_writes_itself_is_not_written_over(blog: Path) -> None:
    folder = {"jekyll": "_site", "hugo": "public", "pelican": "output"}[blog.name]
    site(blog, {f"{folder}/index.html": "theirs", f"{folder}/index.xml": "theirs"})
    assert publisher("build", "--site", blog, "--now", NOW, cwd=blog.parent).code == 0
    theirs = contents(blog / folder)
    assert {name: theirs[name] for name in ("index.html", "index.xml")} == {
        "index.html": b"theirs",
        "index.xml": b"theirs",
    }
    assert not {"rss.xml", "atom.xml"} & {*theirs}


def test_init_writes_the_settings_out_and_no_post(blog: Path) -> None:
    before, posts = contents(blog), settings(blog)
    done = publisher("init", "--now", NOW, cwd=blog)
    assert done.code == 0, done.err
    generator = {"jekyll": "Jekyll's _config.yml gives", "hugo": "Hugo's hugo.toml gives"}
    assert done.err.startswith(generator.get(blog.name, "Pelican's pelicanconf.py and publishconf.py give"))
    added = {name for name in contents(blog) if name not in before and not name.startswith("var/")}
    assert added == {".env", f"{posts['posts_dir']}/.ids"}
    now = settings(blog)
    assert len(now.pop("secret_key")) >= 32
    assert now == posts
    assert not taken(blog).settings
    assert str(taken(blog)) == ""


def test_the_environment_wins_over_env_and_that_over_the_generator(blog: Path) -> None:
    (blog / ".env").write_text("PUBLISHER_SITE_TITLE=Mine\nPUBLISHER_AUTHOR_NAME=Me\n")
    found = read_settings(blog, {"PUBLISHER_SITE_TITLE": "Now"})
    assert (found.site_title, found.author_name) == ("Now", "Me")
    assert f"{found.site_url}/" == ABOUT[blog.name][1]
    rest = adopted(blog, {"PUBLISHER_SITE_TITLE": "Now"})
    assert rest
    assert {"site_title", "author_name"}.isdisjoint(rest.settings)
    assert "site_url" in rest.settings


# -- all of them


@pytest.mark.parametrize(
    ("name", "text", "line", "what"),
    [
        ("_config.yml", "title: x\nbroken: [\n", 3, "bad YAML"),
        ("_config.yml", "- a\n- b\n", 1, "it is no list of keys"),
        ("_config.yml", "a: " + "[" * 2000, 1, "it nests too deep"),
        ("hugo.toml", "title = 'x'\nbaseURL = https\n", 2, "bad TOML"),
        ("hugo.json", '{\n"title" "x"}', 2, "bad JSON"),
        ("config.toml", "base_url = 'https://a.example'\n[[\n", 2, "bad TOML"),
        ("pelicanconf.py", "SITENAME = 'x'\nPATH = (\n", 2, "was never closed"),
        ("hugo.toml", "title = 'T\udcfcr'", 1, "not UTF-8"),
    ],
)
def test_a_broken_file_is_a_note_and_stops_nothing(tmp_path: Path, name: str, text: str, line: int, what: str) -> None:
    folder = site(tmp_path, {}, "_posts", "content/posts")
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    (folder / taken(folder).settings["posts_dir"].value / "2026-11-20-a.md").write_text(
        "---\ntitle: A\ndate: 2026-11-20\n---\nA."
    )
    assert "site_title" not in settings(folder)
    assert [note for note in notes(folder) if note.startswith(f"{name}:{line}: ") and what in note]
    assert publisher("build", "--json", "--now", NOW, cwd=folder).code == 0


def test_a_value_that_can_not_be_used_is_a_note_with_what_is_wanted(tmp_path: Path) -> None:
    config = "title: x\nurl: https://a.example\ntimezone: Mars/Base\nlang: english language\nexclude: [var]\n"
    folder = site(tmp_path, {"_config.yml": config}, "_posts")
    assert {"timezone", "site_language"}.isdisjoint(settings(folder))
    first, second = sorted(notes(folder))
    assert first.startswith("_config.yml:3: 'Mars/Base' can't be taken for the time zone, wanted is a time zone like")
    assert second.startswith("_config.yml:4: 'english language' can't be taken for the language, ")


def test_mail_addresses_that_stand_in_every_new_site_are_nobodys(tmp_path: Path) -> None:
    for address in ("your-email@example.com", "your-email@domain.com", "me@example.org", "no address"):
        assert "author_email" not in settings(site(tmp_path, {"_config.yml": f"email: {address}\n"}))
    assert settings(site(tmp_path, {"_config.yml": "email: me@a.example\n"}))["author_email"] == "me@a.example"


def test_posts_that_are_where_we_expect_them_count(tmp_path: Path) -> None:
    folder = site(tmp_path, {"_config.yml": "title: x\nurl: https://a.example\nexclude: var\n"}, "_posts", "posts")
    assert "posts_dir" not in settings(folder)
    assert notes(folder) == [
        "_config.yml: posts are taken from posts, not from _posts, wanted is the folder that you mean (PUBLISHER_POSTS_DIR)"
    ]


@pytest.mark.parametrize("name", ["content/posts", "content", "src/content/blog", "blog"])
def test_a_known_folder_of_posts_is_enough(tmp_path: Path, name: str) -> None:
    folder = site(tmp_path, {}, name)
    assert settings(folder) == {"posts_dir": name}
    assert str(taken(folder)) == f"posts are in {name}"


def test_a_folder_without_a_generator_has_the_defaults_and_init_makes_a_post(tmp_path: Path) -> None:
    site(tmp_path, {"package.json": "{}", "config.yaml": "key: value\n", "config.toml": "[server]\nport = 1\n"})
    assert adopted(tmp_path, {}) is None
    assert settings(tmp_path) == {}
    assert publisher("init", cwd=tmp_path).code == 0
    assert (tmp_path / "posts" / "first-post.md").is_file()


def test_where_several_left_their_files_one_is_taken(tmp_path: Path) -> None:
    folder = site(tmp_path, {"_config.yml": "title: Jekyll", "hugo.toml": "title = 'Hugo'"}, "_posts", "content/posts")
    assert (settings(folder)["site_title"], taken(folder).generator) == ("Jekyll", "Jekyll")


KEYS = [
    "title",
    "url",
    "baseurl",
    "base_url",
    "baseURL",
    "description",
    "author",
    "timezone",
    "lang",
    "permalink",
    "permalinks",
    "collections",
    "posts",
    "defaults",
    "scope",
    "values",
    "exclude",
    "source",
    "feed",
    "path",
    "params",
    "languages",
    "en",
    "contentDir",
    "mainSections",
    "uglyURLs",
    "page",
    "SITENAME",
    "PATH",
    "ARTICLE_URL",
    "ARTICLE_PATHS",
    "FEED_ALL_ATOM",
    "email",
    "name",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "x", "/:title/", "{slug}", "../x", "a" * 300, "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@how(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(["_config.yml", "hugo.json", "config.json", "pelicanconf.py"]),
    st.dictionaries(st.sampled_from(KEYS), VALUES),
)
def test_whatever_stands_in_a_settings_file_the_settings_are_good(
    tmp_path_factory: pytest.TempPathFactory, name: str, values: dict[str, Any]
) -> None:
    lines = [f"{key} = {value!r}" for key, value in values.items()]
    text = "\n".join(lines) if name.endswith(".py") else json.dumps(values)
    folder = site(tmp_path_factory.mktemp("any"), {name: text}, "content/posts")
    found = read_settings(folder, {})
    assert NAMES_POST.search(found.permalink)
    if name != "config.json":
        assert taken(folder).generator
