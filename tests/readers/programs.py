"""Readers that are programs: newsboat and rss2email, from Debian."""

import mailbox
import os
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from pathlib import Path
from typing import Any, ClassVar

from tests.readers.shown import Shown
from tests.servers.packages import program


class Newsboat:
    """2.21 remembers validators from its second visit on, so that the third is the first with a 304."""

    visits_until_304: ClassVar[int] = 3
    shows_edits: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("newsboat",)

    def __init__(self, feed_url: str, folder: Path) -> None:
        self._folder = folder
        (folder / "urls").write_text(f"{feed_url}\n")
        (folder / "config").write_text("")

    def visit(self) -> None:
        _run(
            ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"],
            self._folder,
        )

    def shown(self) -> list[Shown]:
        columns = "title, url, author, pubDate, content, enclosure_url"
        with closing(sqlite3.connect(self._folder / "cache.db")) as cache:
            rows = cache.execute(f"SELECT {columns} FROM rss_item WHERE deleted = 0").fetchall()
        return [
            Shown(
                title=title,
                url=url,
                author=author,
                published_at=datetime.fromtimestamp(published, UTC),
                content=content,
                enclosure=enclosure,
            )
            for title, url, author, published, content, enclosure in rows
        ]


class Rss2email:
    """A letter for each entry, into a maildir. An entry that was mailed is not mailed again when it is edited."""

    visits_until_304: ClassVar[int] = 2
    shows_edits: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("rss2email",)

    def __init__(self, feed_url: str, folder: Path) -> None:
        self._folder = folder
        self._r2e("new", "reader@example.org")
        config = folder / "r2e.cfg"
        settings = {
            "email-protocol": "maildir",
            "maildir-path": folder / "mail",
            "maildir-mailbox": "",
            "date-header": True,
            "date-header-order": "issued",
            "name-format": "{author}",
            "html-mail": True,
        }
        kept = [line for line in config.read_text().splitlines() if line.partition(" = ")[0] not in settings]
        config.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in settings.items())]) + "\n")
        self._r2e("add", "notebook", feed_url)

    def visit(self) -> None:
        self._r2e("run")

    def shown(self) -> list[Shown]:
        box = mailbox.Maildir(self._folder / "mail", create=False)
        return [_read(message_from_bytes(box.get_bytes(key), policy=default)) for key in box.iterkeys()]

    def _r2e(self, *arguments: str) -> None:
        _run(["r2e", "-c", "r2e.cfg", "-d", "r2e.json", *arguments], self._folder)


def _read(letter: Any) -> Shown:
    assert isinstance(letter, EmailMessage)
    content = str(letter.get_content())
    enclosure = re.search(r'Enclosure: <a href="([^"]+)"', content)
    url = re.search(r'URL: <a href="([^"]+)"', content)
    return Shown(
        title=str(letter["Subject"]),
        url=url[1] if url else "",
        author=parseaddr(str(letter["From"]))[0],
        published_at=letter["Date"].datetime.astimezone(UTC),
        content=content,
        enclosure=enclosure[1] if enclosure else "",
    )


def _run(command: list[str], folder: Path) -> None:
    """At home in the folder, without a terminal."""
    found = program(command[0])
    assert found, f"{command[0]} is not installed"
    surroundings = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    done = subprocess.run(
        [found, *command[1:]], cwd=folder, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    assert "rror" not in done.stderr, done.stderr
