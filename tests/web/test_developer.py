"""/dev/mail shows every reader's links: to this machine alone, and only where it was asked for."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from tests.site import Web, raw, served

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with served(tmp_path_factory.mktemp("dev") / "site", is_dev=True) as found:
        yield found


@pytest.fixture(scope="module")
def letter(web: Web) -> str:
    """The path of the only letter's page."""
    web.sign_up(ANN)
    web.letters()
    links = _links(web, "/dev/mail")
    return next(link for link in links if link.startswith("/dev/mail/"))


def _links(web: Web, path: str) -> list[str]:
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value or "" for name, value in attrs if name in ("href", "src"))

    Links().feed(web.get(path).text)
    return [urlsplit(urljoin(path, link)).path for link in found]


def test_the_letters_are_listed_and_each_can_be_read_in_all_its_forms(web: Web, letter: str) -> None:
    assert ANN in web.get("/dev/mail").text
    links = _links(web, letter)
    assert {"/dev/mail", f"{letter}/html", f"{letter}/text", f"{letter}/source"} <= set(links)
    for link in links:
        assert web.get(link).status == 200, link
    path = web.confirm_path(ANN)
    assert all(path in web.get(f"{letter}/{part}").text for part in ("html", "text"))
    assert "Message-ID:" in web.get(f"{letter}/source").text


def test_what_is_no_letter_is_not_found(web: Web, letter: str) -> None:
    for path in (
        "/dev/mail/x",
        f"{letter}/pdf",
        "/dev/mail/..%2f..%2f.env",
        "/dev/mail/%2e%2e",
        "/dev/mail/a.b",
        "/dev/",
    ):
        assert web.get(path).status == 404, path


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "203.0.113.5"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "letters.example.org"},
        {"Host": "127.0.0.1.example.org"},
        {"Host": "localhost.example.org:8000"},
        {"Host": "203.0.113.5"},
        {"Host": "[broken"},
        {"Host": ""},
    ],
)
def test_nobody_else_sees_them(web: Web, letter: str, headers: dict[str, str]) -> None:
    for path in ("/dev/mail", letter, f"{letter}/source"):
        answer = web.ask("GET", path, headers=headers)
        assert (answer.status, ANN in answer.text) in ((403, False), (400, False))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:99", "localhost:8000", "[::1]:8000", "site.localhost"])
def test_the_machine_may_be_called_by_any_of_its_own_names(web: Web, letter: str, host: str) -> None:
    assert web.ask("GET", letter, headers={"Host": host}).status == 200


def test_without_dev_there_is_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    with served(tmp_path_factory.mktemp("no-dev") / "site") as web:
        web.sign_up(ANN)
        assert web.letters()
        assert [web.get(path).status for path in ("/dev/mail", "/dev/", "/dev", "/dev/preview")] == [404] * 4


def test_below_a_path_the_links_hold_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with served(tmp_path_factory.mktemp("dev-prefix") / "site", path="/blog", is_dev=True) as web:
        web.sign_up(ANN)
        web.letters()
        letter = _links(web, "/blog/dev/mail")[0]
        assert web.get(letter).status == 200
        assert all(web.get(link).status == 200 for link in _links(web, letter))


def test_a_host_that_can_not_be_read_breaks_no_page(web: Web) -> None:
    for path in ("/archive", "/", "/nothing"):
        request = f"GET {path} HTTP/1.1\r\nHost: [broken\r\nConnection: close\r\n\r\n"
        assert raw(web.port, request.encode()).split()[1] in (b"200", b"301", b"404", b"400")
