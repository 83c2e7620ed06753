"""What a post's relative addresses mean where it stands, and whether they still mean the same at the next build."""

from pathlib import PurePosixPath

import pytest

from publisher.core.model import Asset, Site
from publisher.core.place import Place, Surroundings, is_elsewhere
from tests.core.readthrough import asset, site

ASSETS = {
    name: asset(name) for name in ("pot.png", "bundle/pot.png", "images/a b.png", "images/50%.png", "notes/bell.mp3")
}
PATHS = {
    "a.md": "/2026/11/a/",
    "notes/a.md": "/2026/11/notes-a/",
    "notes/b.md": "/2026/11/b/",
    "bundle/index.md": "/2026/11/bundle/",
    "_posts/2026-11-03-c.md": "/2026/11/c/",
    "2026-11-04-d.markdown": "/2026/11/d/",
    "deep/er/e.html": "/deep/e.html",
    "f.rst": "/2026/11/f/",
}


def around(
    assets: dict[str, Asset] | None = None, paths: dict[str, str] | None = None, where: Site | None = None
) -> Surroundings:
    return Surroundings(where or site(), ASSETS if assets is None else assets, PATHS if paths is None else paths)


def place(source: str = "notes/b.md", *, url: str = "https://example.org/2026/11/b/", **changes: object) -> Place:
    return Place(around(**changes), url, source)  # type: ignore[arg-type]


# -- files


@pytest.mark.parametrize(
    ("source", "url", "expected"),
    [
        ("bundle/index.md", "pot.png", "bundle/pot.png"),  # beside the post first
        ("notes/b.md", "pot.png", "pot.png"),  # else from the folder of posts
        ("bundle/index.md", "/pot.png", "pot.png"),
        ("bundle/index.md", "../pot.png", "pot.png"),
        ("bundle/index.md", "./../bundle//pot.png", "bundle/pot.png"),
        ("a.md", "images/a%20b.png", "images/a b.png"),
        ("a.md", "images/a b.png", "images/a b.png"),
        ("a.md", "images/50%25.png?x=1#y", "images/50%.png"),
        ("a.md", "../../pot.png", None),
        ("a.md", "/images/../pot.png", None),
        ("a.md", "nowhere.png", None),
        ("a.md", "POT.PNG", None),
        ("a.md", "//[bad/pot.png", None),
        ("a.md", "", None),
    ],
)
def test_a_file_is_meant_from_the_posts_folder_or_from_the_root(source: str, url: str, expected: str | None) -> None:
    found = place(source).asset(url)
    assert (str(found.path) if found else None) == expected


# -- addresses


@pytest.mark.parametrize("root", ["", "/blog"])
@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("bell.mp3?t=3#end", "/notes/bell.mp3?t=3#end"),
        ("/images/a%20b.png", "/images/a%20b.png"),
        ("../images/50%25.png", "/images/50%25.png"),
        ("a.md", "/2026/11/notes-a/"),  # beside the post first
        ("a.md#part", "/2026/11/notes-a/#part"),
        ("../a.md?q", "/2026/11/a/?q"),
        ("../bundle/index.md", "/2026/11/bundle/"),
        ("../deep/er/e.html", "/deep/e.html"),
        ("../f.rst", "/2026/11/f/"),
        ("../2026-11-04-d.markdown", "/2026/11/d/"),
    ],
)
def test_page_and_feed_lead_to_the_same_file_or_post(root: str, url: str, path: str) -> None:
    here = place(url=f"https://example.org{root}/2026/11/b/", where=site(f"https://example.org{root}"))
    assert here.href(url) == f"{root}{path}"
    assert here.absolute(url) == f"https://example.org{root}{path}"


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("https://example.com/a.md", "https://example.com/a.md"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
        ("tel:123", "tel:123"),
        ("//example.com/x", "https://example.com/x"),
        ("#part", "https://example.org/2026/11/b/#part"),
        ("?q=1", "https://example.org/2026/11/b/?q=1"),
        ("nowhere.md", "https://example.org/2026/11/b/nowhere.md"),
        ("/elsewhere/x.html", "https://example.org/elsewhere/x.html"),
        ("/a.md", "https://example.org/a.md"),  # a path from the root is one of the web
        ("..", "https://example.org/2026/11/"),
        ("", "https://example.org/2026/11/b/"),
        ("http://[bad", "http://[bad"),
        ("//[bad", "//[bad"),
        ("x://[bad", "x://[bad"),
    ],
)
def test_any_other_address_stays_on_the_page_and_is_made_absolute_for_the_world(url: str, absolute: str) -> None:
    assert place().href(url) == url
    assert place().absolute(url) == absolute


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org", True),
        ("//example.org/x", True),
        ("mailto:a@b.org", True),
        ("#a", True),
        ("?a", True),
        ("", True),
        ("//[bad", True),
        ("a", False),
        ("/a", False),
        ("a/b?c#d", False),
    ],
)
def test_what_leads_elsewhere_is_known(url: str, expected: bool) -> None:
    assert is_elsewhere(url) is expected


