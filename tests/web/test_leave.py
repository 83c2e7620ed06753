"""The link in every letter: opening it changes nothing, one button leaves, one more takes it back."""

from collections.abc import Iterator
from itertools import count

import pytest

from publisher.core.token import fixed_token, sign
from tests.site import Web, served

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
_numbers = count(1)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for all tests here: each has readers of its own."""
    with served(tmp_path_factory.mktemp("leave") / "site") as found:
        yield found


@pytest.fixture
def ann(web: Web) -> str:
    """The address of somebody who gets the digest."""
    address = f"ann{next(_numbers)}@example.org"
    web.join(address)
    return address


def test_opening_the_link_changes_nothing(web: Web, ann: str) -> None:
    path = web.leave_path(ann)
    head, page = web.ask("HEAD", path), web.get(path)
    assert (head.status, head.body, page.status) == (200, b"", 200)
    assert ann in page.text
    assert web.standing(ann) == "active"


def test_the_button_leaves_and_the_next_one_takes_it_back(web: Web, ann: str) -> None:
    page = web.get(web.leave_path(ann))
    left = web.press(page.form)
    assert (left.status, web.standing(ann)) == (200, "gone")
    assert "You have left" in left.text
    assert "You have left" in web.press(page.form).text
    assert web.standing(ann) == "gone"
    back = web.press(left.form)
    assert (back.status, web.standing(ann)) == (200, "active")
    assert "Welcome back" in back.text
    web.press(left.form)
    assert web.standing(ann) == "active"


def test_who_left_sees_so_and_can_come_back_by_the_same_link(web: Web, ann: str) -> None:
    web.press(web.get(web.leave_path(ann)).form)
    page = web.get(web.leave_path(ann))
    assert "You have left" in page.text
    assert web.standing(ann) == "gone"
    web.press(page.form)
    assert web.standing(ann) == "active"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://mail.example"},
        {"Cookie": "signed-up=x", "Origin": "null"},
    ],
)
def test_one_click_leaves_at_once_without_cookie_or_redirect(web: Web, ann: str, headers: dict[str, str]) -> None:
    answer = web.ask("POST", web.leave_path(ann), form=ONE_CLICK, headers=headers)
    assert (answer.status, web.standing(ann)) == (200, "gone")
    assert answer.headers["Set-Cookie"] is None
    assert answer.headers["Location"] is None
    again = web.ask("POST", web.leave_path(ann), form=ONE_CLICK, headers=headers)
    assert (again.status, web.standing(ann)) == (200, "gone")


def test_one_click_may_come_as_a_form_with_parts(web: Web, ann: str) -> None:
    """RFC 8058, 3.1: multipart/form-data is as good."""
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    sent = {"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "cross-site"}
    assert web.ask("POST", web.leave_path(ann), body=body, headers=sent).status == 200
    assert web.standing(ann) == "gone"


def test_one_click_with_the_wrong_token_tells_nothing_and_stops_nobody(web: Web, ann: str) -> None:
    path = web.leave_path(ann)
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert web.ask("POST", forged, form=ONE_CLICK).status == 404
    assert web.standing(ann) == "active"


def test_letters_in_capitals_are_the_same_link(web: Web, ann: str) -> None:
    start, _, token = web.leave_path(ann).rpartition("/")
    assert web.ask("POST", f"{start}/{token.upper()}", form=ONE_CLICK).status == 200
    assert web.standing(ann) == "gone"


def test_forged_links_and_those_made_for_something_else_are_not_found(web: Web, ann: str) -> None:
    token = web.leave_path(ann).rpartition("/")[2]
    keys, handle = web.publication.keys, token[:16]
    forged = ["x", token[:31], token + "0", "0" * 32, "\u0660", fixed_token(keys, "bounce", handle)]
    forged += [sign(keys, "confirm", handle, web.clock()), handle + "é" * 16, "a" * 5000]
    for word in forged:
        for method in ("GET", "POST"):
            assert web.ask(method, "/u/" + word.encode().hex() if not word.isascii() else f"/u/{word}").status == 404
    assert web.standing(ann) == "active"


def test_a_link_of_a_reader_who_was_forgotten_is_not_found(web: Web) -> None:
    answer = web.get("/u/" + fixed_token(web.publication.keys, "leave", "0123456789abcdef"))
    assert answer.status == 404
    assert "gets mail from here any more" in answer.text


def test_the_link_never_expires(web: Web, ann: str) -> None:
    path = web.leave_path(ann)
    web.clock.move(days=4000)
    assert web.ask("POST", path, form=ONE_CLICK).status == 200
    assert web.standing(ann) == "gone"


def test_taking_back_makes_nobody_a_reader_who_never_confirmed(web: Web) -> None:
    address = "never@example.org"
    web.sign_up(address)
    for action in ("undo", "leave", "undo"):
        answer = web.ask("POST", web.leave_path(address), form={"action": action})
        assert answer.status == 200
        assert web.standing(address) == "pending"


def test_who_left_can_sign_up_and_confirm_again(web: Web, ann: str) -> None:
    web.ask("POST", web.leave_path(ann), form=ONE_CLICK)
    web.clock.move(days=1)
    web.sign_up(ann)
    assert web.standing(ann) == "gone"
    web.press(web.get(web.confirm_path(ann)).form)
    assert web.standing(ann) == "active"


def test_the_old_confirm_link_in_an_open_tab_brings_nobody_back_who_left(web: Web) -> None:
    """A browser that opens its tabs again asks for the page as it did on the day of the sign-up."""
    address = "tabs@example.org"
    cookie = web.sign_up(address).cookie
    path = web.confirm_path(address)
    web.get(path, Cookie=cookie)
    web.ask("POST", web.leave_path(address), form=ONE_CLICK)
    web.clock.move(days=1)
    assert web.get(path, Cookie=cookie).form.buttons == 1
    assert web.standing(address) == "gone"
