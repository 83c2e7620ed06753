"""What every request passes first."""

from collections.abc import Iterator

import pytest

from publisher.web.guard import BODY_LIMIT_BYTES
from tests.site import Web, forms, raw, served

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with served(tmp_path_factory.mktemp("guard") / "site") as found:
        yield found


@pytest.fixture(scope="module")
def confirm_path(web: Web) -> str:
    web.sign_up(ANN)
    return web.confirm_path(ANN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.elsewhere.example"},
        {"Origin": "http://[broken"},
    ],
)
def test_the_page_of_another_site_presses_no_button_of_ours(
    web: Web, confirm_path: str, headers: dict[str, str]
) -> None:
    for path, form in ((confirm_path, {}), (web.leave_path(ANN), {"action": "leave"}), ("/", {})):
        answer = web.ask("POST", path, form=form, headers=headers)
        assert (answer.status, answer.text) == (403, "This form was sent from another site.\n")
    assert web.standing(ANN) == "pending"


def test_our_own_pages_press_them(web: Web, confirm_path: str) -> None:
    ours = [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": f"http://127.0.0.1:{web.port}"},
        {"Origin": f"HTTP://127.0.0.1:{web.port}"},
        {},
    ]
    for headers in ours:
        assert web.ask("POST", web.leave_path(ANN), form={"action": "leave"}, headers=headers).status == 200
        assert web.ask("POST", confirm_path, headers=headers).status == 200
    assert web.standing(ANN) == "active"


@pytest.mark.parametrize("path", ["/subscribe", "/u/0123", "/", "/confirm/x"])
def test_a_body_that_says_it_is_too_large_is_not_read(web: Web, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {BODY_LIMIT_BYTES + 1}\r\n\r\n"
    assert raw(web.port, head.encode()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/subscribe", "/u/0123"])
def test_a_body_that_hides_its_length_is_cut_off(web: Web, path: str) -> None:
    chunk = b"1000\r\n" + b"a" * 4096 + b"\r\n"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert raw(web.port, head.encode() + chunk * 5).startswith(b"HTTP/1.1 413 ")


def test_a_body_of_the_largest_size_is_read(web: Web) -> None:
    body = b"email=not-an-address&token=" + b"a" * (BODY_LIMIT_BYTES - 27)
    assert len(body) == BODY_LIMIT_BYTES
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    assert web.ask("POST", "/subscribe", body=body, headers=sent).status == 200


def test_thousands_of_fields_are_refused_and_not_an_error_of_ours(web: Web) -> None:
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    assert web.ask("POST", "/subscribe", body=b"a=&" * 5000, headers=sent).status == 400


def test_pages_with_buttons_stand_in_no_frame_leak_no_address_and_are_found_by_no_search(
    web: Web, confirm_path: str
) -> None:
    button = web.ask("POST", "/subscribe", form={"email": ANN})
    pages = [web.get("/subscribe"), button, web.get(confirm_path), web.get(web.leave_path(ANN)), web.get("/u/x")]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "base-uri 'none'" in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<script" not in page.text
        assert " style=" not in page.text


def test_no_answer_is_to_be_guessed_at_and_none_names_the_server(web: Web) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    answers = [web.get(path) for path in ("/", "/rss.xml", "/nothing", "/subscribe", "/healthz", "/tags/tides")]
    answers += [web.ask("POST", "/", headers=cross), web.ask("POST", "/subscribe", body=b"a" * (BODY_LIMIT_BYTES + 1))]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer
        assert answer.headers["Server"] is None


def test_the_buttons_of_all_pages_lead_back_to_this_host(web: Web, confirm_path: str) -> None:
    pages = [web.get("/subscribe"), web.get(confirm_path), web.get(web.leave_path(ANN))]
    actions = [form.action for page in pages for form in forms(page.text)]
    assert all(action.startswith("/") and not action.startswith("//") for action in actions)


def test_the_health_of_the_process_can_be_asked_for(web: Web) -> None:
    answer = web.get("/healthz")
    assert (answer.status, answer.text, answer.headers["Cache-Control"]) == (200, "ok\n", "no-store")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "POST"])
def test_other_methods_change_nothing(web: Web, method: str) -> None:
    assert web.ask(method, "/rss.xml").status in (404, 405)
    assert web.get("/rss.xml").status == 200
