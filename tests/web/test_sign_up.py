"""Whoever types an address learns nothing about it; its owner gets one letter a day at most."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.site import Answer, Hand, Web, served

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for all tests here: each has readers of its own."""
    with served(tmp_path_factory.mktemp("sign-up") / "site") as found:
        yield found


@pytest.fixture
def ann(number: int) -> str:
    return f"ann{number}@example.org"


@pytest.fixture
def ben(number: int) -> str:
    return f"ben{number}@example.org"


@pytest.fixture
def number() -> int:
    return next(_numbers)


_numbers = count(100)


def _pending(web: Web, ann: str) -> None:
    web.sign_up(ann)
    web.clock.move(days=2)


def _active(web: Web, ann: str) -> None:
    web.join(ann)
    web.clock.move(days=2)


def _gone(web: Web, ann: str) -> None:
    web.join(ann)
    web.ask("POST", web.leave_path(ann), form={"action": "leave"})
    web.clock.move(days=2)


def _suppressed(web: Web, ann: str) -> None:
    web.suppress(ann)


def _seen(answer: Answer, address: str) -> tuple[int, str, list[str]]:
    """All that a stranger sees, but for the address itself and the proof's digits."""
    headers = [
        f"{name}: {'LENGTH' if name == 'content-length' else value}"
        for name, value in answer.headers.items()
        if name not in ("date", "set-cookie")
    ]
    name_and_value, *attributes = answer.headers["Set-Cookie"].split("; ")
    name, _, value = name_and_value.partition("=")
    return answer.status, answer.text.replace(address, "ADDRESS"), [*headers, *attributes, name, str(len(value))]


@pytest.mark.parametrize(
    ("before", "kinds"),
    [
        (_pending, {"confirm": 2}),
        (_active, {"confirm": 1, "already": 1}),
        (_gone, {"confirm": 2}),
        (_suppressed, {}),
    ],
)
def test_the_answer_is_the_same_whoever_it_is_and_only_the_letter_differs(
    web: Web, ann: str, ben: str, before: Callable[[Web, str], None], kinds: dict[str, int]
) -> None:
    before(web, ann)
    nobody_knows, known = web.sign_up(ben), web.sign_up(ann)
    assert _seen(known, ann) == _seen(nobody_knows, ben)
    assert known.status == 200
    assert "Now look at your mail" in known.text
    assert web.planned(ben) == {"confirm": 1}
    assert web.planned(ann) == kinds


def test_the_cookie_is_no_bearer_of_the_address_and_scripts_cannot_read_it(web: Web, ann: str) -> None:
    cookie = web.sign_up(ann).headers["Set-Cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=604800"} <= set(cookie.split("; "))
    assert "ann" not in cookie.lower()


def test_the_cookie_is_secure_where_links_lead_to_https(tmp_path: Path) -> None:
    with served(tmp_path / "site", changes={"service_url": "https://letters.example.org"}) as web:
        assert "Secure" in web.sign_up(ANN).headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize("token", ["", "made-up", "ImZvcm0i.awKS8A.NgCmu1zZ9n4J_ZBptFgJh1LQXqI"])
def test_a_form_without_our_token_leads_to_a_button_that_works(web: Web, ann: str, token: str) -> None:
    answer = web.ask("POST", "/subscribe", form={"email": ann, "token": token} if token else {"email": ann})
    assert (answer.status, answer.headers["Set-Cookie"], web.standing(ann)) == (200, None, None)
    assert answer.form.buttons == 1
    assert "Now look at your mail" in web.press(answer.form).text
    assert web.standing(ann) == "pending"


def test_a_form_that_was_open_for_two_days_leads_to_the_button(web: Web, ann: str, ben: str) -> None:
    form = web.get("/subscribe").form
    web.clock.move(hours=23)
    assert "look at your mail" in web.press(form, email=ann).text
    web.clock.move(hours=2)
    stale = web.press(form, email=ben)
    assert "One more step" in stale.text
    assert web.standing(ben) is None
    web.press(stale.form)
    assert web.standing(ben) == "pending"


def test_the_form_of_another_site_may_post_here(web: Web, ann: str) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = web.ask("POST", "/subscribe", form={"email": ann}, headers=foreign)
    assert "One more step" in answer.text


def test_the_form_works_under_whatever_name_the_host_was_called(web: Web, ann: str) -> None:
    """The page allows forms to its own host alone, which its reader may know as localhost."""
    page = web.get("/subscribe", Host=f"localhost:{web.port}")
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert page.form.action == "/subscribe"
    assert web.ask("POST", "/subscribe", form={"email": ann}).form.action == "/subscribe"


