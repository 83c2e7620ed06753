"""A post keeps the address that its generator gave it, whatever its file and its title are called."""

import json
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from publisher.config import read_settings
from publisher.core.manuscript import Manuscript, Source, read_manuscript
from publisher.core.model import Site
from tests.blogs import notes, settings, site
from tests.generators.awkward import CASES, GOLDEN, write

ADDRESSES: dict[str, dict[str, list[str]]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
ALL = [(generator, case) for generator, cases in CASES.items() for case in cases]


def manuscripts(folder: Path) -> dict[str, Manuscript]:
    """By the file's name, with the settings that stand in the folder."""
    found = read_settings(folder, {})
    here = Site(
        url=found.site_url,
        service_url=found.site_url,
        title=found.site_title,
        description="",
        language="en",
        timezone=ZoneInfo("UTC"),
        permalink=found.permalink,
    )
    posts = folder / found.posts_dir
    return {
        str(path.relative_to(posts)): read_manuscript(
            Source(path=PurePosixPath(path.relative_to(posts)), data=path.read_bytes()), here, "posts"
        )
        for path in sorted(posts.rglob("*.md"))
    }


def addresses(folder: Path) -> list[str]:
    return sorted(unquote(each.entry.path) for each in manuscripts(folder).values() if each.entry)


@pytest.mark.parametrize(("generator", "case"), ALL)
def test_the_addresses_are_those_of_the_generator_itself(tmp_path: Path, generator: str, case: str) -> None:
    write(generator, case, tmp_path)
    assert addresses(tmp_path) == ADDRESSES[generator][case]
    assert [note for note in notes(tmp_path) if "PERMALINK" in note] == []


def one(folder: Path, files: dict[str, str], name: str, head: str = "title: A title") -> str:
    """The address of a single post in the folder that `files` make."""
    site(folder, {**files, name: f"---\ndate: 2026-11-20\n{head}\n---\nWords.\n"})
    (address,) = addresses(folder)
    return address


# Zola: by its documentation, and the tests of its own `slugify_paths`.
@pytest.mark.parametrize(
    ("more", "name", "head", "address"),
    [
        ("", "Under_Score.v1 +.md", "", "/blog/under-score-v1/"),
        ("", "2026-10-10-hello-world.md", "", "/blog/hello-world/"),
        ("", "2026-10-10_hello.md", "", "/blog/hello/"),
        ("", "2026-10-10T08:00:00Z-hello.md", "", "/blog/hello/"),
        ("", "Old Days/2026-10-10-trip/index.md", "", "/blog/Old Days/trip/"),
        ("", "it's.md", "", "/blog/it-s/"),
        ("", "héhé.md", "", "/blog/hehe/"),
        ("", "a.md", "slug: Hello & World", "/blog/hello-world/"),
        ("[slugify]\npaths = 'safe'\n", "Test (hey)?.md", "", "/blog/Test (hey)/"),
        ("[slugify]\npaths = 'safe'\n", "2026-10-10-日本.md", "", "/blog/日本/"),
        ("[slugify]\npaths = 'off'\n", "dot. .md", "", "/blog/dot. /"),
        ("[slugify]\npaths_keep_dates = true\n", "2026-10-10-hello.md", "", "/blog/2026-10-10-hello/"),
    ],
)
def test_zolas_addresses(tmp_path: Path, more: str, name: str, head: str, address: str) -> None:
    config = {"config.toml": f"base_url = 'https://slate.example'\n{more}"}
    assert one(tmp_path, config, f"content/blog/{name}", head or "title: A title") == address


# Astro: what the package github-slugger, which names its entries, made of these.
@pytest.mark.parametrize(
    ("name", "head", "address"),
    [
        ("Upper Case.md", "", "/blog/upper-case/"),
        ("2026-03-05_dated_under.md", "", "/blog/2026-03-05_dated_under/"),
        ("dots.v1.2.md", "", "/blog/dotsv12/"),
        ("c++ and c#.md", "", "/blog/c-and-c/"),
        ("double--hyphen__x.md", "", "/blog/double--hyphen__x/"),
        ("2025/06/Deeper Still.md", "", "/blog/2025/06/deeper-still/"),
        ("2025/trip/index.md", "", "/blog/2025/trip/"),
        ("café-crème.md", "", "/blog/café-crème/"),
        ("emoji-😀.md", "", "/blog/emoji-/"),
        ("a.md", "slug: My/Own_Slug", "/blog/My/Own_Slug/"),
    ],
)
def test_astros_addresses(tmp_path: Path, name: str, head: str, address: str) -> None:
    config = {"astro.config.mjs": "export default { site: 'https://loom.example' }"}
    assert one(tmp_path, config, f"src/content/blog/{name}", head or "title: A title") == address


def test_a_page_of_astros_is_called_as_its_file(tmp_path: Path) -> None:
    config = {"astro.config.mjs": "export default { site: 'https://loom.example' }"}
    assert one(tmp_path, config, "src/pages/blog/In/My Post.md", "slug: other") == "/blog/In/My Post/"


def test_what_a_post_asks_for_itself_is_filled_in_as_its_generator_does(tmp_path: Path) -> None:
    config = {"_config.yml": "title: x\n"}
    assert one(tmp_path, config, "_posts/2026-11-20-In_Case.v2.md", "permalink: /x/:title/") == "/x/In_Case.v2/"


def test_an_address_that_can_only_be_guessed_is_told(tmp_path: Path) -> None:
    files = {"pelicanconf.py": "PATH = 'content'\n", "content/a.md": "Title: 日本\nDate: 2026-11-20\n\nA.\n"}
    (found,) = manuscripts(site(tmp_path, files)).values()
    assert [str(each) for each in found.problems] == [
        "posts/a.md:1: the address /日本.html may differ from the one that it had, wanted is a slug"
    ]
    (tmp_path / "content/a.md").write_text("Title: 日本\nSlug: 日本\nDate: 2026-11-20\n\nA.\n")
    (found,) = manuscripts(tmp_path).values()
    assert (found.problems, found.entry and unquote(found.entry.path)) == ((), "/日本.html")


@pytest.mark.parametrize("title", ["!!!", "...", "/", "..", "a" * 400, "ж" * 400, "", "\u202e"])
@pytest.mark.parametrize("style", ["", ":jekyll", ":hugo", ":zola", ":pelican", ":astro", ":eleventy"])
def test_whatever_the_title_is_the_post_has_an_address_or_a_problem(tmp_path: Path, title: str, style: str) -> None:
    folder = site(tmp_path, {".env": f"PUBLISHER_PERMALINK=/p/{{title{style}}}/\n"})
    site(
        folder,
        {"posts/a.md": f"---\ndate: 2026-11-20\ntitle: {json.dumps(title)}\nslug: {json.dumps(title)}\n---\nA.\n"},
    )
    (found,) = manuscripts(folder).values()
    if found.entry is None:
        assert found.problems
        return
    path = unquote(found.entry.path)
    assert path.startswith("/p/")
    assert path.endswith("/")
    assert not {"", ".", ".."} & {*path.split("/")[2:-1]}
    assert all(len(part.encode()) <= 200 for part in path.split("/"))


@pytest.mark.parametrize(
    "pattern", ["/{slug:wordpress}/", "/{date:%c}/{slug}/", "/{date:%B}/", "/{year:hugo}/", "/{title:hugo-slug}/"]
)
def test_words_that_nobody_knows_are_refused(tmp_path: Path, pattern: str) -> None:
    folder = site(tmp_path, {"_config.yml": "title: x\nurl: https://a.example\nexclude: [var]\n"}, "_posts")
    assert "permalink" in settings(folder)
    (folder / ".env").write_text(f"PUBLISHER_PERMALINK={pattern}\n")
    with pytest.raises(Exception, match=r"PUBLISHER_PERMALINK: .* can't be used, wanted is a path like"):
        read_settings(folder, {})