# -- what generators' tags name


@pytest.mark.parametrize(
    ("name", "href"),
    [
        ("a", "/2026/11/notes-a/"),
        ("a.md", "/2026/11/notes-a/"),
        ("/a", "/2026/11/notes-a/"),  # the post's own folder comes first
        ("notes/a", "/2026/11/notes-a/"),
        ("@/a.md", "/2026/11/notes-a/"),
        ("content/notes/b.md", "/2026/11/b/"),
        ("2026-11-03-c", "/2026/11/c/"),  # Jekyll's post_url
        ("_posts/2026-11-03-c.md", "/2026/11/c/"),
        ("2026-11-04-d", "/2026/11/d/"),
        ("bundle", "/2026/11/bundle/"),
        ("bundle/", "/2026/11/bundle/"),
        ("bundle/index.md#part", "/2026/11/bundle/#part"),
        ("e", "/deep/e.html"),  # the only one of this name
        ("deep/er/e.html", "/deep/e.html"),
        ("f.rst", "/2026/11/f/"),
        ("bell.mp3", "/notes/bell.mp3"),
        ("/tags/sea/", "/tags/sea/"),
        ("https://example.com/x", "https://example.com/x"),
        ("#part", "#part"),
        ("nothing", None),
        ("2026-11-03", None),
    ],
)
def test_a_post_is_named_with_or_without_folders_and_ending(name: str, href: str | None) -> None:
    assert place().named(name) == href


def test_a_name_that_several_posts_have_names_none() -> None:
    paths = {"x/same.md": "/1/", "y/same.md": "/2/"}
    assert place("z.md", paths=paths).named("same") is None
    assert place("z.md", paths=paths).named("x/same") == "/1/"
    assert place("y/z.md", paths=paths).named("same") == "/2/"


def test_a_named_post_stands_below_the_path_of_the_site() -> None:
    assert place(where=site("https://example.org/blog")).named("f") == "/blog/2026/11/f/"


# -- answers


def asked(here: Place) -> None:
    here.asset("bell.mp3")
    here.href("a.md")
    here.absolute("../nowhere.md")
    here.named("2026-11-03-c")
    here.named("nothing at all")


def test_what_was_asked_is_answered_the_same_while_nothing_has_changed() -> None:
    before = place()
    asked(before)
    assert before.answers
    assert place().is_same(before.answers)
    assert place().is_same({})


CHANGED: dict[str, dict[str, object]] = {
    "a file is gone": {"assets": {}},
    "a file is longer": {"assets": {**ASSETS, "notes/bell.mp3": asset("notes/bell.mp3", size=9)}},
    "a nearer post came": {"paths": {**PATHS, "nowhere.md": "/now/"}},
    "a post moved": {"paths": {**PATHS, "notes/a.md": "/moved/"}},
    "a post is gone": {"paths": {source: path for source, path in PATHS.items() if source != "notes/a.md"}},
    "another of this name came": {"paths": {**PATHS, "notes/2026-11-03-c.md": "/nearer/"}},
    "one of a name that nobody had came": {"paths": {**PATHS, "x/nothing at all.md": "/all/"}},
}


@pytest.mark.parametrize("changes", CHANGED.values(), ids=CHANGED.keys())
def test_what_was_asked_is_answered_otherwise_after_a_change(changes: dict[str, object]) -> None:
    before = place()
    asked(before)
    assert not place(**changes).is_same(before.answers)  # type: ignore[arg-type]


def test_what_was_not_asked_may_change() -> None:
    before = place()
    asked(before)
    others = {name: each for name, each in ASSETS.items() if name != "pot.png"} | {"new.png": asset("new.png")}
    paths = {**PATHS, "f.rst": "/moved/", "g.md": "/new/"}
    assert place(assets=others, paths=paths).is_same(before.answers)


@pytest.mark.parametrize("url", ["a file with  spaces.png", " ", "x y.md", "%00", "ü.png"])
def test_every_question_can_be_asked_again(url: str) -> None:
    before = place()
    before.asset(url)
    before.href(url)
    before.named(url)
    assert place().is_same(before.answers)


def test_the_folder_is_that_of_the_source() -> None:
    assert PurePosixPath("bundle/pot.png") == getattr(place("bundle/index.md").asset("pot.png"), "path", None)
