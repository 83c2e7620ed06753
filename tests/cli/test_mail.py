"""The commands about mail, on a clock that the test sets: tick, send, release, editions, subscribers, status."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.actions.subscribe import add, sign_up
from publisher.actions.tick import tick
from publisher.app import open_app
from tests.core.signed_letters import ED25519_PEM, RSA_PEM, SENDER, believed
from tests.site import POST, START, Ran, new_site, publisher, python_m_publisher

ANN, BEN = "ann@example.org", "ben@example.org"


class Site:
    """A site whose letters become files, and its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = new_site(folder, {"MAIL_TRANSPORT": "file", "SITE_TITLE": "Low Water", "LOG_LEVEL": "error"})

    def run(self, *arguments: str) -> Ran:
        return publisher(*arguments, cwd=self.folder)

    def ask(self, *arguments: str) -> Any:
        """What a command that ends well prints with --json: one value, and nothing else."""
        done = self.run(*arguments, "--json")
        assert (done.code, done.err) == (0, ""), done
        return json.loads(done.out)

    def tick(self, day: int, time: str) -> Any:
        return self.ask("tick", "--now", f"2026-11-{day}T{time}:00Z")

    def write(self, *names: str) -> None:
        for name in names:
            (self.folder / "posts" / f"{name}.md").write_text(POST.replace("Low water", name))

    def letters(self) -> list[str]:
        return [path.read_text() for path in sorted((self.folder / "var" / "mail").glob("*.eml"))]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Two readers joined on the 22nd at 7:00; a post came out five minutes later, and its hold has passed at 7:20."""
    found = Site(tmp_path / "site")
    app = open_app(found.folder, now=START, environment={})
    tick(app.publication, START)
    for address, handle in ((ANN, "a" * 16), (BEN, "b" * 16)):
        add(app.publication, address, handle, START)
    found.write("Ebb")
    for minutes in (5, 20):
        tick(app.publication, START + timedelta(minutes=minutes))
    app.close()
    return found


def test_a_post_is_mailed_to_who_joined_before_it_and_only_after_its_hold(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    first = site.tick(22, "07:00")
    assert (first["posts"], first["released"], first["editions"]) == (1, 0, [])
    added = site.run("subscribers", "add", ANN, "--now", "2026-11-22T07:01:00Z")
    assert (added.code, added.out, added.err) == (0, "", f"{ANN} gets the digest.\n")
    site.write("Ebb")
    held = site.tick(22, "07:05")
    assert (held["posts"], held["released"]) == (2, 0)
    sent = site.tick(22, "08:00")
    assert (sent["released"], sent["editions"], sent["letters"]) == (1, [1], {"sent": 1})


def test_the_digest_leaves_at_its_hour_once(site: Site) -> None:
    sent = site.tick(22, "08:00")
    assert (sent["editions"], sent["held"], sent["letters"], sent["in_doubt"]) == ([1], [], {"sent": 2}, 0)
    assert set(sent) >= {"posts", "written", "released"}
    again = site.ask("send", "--now", "2026-11-22T09:00:00Z")
    assert again.pop("seconds") >= 0
    assert again == {"letters": {}, "in_doubt": 0, "put_off": 0, "per_second": 0.0, "left": 0}
    assert len(site.letters()) == 2
    assert all("Ebb" in letter and "The gauge stood dry" in letter for letter in site.letters())
    (edition,) = site.ask("editions", "list")
    assert edition == site.ask("editions", "show", "1")
    assert (edition["number"], edition["state"], edition["letters"]) == (1, "sent", {"sent": 2})
    assert len(edition["posts"]) == 1
    approved = site.run("editions", "approve", "1")
    assert (approved.code, approved.out) == (1, "")
    assert "edition 1 is sent, only a held one can be approved" in approved.err
    stands = site.ask("status", "--now", "2026-11-22T09:00:00Z")
    assert (stands["subscribers"], stands["letters"], stands["attention"]) == ({"active": 2}, {"sent": 2}, [])
    assert stands["next_at"] == "2026-11-23T08:00:00+00:00"
    assert stands["last_edition"].startswith("1, sent, 2026-11-22 08:00: ")


def test_every_letter_is_signed_by_the_keys_that_the_settings_name(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    (site.folder / "keys").mkdir()
    (site.folder / "keys" / "rsa.pem").write_bytes(RSA_PEM)
    (site.folder / "ed25519.pem").write_bytes(ED25519_PEM)
    with (site.folder / ".env").open("a") as file:
        file.write("PUBLISHER_MAIL_FROM=Tea <me@example.org>\nPUBLISHER_DKIM_SELECTOR=test,brisbane\n")
        file.write(f"PUBLISHER_DKIM_KEY_FILE=keys/rsa.pem,{site.folder}/ed25519.pem\n")
    app = open_app(site.folder, now=START, environment={})
    tick(app.publication, START)
    add(app.publication, ANN, "a" * 16, START)
    sign_up(app.publication, BEN, "b" * 16, START)
    site.write("Ebb")
    for minutes in (5, 20):
        tick(app.publication, START + timedelta(minutes=minutes))
    app.close()
    assert site.tick(22, "08:00")["letters"] == {"sent": 2}
    letters = [path.read_bytes() for path in (site.folder / "var" / "mail").glob("*.eml")]
    assert sorted(b"List-Id" in letter for letter in letters) == [False, True]
    assert [believed(letter, SENDER) for letter in letters] == [{"test": True, "brisbane": True}] * 2


def test_a_digest_that_is_late_is_held_until_the_owner_says_so(site: Site) -> None:
    late = site.tick(26, "09:00")
    assert (late["editions"], late["held"], late["letters"]) == ([1], [1], {})
    shown = site.run("status", "--now", "2026-11-26T09:00:00Z")
    assert "attention     edition 1 is held: publisher editions approve 1" in shown.out
    assert site.run("editions", "approve", "1").err == "Edition 1 leaves with the next tick.\n"
    sent = site.run("send", "--now", "2026-11-26T09:01:00Z")
    assert sent.code == 0
    assert re.fullmatch(r"2 sent \(\d+\.\d s, \d+ a second\)\n", sent.out)
    assert site.run("send", "--now", "2026-11-26T09:02:00Z").out == "nothing to send\n"
    assert len(site.letters()) == 2


def test_a_held_edition_can_be_taken_back_and_its_posts_come_again(site: Site) -> None:
    site.tick(26, "09:00")
    done = site.run("editions", "cancel", "1", "--again", "--now", "2026-11-26T09:01:00Z")
    assert (done.code, done.err) == (0, "2 letters of edition 1 will not leave.\n")
    sent = site.tick(27, "08:00")
    assert (sent["editions"], sent["letters"]) == ([2], {"sent": 2})
    gone = site.run("editions", "show", "7")
    assert (gone.code, gone.out) == (1, "")
    assert "there is no edition 7, publisher editions list shows those there are" in gone.err


def test_readers_are_listed_shown_and_removed(site: Site) -> None:
    people = site.ask("subscribers", "list")
    assert [(reader["address"], reader["standing"], reader["source"]) for reader in people] == [
        (ANN, "active", "owner"),
        (BEN, "active", "owner"),
    ]
    assert site.run("subscribers", "remove", "ANN@example.org").err == "ANN@example.org gets no more mail.\n"
    shown = site.ask("subscribers", "show", ANN)
    assert (shown["standing"], shown["suppressed"]) == ("gone", None)
    assert site.tick(22, "08:00")["letters"] == {"sent": 1}
    for arguments, words in (
        (("add", "no address"), "@"),
        (("show", "nobody@example.org"), "nobody@example.org is no subscriber"),
    ):
        done = site.run("subscribers", *arguments)
        assert (done.code, done.out) == (1, "")
        assert words in done.err
        assert len(done.err.splitlines()) == 1


def test_many_new_posts_at_once_wait_for_the_owner(site: Site) -> None:
    site.write(*(f"Found {n}" for n in range(11)))
    assert site.tick(22, "07:30")["released"] == 0
    (line,) = site.ask("status", "--now", "2026-11-22T07:30:00Z")["attention"]
    assert line == "11 posts came at once and wait: publisher release, or publisher release --history"
    assert site.run("release", "--history").err == "11 posts will be mailed to nobody.\n"
    assert site.run("release").err == "No post waits for your word.\n"
    assert site.tick(22, "08:00")["letters"] == {"sent": 2}
    assert all("Found" not in letter for letter in site.letters())


def test_without_mail_every_command_says_so_and_uses_nothing_up(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")
    for arguments, code in ((("tick",), 0), (("send",), 1)):
        done = publisher(*arguments, cwd=site)
        assert done.code == code
        assert "No mail leaves" in done.err
        assert "PUBLISHER_SMTP_HOST" in done.err


@pytest.mark.parametrize(
    "arguments", ["tick", "send", "release", "status", "check", "editions list", "subscribers list"]
)
def test_every_command_starts_by_python_m_publisher_and_says_nothing_that_it_need_not(
    site: Site, arguments: str
) -> None:
    done = python_m_publisher(*arguments.split(), cwd=site.folder)
    assert done.code == 0
    assert done.err == ("No post waits for your word.\n" if arguments == "release" else "")
    assert bool(done.out) == (arguments != "release")


def test_why_tells_when_a_post_was_sent_and_by_whom(site: Site) -> None:
    site.tick(22, "08:00")
    told = site.run("why", ANN, "posts/Ebb.md")
    assert (told.code, told.err) == (0, "")
    assert re.fullmatch(
        r"posts/Ebb\.md, ann@example\.org: It was sent in edition 1: accepted `250 .+` by .+ at 2026-11-22 08:00 UTC, "
        r"at the first attempt\.\n",
        told.out,
    )
    found = site.ask("why", "ANN@example.org", "ebb")
    assert set(found) == {"address", "post", "case", "why", "until", "mend", "standing", "letters"}
    assert (found["case"], found["standing"], found["post"]["release"]) == ("sent", "active", 1)
    (letter,) = found["letters"]
    assert (letter["edition"], letter["state"], letter["attempts"], letter["doubts"]) == (1, "sent", 1, 0)
    assert letter["finished_at"] == "2026-11-22T08:00:00+00:00"


def test_why_tells_when_a_post_comes_or_why_it_never_does(site: Site) -> None:
    coming = site.ask("why", ANN, "Ebb", "--now", "2026-11-22T07:30:00Z")
    assert (coming["case"], coming["until"], coming["letters"]) == ("ahead", "2026-11-22T08:00:00+00:00", [])
    old = site.run("why", ANN, "/2026/11/low-water/")
    assert old.out == (
        "posts/low-water.md, ann@example.org: "
        "It was public when the ledger began, at 2026-11-22 07:00 UTC, and is mailed to nobody.\n"
    )
    site.write("Ebb", "Flow")
    (site.folder / "posts" / "Ebb.md").unlink()
    gone = site.ask("why", ANN, "/2026/11/ebb/", "--now", "2026-11-22T07:30:00Z")
    assert (gone["case"], gone["post"]["file"]) == ("withdrawn", "posts/Ebb.md")
    assert site.ask("why", "nobody@example.org", "low-water")["case"] == "unknown_address"


def test_why_names_the_nearest_posts_where_it_knows_none(site: Site) -> None:
    done = site.run("why", ANN, "low-watr")
    assert (done.code, done.out) == (1, "")
    assert done.err == "there is no post low-watr, the nearest is posts/low-water.md\n"