def test_who_fills_the_field_that_people_do_not_see_is_thanked_and_forgotten(web: Web, ann: str, ben: str) -> None:
    person, machine = web.sign_up(ben), web.sign_up(ann, website="https://buy.example")
    assert _seen(machine, ann) == _seen(person, ben)
    assert (web.standing(ann), web.letters(ann)) == (None, [])


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "ann@example",
        "ann@@example.org",
        "ann example.org",
        "ann@exa mple.org",
        "ann@example.org, ben@example.org",
        "ann@example.org;ben@example.org",
        "<ann@example.org>",
        "Ann <ann@example.org>",
        "ann@example.org>",
        "ann@example.org\r\nBcc: ben@example.org",
        "ann@example.org\nRCPT TO:<ben@example.org>",
        "ann\r\n@example.org",
        "ann@example.org\0",
        '"><script>alert(1)</script>@example.org',
        "{{ site }}@example.org{% x %}",
        "ann@" + "a" * 250 + ".org",
        "ann@[127.0.0.1]",
        "ann@localhost",
        "ann@\u202eexample.org",
    ],
)
def test_what_is_no_address_comes_back_with_the_reason(web: Web, typed: str) -> None:
    answer = web.sign_up(typed)
    assert answer.status == 400
    assert answer.headers["Set-Cookie"] is None
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text
    assert answer.form.fields["email"] == typed.strip()
    assert web.standing(typed.strip()) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  carl@example.org ", "carl@example.org"),
        ("Dora@EXAMPLE.org", "Dora@example.org"),
        ("emil+digest@example.org", "emil+digest@example.org"),
        ("fred@b\u00fccher.example", "fred@b\u00fccher.example"),
        ("gerd@xn--bcher-kva.example", "gerd@b\u00fccher.example"),
        ("o'hara&co@example.org", "o'hara&co@example.org"),
    ],
)
def test_what_is_an_address_is_kept_in_its_usual_spelling(web: Web, typed: str, kept: str) -> None:
    assert web.sign_up(typed).status == 200
    with web.publication.storage.read() as tx:
        assert [reader.address for reader in tx.subscribers.all()][-1] == kept


def test_the_address_is_shown_as_text(web: Web) -> None:
    shown = web.ask("POST", "/subscribe", form={"email": "<b>ann</b>"}).text
    assert "&lt;b&gt;ann&lt;/b&gt;" in shown
    assert "<b>ann</b>" not in shown


def test_one_address_gets_one_letter_a_day_however_it_is_spelled(tmp_path: Path) -> None:
    with served(tmp_path / "site", clock=Hand()) as web:
        for typed in (ANN, ANN, ANN.upper(), "Ann@example.org"):
            web.sign_up(typed)
            web.clock.move(hours=5)
        assert web.planned(ANN) == {"confirm": 1}
        assert len(web.letters()) == 1
        web.clock.move(hours=4, seconds=1)
        web.sign_up(ANN)
        assert web.planned(ANN) == {"confirm": 2}
        assert len(web.letters(ANN)) == 2


def test_who_has_the_digest_already_is_told_so_by_mail_alone(web: Web, ann: str) -> None:
    web.join(ann)
    web.clock.move(days=1)
    web.sign_up(ann)
    web.sign_up(ann)
    assert web.standing(ann) == "active"
    assert [str(letter["Subject"]) for letter in web.letters(ann)].count("You already get A notebook by email") == 1


def test_a_suppressed_address_gets_no_letter_ever(web: Web, ann: str) -> None:
    web.join(ann)
    web.suppress(ann)
    web.clock.move(days=2)
    before = len(web.letters())
    web.sign_up(ann)
    assert len(web.letters()) == before


def test_without_a_way_for_mail_to_leave_nobody_is_taken(tmp_path: Path) -> None:
    with served(tmp_path / "site", changes={"mail_transport": "smtp"}) as web:
        page = web.get("/subscribe")
        assert page.status == 200
        assert "<form" not in page.text
        button = web.ask("POST", "/subscribe", form={"email": ANN})
        answer = web.press(button.form)
        assert (answer.status, web.standing(ANN)) == (503, None)
        assert "The feeds work without it" in answer.text


def test_the_form_by_get_and_head_is_never_kept_in_a_cache(web: Web) -> None:
    page, head = web.get("/subscribe"), web.ask("HEAD", "/subscribe")
    assert (page.status, head.status, head.body) == (200, 200, b"")
    assert page.headers["Cache-Control"] == head.headers["Cache-Control"] == "no-store"
    assert page.headers["Set-Cookie"] is None
    assert web.get("/subscribe/").form.action == "/subscribe"


def test_files_and_repeated_fields_in_the_form_do_no_harm(web: Web) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="email"; filename="a.txt"\r\n\r\nann@example.org\r\n--x--\r\n'
    answer = web.ask("POST", "/subscribe", body=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 200
    broken = web.ask("POST", "/subscribe", body=body[:40], headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert broken.status in (200, 400)
    odd = web.ask("POST", "/subscribe", body=b"email=%ff%00&email=b&&&=;%%%", headers={"Content-Type": "text/plain"})
    assert odd.status == 200
    assert web.standing(ANN) is None
