"""A week in the life of a publication, with real programs only: publisher in processes of its own, Postfix and Dovecot
for the mail, Chromium for the readers, cron's `tick` on some days. It is the week in which Berlin's clocks go forward.

With PUBLISHER_SCREENSHOTS=FOLDER it leaves pictures of what the readers saw: light, dark, and 320 px wide.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import feedparser
import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.processes import Site, get
from tests.servers.chromium import axe
from tests.servers.dovecot import Dovecot
from tests.servers.loopback import wait_until
from tests.servers.postfix import Postfix

DIGEST_TIME = "07:30"
TITLE = "Ebb & Flow"
NOT_FOR_LETTERS = {"landmark-one-main", "region"}
"""Rules of axe about landmarks: a letter stands inside the page of a mail program, which has its own."""

GAUGE = """\
---
title: What the gauge says
date: 2027-03-25T09:00:00
tags: [tide, measuring]
---
The water stood at **3.12 m** this morning, and [the table](https://tides.test/table) had said 3.05 m.

![A line that rises and falls](images/gauge.png)

## How it is read

1. Wait until the *float* is still.
2. Read the mark below the needle, `mm` and all.

| hour  | metres |
|-------|-------:|
| 06:00 |   2.31 |
| 09:00 |   3.12 |

> A gauge that nobody reads is a stick.

```python
def metres(marks: int, offset: float = 0.05) -> float:
    return marks / 1000 + offset  # a line of code that is longer than a narrow screen is wide, by far
```

Some words are long: Bundesausbildungsförderungsgesetzänderungsverordnungsentwurf.[^1]

[^1]: This one was.
"""
SALT = "---\ntitle: Salt\ndate: 2027-03-27T07:00:00\ntags: [measuring]\n---\nThirty-one grams of it in a litre.\n"
EELGRASS = "---\ntitle: Eelgrass\ndate: 2027-03-28T07:00:00\n---\nIt came back on its own.\n"
EARLY = "---\ntitle: Five minutes early\ndate: 2027-03-29T07:26:00\n---\nHigh water did not wait for the table.\n"

Day = Literal["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday"]
_DAYS: dict[Day, int] = {"Thursday": 25, "Friday": 26, "Saturday": 27, "Sunday": 28, "Monday": 29, "Tuesday": 30}


def berlin(day: Day, clock: str) -> datetime:
    """That day of March 2027, at this time on Berlin's walls."""
    hour, minute = clock.split(":")
    return datetime(2027, 3, _DAYS[day], int(hour), int(minute), tzinfo=ZoneInfo("Europe/Berlin"))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who takes part."""

    site: Site
    postfix: Postfix
    dovecot: Dovecot
    browser: Browser
    domain: str
    is_watched: bool
    """Every page and letter is looked at closely. Once is enough, for no page depends on the database."""
    complaints: list[str] = field(default_factory=list)
    """What browsers wrote on their consoles."""

    @property
    def ann(self) -> str:
        return f"ann@{self.domain}"

    @property
    def bob(self) -> str:
        return f"bob@{self.domain}"


@pytest.fixture(params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, postfix: Postfix, dovecot: Dovecot, chromium: Browser
) -> World:
    site = Site(tmp_path / "site")
    on_postgresql = request.param == "postgresql"
    database = request.getfixturevalue("postgresql").create_database() if on_postgresql else None
    begin(site, postfix, database)
    return World(
        site=site,
        postfix=postfix,
        dovecot=dovecot,
        browser=chromium,
        domain=f"{request.param}-week.test",
        is_watched=not on_postgresql,
    )


def begin(site: Site, postfix: Postfix, database: str | None) -> None:
    """`init`, and the settings that a writer would make."""
    done = site.run("init", now=berlin("Thursday", "08:55"))
    assert done.code == 0, done.err
    assert (site.folder / ".env").stat().st_mode & 0o777 == 0o600
    site.set(
        SITE_URL=site.url,
        SITE_TITLE=f"'{TITLE}'",
        SITE_DESCRIPTION="Notes from the edge of the sea.",
        AUTHOR_NAME="Die Küstenwache",
        TIMEZONE="Europe/Berlin",
        DIGEST_TIME=DIGEST_TIME,
        MAIL_FROM="Die Küstenwache <gauge@news.test>",
        MAIL_DOMAIN="news.test",
        POSTAL_ADDRESS="'Example Road 1, 00000 Nowhere'",
        SMTP_HOST=postfix.host,
        SMTP_PORT=postfix.port,
        SMTP_SECURITY="none",
        **({"DATABASE_URL": database} if database else {}),
    )
    (site.folder / "posts" / "images").mkdir()
    (site.folder / "posts" / "images" / "gauge.png").write_bytes(a_picture(1200, 400))


@pytest.mark.timeout(240)
def test_a_week(world: World) -> None:
    thursday_two_readers_sign_up_and_a_post_comes_out(world)
    friday_it_arrives_once(world)
    saturday_there_is_nothing_new(world)
    sunday_the_clocks_go_forward_and_one_reader_leaves(world)
    monday_only_the_other_one_gets_mail(world)
    tuesday_the_post_that_was_too_late_arrives(world)
    assert world.complaints == []


def thursday_two_readers_sign_up_and_a_post_comes_out(world: World) -> None:
    with world.site.served(berlin("Thursday", "09:00")):
        if world.is_watched:
            a_visitor_looks_around(world)
        ann_signs_up_and_confirms_in_the_same_browser(world)
        bob_confirms_in_another_browser(world)
        the_writer_saves_a_post(world)


def friday_it_arrives_once(world: World) -> None:
    with world.site.served(berlin("Friday", "07:31")):
        for reader in (world.ann, world.bob):
            world.dovecot.wait_for(reader, 2)
        if world.is_watched:
            look_at_letter(world, inbox(world, world.ann)[-1], "digest")
    for reader in (world.ann, world.bob):
        assert subjects(world, reader) == [f"Please confirm: new posts from {TITLE}", "What the gauge says"]
        a_digest_is_as_promised(world, reader, at=berlin("Friday", DIGEST_TIME), holds=["gauge"])
    own = [identity(world, reader) for reader in (world.ann, world.bob)]
    assert len(set(own)) == 2, "each reader has a Message-ID, a return path and a way out of their own"


def saturday_there_is_nothing_new(world: World) -> None:
    """Ann has forgotten that she signed up, and uses the form that a friend has put on their own site."""
    with world.site.served(berlin("Saturday", "07:31")) as serve:
        serve.wait_for_event("site.built")
        with a_person(world) as page:
            form = (
                f"<form method=post action='{world.site.url}/subscribe'><input name=email value='{world.ann}'><button>"
            )
            open_elsewhere(world, page, form)
            the_only_button(page).click()
            look(world, page, "one-more-step")
            the_only_button(page).click()
        world.dovecot.wait_for(world.ann, 3)
        if world.is_watched:
            look_at_letter(world, inbox(world, world.ann)[-1], "already")
        publish(world, "salt", SALT)
    assert subjects(world, world.ann)[2:] == [f"You already get {TITLE} by email"]
    assert len(inbox(world, world.bob)) == 2
    assert world.site.rows("SELECT count(*) FROM editions") == [(1,)]


def sunday_the_clocks_go_forward_and_one_reader_leaves(world: World) -> None:
    with world.site.served(berlin("Sunday", "07:31")):
        world.dovecot.wait_for(world.ann, 4)
        world.dovecot.wait_for(world.bob, 3)
        ann_leaves_in_one_click(world)
        bob_leaves_by_the_button_and_takes_it_back(world)
        publish(world, "eelgrass", EELGRASS)
    assert subjects(world, world.ann)[3:] == ["Salt"]
    assert subjects(world, world.bob)[2:] == ["Salt"]
    for reader in (world.ann, world.bob):
        a_digest_is_as_promised(world, reader, at=berlin("Sunday", DIGEST_TIME), holds=["salt"])


def monday_only_the_other_one_gets_mail(world: World) -> None:
    """From now on cron calls. The post that is saved five minutes before the digest can still be taken back, so it waits."""
    world.site.write("early.md", EARLY)
    before = world.site.ask("tick", now=berlin("Monday", "07:26"))
    assert (before["editions"], before["letters"]) == ([], {})
    after = world.site.ask("tick", now=berlin("Monday", "07:31"))
    assert (len(after["editions"]), after["letters"]) == (1, {"sent": 1})
    assert subjects(world, world.bob)[3:] == ["Eelgrass"]
    assert len(inbox(world, world.ann)) == 4
    a_digest_is_as_promised(world, world.bob, at=berlin("Monday", DIGEST_TIME), holds=["eelgrass"])


def tuesday_the_post_that_was_too_late_arrives(world: World) -> None:
    for letters in ({"sent": 1}, {}):
        assert world.site.ask("tick", now=berlin("Tuesday", "07:31"))["letters"] == letters
    assert subjects(world, world.bob)[4:] == ["Five minutes early"]
    assert len(inbox(world, world.ann)) == 4
    editions = world.site.ask("editions", "list")
    assert [(edition["number"], edition["state"]) for edition in editions] == [(n, "sent") for n in (4, 3, 2, 1)]


# What happens on the web


def a_visitor_looks_around(world: World) -> None:
    with a_person(world) as page:
        page.goto(world.site.url)
        look(world, page, "first-index")
        page.get_by_role("link", name="The first post").click()
        look(world, page, "first-post")
        page.get_by_role("link", name="Archive").first.click()
        look(world, page, "archive")
        page.get_by_role("main").get_by_role("link", name="notes").click()
        look(world, page, "tag")
        answer = page.goto(f"{world.site.url}/nowhere/")
        assert answer is not None
        assert answer.status == 404
        look(world, page, "404")


def ann_signs_up_and_confirms_in_the_same_browser(world: World) -> None:
    with a_person(world) as page:
        page.goto(world.site.url)
        page.get_by_role("link", name="Subscribe").first.click()
        look(world, page, "subscribe")
        sign_up(page, "ann@nowhere")
        assert page.get_by_role("alert").is_visible()
        assert page.input_value("input[type=email]") == "ann@nowhere"
        look(world, page, "subscribe-with-error")
        sign_up(page, world.ann)
        look(world, page, "check-your-mail")
        [letter] = [parsed(raw) for raw in world.dovecot.wait_for(world.ann)]
        a_confirm_letter_is_as_promised(world, letter, world.ann)
        if world.is_watched:
            look_at_letter(world, letter, "confirm-letter")
        assert standing(world, world.ann) == "pending"
        open_elsewhere(world, page, part(letter, "html"))
        page.locator("a[href*='/confirm/']").first.click()
        look(world, page, "confirmed")
        assert standing(world, world.ann) == "active"


def bob_confirms_in_another_browser(world: World) -> None:
    with a_person(world) as page:
        page.goto(f"{world.site.url}/subscribe")
        sign_up(page, world.bob)
    [letter] = [parsed(raw) for raw in world.dovecot.wait_for(world.bob)]
    link = confirm_link(letter)
    for method in ("GET", "HEAD"):
        answer = get(link, method=method, headers={"User-Agent": "MailScanner/1.0"})
        assert (answer.status, standing(world, world.bob)) == (200, "pending")
    with a_person(world) as page:
        page.goto(link)
        look(world, page, "confirm")
        assert standing(world, world.bob) == "pending"
        the_only_button(page).click()
        thanks = page.inner_text("main")
        assert standing(world, world.bob) == "active"
        page.goto(link)
        assert page.inner_text("main") == thanks, "confirmed already is confirmed"


def the_writer_saves_a_post(world: World) -> None:
    url = publish(world, "what-the-gauge-says", GAUGE)
    for name in ("rss.xml", "atom.xml", "tags/tide/rss.xml", "tags/tide/atom.xml"):
        answer = get(f"{world.site.url}/{name}")
        feed = feedparser.parse(answer.body, response_headers={"content-type": answer.headers["content-type"]})
        assert feed.bozo == 0, feed.bozo_exception
        assert feed.entries[0].title == "What the gauge says"
        assert feed.entries[0].link == url
        assert ("The first post" in [entry.title for entry in feed.entries]) is not name.startswith("tags/")
    with a_person(world) as page:
        page.goto(world.site.url)
        look(world, page, "index")
        page.get_by_role("link", name="What the gauge says").click()
        assert page.url == url
        page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        look(world, page, "post")


def publish(world: World, name: str, text: str) -> str:
    """Save a post while the site is served; its address, when it is there. The site's Atom feed is written last of all."""
    world.site.write(f"{name}.md", text)
    url = f"{world.site.url}/2027/03/{name}/"
    wait_until(lambda: url.encode() in get(f"{world.site.url}/atom.xml").body, f"{name} in the feed")
    assert get(url).status == 200
    return url


def ann_leaves_in_one_click(world: World) -> None:
    """As her mail program does it, when she presses its button (RFC 8058)."""
    url = one_click_url(inbox(world, world.ann)[-1])
    for method in ("GET", "HEAD"):
        assert get(url, method=method).status == 200
    assert standing(world, world.ann) == "active"
    answer = get(
        url,
        method="POST",
        body=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert standing(world, world.ann) == "gone"


def bob_leaves_by_the_button_and_takes_it_back(world: World) -> None:
    with a_person(world) as page:
        open_elsewhere(world, page, part(inbox(world, world.bob)[-1], "html"))
        page.locator("a[href*='/u/']").first.click()
        look(world, page, "leave")
        assert standing(world, world.bob) == "active"
        the_only_button(page).click()
        assert standing(world, world.bob) == "gone"
        look(world, page, "left")
        the_only_button(page).click()
        look(world, page, "welcome-back")
        assert standing(world, world.bob) == "active"


def sign_up(page: Page, address: str) -> None:
    page.get_by_label("Your email address").fill(address)
    page.get_by_role("button", name="Subscribe").click()


def the_only_button(page: Page) -> Locator:
    found = page.get_by_role("button")
    assert found.count() == 1
    return found


def open_elsewhere(world: World, page: Page, html: str) -> None:
    """On a site that is not ours, like a friend's, or a mail program in the browser: for browsers, `localhost` is one."""
    (world.site.folder / "public" / "elsewhere.html").write_text(html)
    page.goto(f"http://localhost:{world.site.port}/elsewhere.html")


@contextmanager
def a_person(world: World) -> Iterator[Page]:
    """Somebody with a browser of their own."""
    with ExitStack() as stack:
        context = world.browser.new_context(reduced_motion="reduce")
        stack.callback(context.close)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: world.complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                world.complaints.append(f"{page.url}: {said.text}")
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        yield page


def standing(world: World, reader: str) -> str:
    [(found,)] = world.site.rows(f"SELECT standing FROM subscribers WHERE address = '{reader}'")
    return str(found)


# What happens in the mail


def inbox(world: World, reader: str) -> list[EmailMessage]:
    """All of it: nothing is on its way any more."""
    wait_until(lambda: world.postfix.queue_length() == 0, "an empty queue")
    return [parsed(raw) for raw in world.dovecot.mailbox(reader)]


def subjects(world: World, reader: str) -> list[str]:
    return [str(letter["Subject"]) for letter in inbox(world, reader)]


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def part(letter: EmailMessage, kind: Literal["plain", "html"]) -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def confirm_link(letter: EmailMessage) -> str:
    [link] = re.findall(r"^http://\S+/confirm/\S+$", part(letter, "plain"), re.MULTILINE)
    return str(link)


def one_click_url(letter: EmailMessage) -> str:
    found = re.fullmatch(
        r"<(http://[^>]+)>, ?<mailto:unsubscribe\+([0-9a-f]{32})@news\.test>", letter["List-Unsubscribe"]
    )
    assert found, letter["List-Unsubscribe"]
    assert found[1].endswith(f"/u/{found[2]}")
    return found[1]


def identity(world: World, reader: str) -> tuple[str, str, str]:
    letter = inbox(world, reader)[-1]
    return str(letter["Message-ID"]), str(letter["Return-Path"]), one_click_url(letter)


def a_letter_is_as_promised(letter: EmailMessage, reader: str) -> None:
    """What holds for every letter: 3-mail.md."""
    assert letter.get_content_type() == "multipart/alternative"
    assert [inner.get_content_type() for inner in letter.iter_parts()] == ["text/plain", "text/html"]
    assert {inner["Content-Transfer-Encoding"] for inner in letter.iter_parts()} == {"quoted-printable"}
    assert (letter["From"], letter["To"]) == ("Die Küstenwache <gauge@news.test>", reader)
    assert re.fullmatch(r"<[0-9a-f]{32}@news\.test>", letter["Message-ID"])
    assert re.fullmatch(r"<bounces\+[0-9a-f]{32}@news\.test>", letter["Return-Path"])
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.defects == []
    once = ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Return-Path", "Feedback-ID")
    assert {name: len(letter.get_all(name, [])) for name in once} == dict.fromkeys(once, 1)
    body = letter.as_bytes().split(b"\n\n", 1)[1]
    assert max(map(len, body.splitlines())) <= 76  # RFC 2045, 6.7
    for text in (part(letter, "plain"), part(letter, "html")):
        assert "Example Road 1, 00000 Nowhere" in text


def a_confirm_letter_is_as_promised(world: World, letter: EmailMessage, reader: str) -> None:
    a_letter_is_as_promised(letter, reader)
    assert letter["Subject"] == f"Please confirm: new posts from {TITLE}"
    assert letter["Feedback-ID"] == "0:confirm:publisher:127.0.0.1"
    assert letter["List-Unsubscribe"] is None
    assert parsedate_to_datetime(letter["Date"]) - berlin("Thursday", "09:00") < timedelta(minutes=5)
    link = confirm_link(letter)
    assert link.startswith(f"{world.site.url}/confirm/")
    assert f'href="{link}"' in part(letter, "html")


def a_digest_is_as_promised(world: World, reader: str, *, at: datetime, holds: list[str]) -> None:
    """The newest letter of this reader, and which of the posts it holds."""
    letter = inbox(world, reader)[-1]
    a_letter_is_as_promised(letter, reader)
    leave_url = one_click_url(letter)
    assert leave_url.startswith(f"{world.site.url}/u/")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Id"] == "<digest.127.0.0.1>"
    assert letter["List-Archive"] == f"<{world.site.url}/archive/>"
    assert letter["Precedence"] == "bulk"
    assert re.fullmatch(r"\d+:digest:publisher:127\.0\.0\.1", letter["Feedback-ID"])
    assert timedelta() <= parsedate_to_datetime(letter["Date"]) - at < timedelta(minutes=5)
    signs = {
        "first": "The first post",
        "gauge": "What the gauge says",
        "salt": "Thirty-one grams",
        "eelgrass": "It came back on its own.",
        "early": "High water did not wait",
    }
    for text in (part(letter, "plain"), part(letter, "html")):
        assert leave_url in text
        assert [name for name, sign in signs.items() if sign in text] == holds


# What it looks like


def look(world: World, page: Page, name: str, *, excepted: Set[str] = frozenset()) -> None:
    """No rule of accessibility is broken, in light or in dark, and nothing runs off a narrow screen."""
    if not world.is_watched:
        return
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert broken_rules(page, excepted) == [], f"{name}, {scheme}"
        take_picture(page, f"{name}-{scheme}")
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size({"width": 320, "height": 640})
    take_picture(page, f"{name}-320")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"{name} scrolls to the side"
    page.set_viewport_size(wide)


def look_at_letter(world: World, letter: EmailMessage, name: str) -> None:
    with a_person(world) as page:
        open_elsewhere(world, page, part(letter, "html"))
        page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        look(world, page, name, excepted=NOT_FOR_LETTERS)


def broken_rules(page: Page, excepted: Set[str]) -> list[dict[str, Any]]:
    return [
        {"rule": found["id"], "help": found["help"], "nodes": [node["html"] for node in found["nodes"]]}
        for found in axe(page)
        if found["id"] not in excepted
    ]


def take_picture(page: Page, name: str) -> None:
    folder = os.environ.get("PUBLISHER_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def a_picture(width: int, height: int) -> bytes:
    """A PNG of a wave."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    levels = [height // 2 + (x % 300 - 150) ** 2 // 200 for x in range(width)]
    rows = (bytes(40 if y > level else 220 for level in levels) for y in range(height))
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
