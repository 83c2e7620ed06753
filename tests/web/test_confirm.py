"""The link in the confirm letter: mail scanners open it, people press its button, the browser of the sign-up need not."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from publisher.core.token import fixed_token, sign
from tests.site import Web, served

_numbers = count(1)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for all tests here: each has readers of its own."""
    with served(tmp_path_factory.mktemp("confirm") / "site") as found:
        yield found


@pytest.fixture
def ann() -> str:
    return f"ann{next(_numbers)}@example.org"


def test_opening_the_link_elsewhere_changes_nothing_and_the_button_confirms(web: Web, ann: str) -> None:
    web.sign_up(ann)
    path = web.confirm_path(ann)
    pages = [web.ask(method, path) for method in ("HEAD", "GET", "GET")]
    assert [page.status for page in pages] == [200, 200, 200]
    assert web.standing(ann) == "pending"
    assert ann in pages[-1].text
    assert "You are subscribed" in web.press(pages[-1].form).text
    assert web.standing(ann) == "active"


def test_opening_the_link_in_the_browser_of_the_sign_up_confirms(web: Web, ann: str) -> None:
    cookie = web.sign_up(ann).cookie
    answer = web.get(web.confirm_path(ann), Cookie=cookie)
    assert (answer.status, web.standing(ann)) == (200, "active")
    assert "You are subscribed" in answer.text


def test_a_look_ahead_by_that_browser_confirms_nothing(web: Web, ann: str) -> None:
    cookie = web.sign_up(ann).cookie
    answer = web.ask("HEAD", web.confirm_path(ann), headers={"Cookie": cookie})
    assert (answer.status, answer.body, web.standing(ann)) == (200, b"", "pending")


@pytest.mark.parametrize("cookie", ["signed-up=", "signed-up=x", "signed-up=ImZvcm0i.awKS8A.NgCmu1zZ9n4J_ZBptFgJh1LQX"])
def test_a_cookie_that_is_not_ours_confirms_nothing(web: Web, ann: str, cookie: str) -> None:
    web.sign_up(ann)
    assert web.get(web.confirm_path(ann), Cookie=cookie).form.buttons == 1
    assert web.standing(ann) == "pending"


def test_the_cookie_of_another_address_confirms_nothing(web: Web, ann: str) -> None:
    web.sign_up(ann)
    other = web.sign_up(f"not-{ann}").cookie
    assert web.get(web.confirm_path(ann), Cookie=other).form.buttons == 1
    assert web.standing(ann) == "pending"


def test_the_cookie_is_good_for_another_spelling_of_the_same_address(web: Web, ann: str) -> None:
    web.sign_up(ann)
    path, cookie = web.confirm_path(ann), web.sign_up(ann.upper()).cookie
    web.get(path, Cookie=cookie)
    assert web.standing(ann) == "active"


def test_pressing_twice_and_coming_back_is_fine(web: Web, ann: str) -> None:
    web.sign_up(ann)
    path = web.confirm_path(ann)
    answers = [web.ask(method, path) for method in ("POST", "POST", "GET", "HEAD")]
    assert [answer.status for answer in answers] == [200] * 4
    assert all("You are subscribed" in answer.text for answer in answers[:3])
    assert web.standing(ann) == "active"


def test_a_link_is_good_for_seven_days_and_then_says_that_it_is_too_old(web: Web, ann: str) -> None:
    cookie = web.sign_up(ann).cookie
    path = web.confirm_path(ann)
    web.clock.move(days=6, hours=23)
    assert web.get(path).status == 200
    web.clock.move(days=1, hours=1)
    answers = [web.ask(method, path, headers={"Cookie": cookie}) for method in ("GET", "POST")]
    assert [answer.status for answer in answers] == [410, 410]
    assert "This link is too old" in answers[0].text
    assert web.standing(ann) == "pending"


def test_the_link_of_a_forgotten_sign_up_says_so(web: Web, ann: str) -> None:
    web.sign_up(ann)
    path = web.confirm_path(ann)
    with web.publication.storage.write() as tx:
        tx.subscribers.forget_unconfirmed(web.clock().replace(year=2100))
    answer = web.get(path)
    assert answer.status == 410
    assert "was forgotten, since nobody confirmed it in time" in answer.text


def test_forged_links_and_those_made_for_something_else_are_not_found(web: Web, ann: str) -> None:
    web.sign_up(ann)
    path = web.confirm_path(ann)
    keys, leave = web.publication.keys, web.leave_path(ann)
    handle = leave.rpartition("/")[2][:16]
    token = path.rpartition("/")[2]
    forged = [
        "x",
        token[:-1],
        token + "x",
        token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1],
        token.replace(".", "%00", 1),
        token.split(".")[0],
        sign(keys, "form", handle, web.clock()),
        sign(keys, "browser", handle, web.clock()),
        fixed_token(keys, "leave", handle),
        "a" * 5000,
        "%ff%fe",
        "\u00e9".encode().hex(),
    ]
    for word in forged:
        for method in ("GET", "POST"):
            assert web.ask(method, f"/confirm/{word}").status == 404, word
    assert web.standing(ann) == "pending"


def test_a_key_that_was_replaced_still_proves_its_links(tmp_path: Path) -> None:
    address, old, new = "ann@example.org", "the first key of this site, long enough", "the second key of this site, new"
    with served(tmp_path / "site", changes={"secret_key": old}) as web:
        cookie = web.sign_up(address).cookie
        path = web.confirm_path(address)
        at = web.clock.at
    with served(tmp_path / "site", changes={"secret_key": new}) as web:
        assert web.get(path).status == 404
    with served(tmp_path / "site", changes={"secret_key": new, "old_secret_keys": (old,)}) as web:
        web.clock.at = at
        assert web.get(path).form.buttons == 1
        assert web.press(web.get(path).form).status == 200
        assert cookie
        assert web.standing(address) == "active"
