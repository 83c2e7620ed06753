"""Files that are written whole or not at all; letters that become files."""

import os
import time
from pathlib import Path

import pytest

from publisher.core.errors import PublisherError
from publisher.core.model import Envelope
from publisher.disk import new_file, read_text, write
from publisher.disk.letters import MailFolder
from tests.disk.folders import end, names, python


def test_a_file_is_written_with_its_folders_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    assert write(path, b"one", mode=0o600, is_durable=True) is True
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["a/b/c.txt"]


def test_an_unchanged_file_is_left_alone_with_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, b"one")
    os.utime(path, ns=(10**18, 10**18))
    before = path.stat()
    assert write(path, b"one") is False
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert write(path, b"two") is True
    assert path.stat().st_mtime_ns > 10**18


def test_who_has_the_old_file_open_goes_on_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, b"old")
    with path.open("rb") as file:
        write(path, b"new")
        assert file.read() == b"old"
    assert path.read_bytes() == b"new"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        write(tmp_path / "a", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_file_gets_its_name_when_it_is_whole_and_is_secret_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with new_file(path, mode=0o600, is_durable=True) as file:
        (other,) = (each for each in tmp_path.iterdir() if each != path)
        assert other.stat().st_mode & 0o777 == 0o600
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_file_whose_writer_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail() -> None:
        with new_file(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
from pathlib import Path
from publisher.disk import write
path, size, n = Path(sys.argv[1]), 4_000_000, 0
print("ready", flush=True)
while True:
    n += 1
    write(path, (b"%08d" % n) * (size // 8))
"""


def test_a_killed_writer_leaves_the_old_file_or_the_new_and_never_half(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for milliseconds in (0, 3, 7, 12, 20):
        process = python(WRITER, path)
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(milliseconds / 1000)
        end(process)
        data = path.read_bytes()
        assert len(data) == 4_000_000
        assert data == data[:8] * 500_000


def test_a_text_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_text(tmp_path / "a") is None
    write(tmp_path / "a", "é\n".encode())
    assert read_text(tmp_path / "a") == "é\n"


def test_a_text_that_is_none_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(PublisherError, match=r"/a: the file is not UTF-8"):
        read_text(tmp_path / "a")


def test_a_letter_becomes_one_file_however_often_it_is_sent(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path / "mail")
    message = b"To: bob@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"
    envelope = Envelope(mail_from="bounces+1@example.org", rcpt_to="bob@example.org", message=message)
    line = folder.connect()
    answers = [line.begin(envelope) for _ in range(2)]
    line.close()
    assert [answer.reply.code for answer in answers if answer.reply] == [250, 250]
    (path,) = folder.folder.iterdir()
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == (
        b"Return-Path: <bounces+1@example.org>\r\nX-Envelope-To: <bob@example.org>\r\n" + message
    )
    other = Envelope(mail_from="a@b.org", rcpt_to="c@d.org", message=message.replace(b"<1@", b"<2@"))
    folder.begin(other)
    assert len(list(folder.folder.iterdir())) == 2
