"""What the rules are asked of, and how an answer is looked at."""

from tests.site import Answer

FEEDS = ("/rss.xml", "/atom.xml", "/feed.json", "/tags/tides/rss.xml", "/tags/tides/atom.xml", "/tags/b%C3%A4r/rss.xml")
PAGE = "/2026/11/low-water/"
TEXTS = (*FEEDS, "/", PAGE, "/style.css", "/note.txt")
FILES = (*TEXTS, "/bell.mp3", "/short.txt", "/odd.xyz")


def headers_of(answer: Answer) -> dict[str, str]:
    passing = ("date", "connection", "keep-alive", "server")
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in passing}


def once(answer: Answer, name: str) -> str | None:
    found = answer.headers.get_all(name) or []
    assert len(found) <= 1, f"{name}: {found}"
    return found[0] if found else None
