import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.moved import Moved, parse_redirects, place, render_redirects, settled


def test_the_file_is_sorted_and_encoded() -> None:
    moves = [
        Moved(old="/b\u00e4r/", new="/new/"),
        Moved(old="/a%20b", new="/new path/?q=1#top"),
        Moved(old="/gone/", new=None),
        Moved(old="/star*/:x", new="https://elsewhere.example/*"),
    ]
    assert render_redirects(moves) == (
        "/a%20b /new%20path/?q=1#top 301\n"
        "/b%C3%A4r/ /new/ 301\n"
        "/gone/ /404.html 410\n"
        "/star%2A/%3Ax https://elsewhere.example/* 301\n"
    )
    assert render_redirects(reversed(moves)) == render_redirects(moves)
    assert render_redirects([]) == ""


def test_of_two_lines_for_one_place_the_first_counts() -> None:
    moves = [Moved(old="/feed", new="/a"), Moved(old="/feed/", new="/b"), Moved(old="/f%65ed", new=None)]
    assert render_redirects(moves) == "/feed /a 301\n"


def test_a_way_is_led_to_its_end() -> None:
    moves = [
        Moved(old="/1/", new="/2/"),
        Moved(old="/2/", new="/3"),
        Moved(old="/3/", new="/4/"),
        Moved(old="/x/", new="/y/"),
        Moved(old="/y", new=None),
    ]
    assert render_redirects(moves) == ("/1/ /4/ 301\n/2/ /4/ 301\n/3/ /4/ 301\n/x/ /404.html 410\n/y /404.html 410\n")


@pytest.mark.parametrize(
    "moves",
    [
        [("/a/", "/a/")],
        [("/a", "/a/")],
        [("/a/", "/b/"), ("/b/", "/a/")],
        [("/a/", "/b"), ("/b/", "/c/"), ("/c", "/b/")],
        [("relative", "/a/")],
        [("/", "/a/")],
        [("", "/a/")],
    ],
)
def test_circles_and_what_is_no_path_are_left_out(moves: list[tuple[str, str]]) -> None:
    assert render_redirects([Moved(old=old, new=new) for old, new in moves]) == ""


def test_lines_of_other_kinds_are_passed_over() -> None:
    found = parse_redirects(
        "# ours\n\n/a /b 301\n/a/ /c 301\n/d /e 302\n/f /404.html 410\n/g /h\n/i /j 301 Country=de\nk /l 301\n/m 410\n"
    )
    assert found == {"/a": Moved(old="/a", new="/b"), "/f": Moved(old="/f", new=None)}


def test_all_spellings_of_a_path_are_one_place() -> None:
    assert {place(path) for path in ("/b\u00e4r", "/b%C3%A4r/", "/b%c3%a4r", "/b\u00e4r//")} == {"/b\u00e4r"}


_PATHS = st.text(min_size=1, max_size=6).map(lambda text: f"/{text}")


@given(st.lists(st.builds(Moved, old=_PATHS, new=_PATHS | st.none()), max_size=8))
def test_whatever_is_written_can_be_read_and_leads_in_no_circle(moves: list[Moved]) -> None:
    found = parse_redirects(render_redirects(moves))
    assert tuple(sorted(found.values(), key=lambda move: move.old)) == settled(moves)
    assert all(move.new is None or place(move.new) not in found for move in found.values())
