"""Files: whole or not at all, only ours taken away, and locks that end with their holder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from publisher.core.errors import Busy, PublisherError
from publisher.core.model import Envelope
from publisher.disk import (
    MANIFEST_NAME,
    Lock,
    MailFolder,
    Written,
    locked,
    read_posts,
    read_text,
    signature,
    write,
    write_output,
)

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000002800000 01e00806000000")


def make(folder: Path, *names: str, data: bytes = b"x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Another process, of the same Python and library."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str], *, how: int = signal.SIGKILL) -> None:
    process.send_signal(how)
    process.communicate()


# -- write


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


# -- write_output


def test_only_what_was_written_before_is_taken_away(tmp_path: Path) -> None:
    make(tmp_path, "foreign.txt", "deep/foreign.html", ".htaccess")
    assert write_output(tmp_path, {"index.html": b"1", "deep/er/a.html": b"2"}, {}) == Written(
        written=2, unchanged=0, removed=0
    )
    assert write_output(tmp_path, {"index.html": b"1"}, {}) == Written(written=0, unchanged=1, removed=1)
    assert names(tmp_path) == sorted([".htaccess", MANIFEST_NAME, "deep/foreign.html", "foreign.txt", "index.html"])
    assert not (tmp_path / "deep" / "er").exists()
    assert (tmp_path / MANIFEST_NAME).read_text() == "index.html\n"


def test_nothing_changed_touches_nothing(tmp_path: Path) -> None:
    make(tmp_path, "in/a.png")
    files, copies = {"index.html": b"1", "a/index.html": b"2"}, {"a.png": tmp_path / "in" / "a.png"}
    output = tmp_path / "out"
    write_output(output, files, copies)
    for path in output.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))
    os.utime(tmp_path / "in" / "a.png", ns=(10**18, 10**18))
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    assert write_output(output, files, copies) == Written(written=0, unchanged=3, removed=0)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before


def test_a_copy_has_the_bytes_and_the_time_of_its_source(tmp_path: Path) -> None:
    make(tmp_path, "a.png", data=b"one")
    os.utime(tmp_path / "a.png", ns=(10**18, 10**18 + 5))
    output = tmp_path / "out"
    copies = {"images/a.png": tmp_path / "a.png"}
    assert write_output(output, {}, copies).written == 1
    copy = output / "images" / "a.png"
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == (b"one", 10**18 + 5)
    (tmp_path / "a.png").write_bytes(b"two")
    assert write_output(output, {}, copies).written == 1
    assert copy.read_bytes() == b"two"
    assert write_output(output, {}, {}).removed == 1
    assert not (output / "images").exists()


def test_a_file_wins_over_a_copy_of_its_name_and_stays_as_it_is(tmp_path: Path) -> None:
    make(tmp_path, "index.html", data=b"asset")
    output = tmp_path / "out"
    copies = {"index.html": tmp_path / "index.html"}
    assert write_output(output, {"index.html": b"page"}, copies) == Written(written=1, unchanged=0, removed=0)
    assert write_output(output, {"index.html": b"page"}, copies) == Written(written=0, unchanged=1, removed=0)
    assert (output / "index.html").read_bytes() == b"page"


def test_a_file_that_somebody_took_away_comes_back_or_is_not_missed(tmp_path: Path) -> None:
    write_output(tmp_path, {"a": b"1", "b/c": b"2"}, {})
    (tmp_path / "a").unlink()
    (tmp_path / "b" / "c").unlink()
    assert write_output(tmp_path, {"a": b"1"}, {}).removed == 1
    assert names(tmp_path) == [MANIFEST_NAME, "a"]


def test_a_file_may_become_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    write_output(tmp_path, {"notes": b"file", "deep/er/a": b"1"}, {})
    write_output(tmp_path, {"notes/index.html": b"page", "deep": b"file"}, {})
    assert (tmp_path / "notes/index.html").read_bytes() == b"page"
    assert (tmp_path / "deep").read_bytes() == b"file"


def test_a_lost_manifest_deletes_nothing(tmp_path: Path) -> None:
    write_output(tmp_path, {"a": b"1", "b": b"2"}, {})
    (tmp_path / MANIFEST_NAME).unlink()
    assert write_output(tmp_path, {"a": b"1"}, {}).removed == 0
    assert names(tmp_path) == [MANIFEST_NAME, "a", "b"]


OUTPUT = """
import sys
from pathlib import Path
from publisher.disk import write_output
folder = Path(sys.argv[1])
print("ready", flush=True)
for n in range(1_000_000):
    write_output(folder, {f"{n % 7}/{m}": b"%d" % n for m in range(40)}, {})
"""


def test_after_a_kill_the_next_build_still_knows_what_is_ours(tmp_path: Path) -> None:
    make(tmp_path, "foreign.txt")
    for milliseconds in (0, 20, 45):
        process = python(OUTPUT, tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + milliseconds / 1000)
        end(process)
    write_output(tmp_path, {"index.html": b"1"}, {})
    left = [name for name in names(tmp_path) if not PurePosixPath(name).name.startswith(".new-")]
    assert left == [MANIFEST_NAME, "foreign.txt", "index.html"]


# -- read_posts


def test_posts_and_other_files_are_told_apart_and_hidden_ones_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "b.MARKDOWN", "deep/er/c.md", "d.txt", "deep/e.mp3", "f.html")
    make(tmp_path, ".ids", "_draft.md", ".hidden.md", "_parts/x.md", ".git/x.md", "a.md~", ".#a.md", "deep/_x.png")
    make(tmp_path, "pot.png", data=PNG)
    sources, assets = read_posts(tmp_path)
    assert [str(source.path) for source in sources] == ["a.md", "b.MARKDOWN", "deep/er/c.md"]
    assert {source.data for source in sources} == {b"x"}
    assert {str(asset.path): asset.media_type for asset in assets} == {
        "d.txt": "text/plain; charset=utf-8",
        "deep/e.mp3": "audio/mpeg",
        "f.html": "text/html; charset=utf-8",
        "pot.png": "image/png",
    }
    (pot,) = (asset for asset in assets if asset.path.name == "pot.png")
    assert (pot.width, pot.height, pot.size_bytes) == (640, 480, len(PNG))


def test_an_image_that_is_none_has_no_size(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "b.jpg", "c.svg", data=b"\x00\xff<svg")
    assert [(asset.width, asset.height) for asset in read_posts(tmp_path)[1]] == [(None, None)] * 3


def test_a_folder_that_is_not_there_says_which_setting_names_it(tmp_path: Path) -> None:
    with pytest.raises(PublisherError, match="PUBLISHER_POSTS_DIR"):
        read_posts(tmp_path / "nowhere")


def test_a_broken_link_is_a_post_with_a_complaint_or_no_file(tmp_path: Path) -> None:
    make(tmp_path, "good.md")
    (tmp_path / "broken.md").symlink_to("nowhere.md")
    (tmp_path / "circle.md").symlink_to("circle.md")
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    sources, assets = read_posts(tmp_path)
    found = {str(source.path): (source.data, source.complaint) for source in sources}
    assert found["good.md"] == (b"x", "")
    assert found["broken.md"] == (None, "No such file or directory: wanted is a file that you may read")
    assert found["circle.md"][0] is None
    assert "wanted is a file that you may read" in found["circle.md"][1]
    assert assets == []


NOBODY = """
import os
from pathlib import Path
from publisher.disk import read_posts
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for source in read_posts(Path())[0]:
    print(source.path, source.data, source.complaint)
"""


def test_a_post_that_may_not_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    make(tmp_path, "good.md", "secret.md")
    (tmp_path / "secret.md").chmod(0)
    tmp_path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", NOBODY], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "good.md b'x' ",
        "secret.md None Permission denied: wanted is a file that you may read",
    ]


def test_links_to_folders_are_followed_but_never_in_a_circle(tmp_path: Path) -> None:
    posts, elsewhere = tmp_path / "posts", tmp_path / "elsewhere"
    make(posts, "a.md", "deep/b.md")
    make(elsewhere, "c.md")
    (posts / "shared").symlink_to(elsewhere)
    (posts / "loop").symlink_to(".")
    (posts / "deep" / "up").symlink_to("..")
    (posts / "deep" / "self").symlink_to(posts / "deep")
    (elsewhere / "back").symlink_to(posts)
    assert [str(source.path) for source in read_posts(posts)[0]] == ["a.md", "deep/b.md", "shared/c.md"]


def test_names_that_no_list_of_files_can_hold_are_no_assets(tmp_path: Path) -> None:
    make(tmp_path, "good.png", "a\nb.png", "x\n/etc/a.png", "c\u2028d.png")
    if sys.platform == "linux":
        make(Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin\xff")), "e.png")
    assert [str(asset.path) for asset in read_posts(tmp_path)[1]] == ["good.png"]


# -- signature


def test_the_signature_changes_with_every_file_that_comes_goes_or_is_written(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    make(one, "a.md", "b.md")
    make(two, "x.html")
    seen = [signature(one, two)]
    assert signature(one, two) == seen[0]

    def changed() -> bool:
        seen.append(signature(one, two))
        return seen[-1] not in seen[:-1]

    make(one, "c.md")
    assert changed()
    (one / "b.md").unlink()
    assert changed()
    (one / "a.md").rename(one / "z.md")
    assert changed()
    make(one, "z.md", data=b"longer")
    assert changed()
    os.utime(two / "x.html", ns=(10**18, 10**18))
    assert changed()
    make(one, ".ids", "_draft.md", "z.md~")
    assert not changed()


def test_a_folder_that_is_not_there_has_a_signature_too(tmp_path: Path) -> None:
    before = signature(tmp_path / "later")
    make(tmp_path, "later/a.md")
    assert signature(tmp_path / "later") != before


# -- locks

HOLDER = """
import sys
from pathlib import Path
from publisher.disk import Lock
lock = Lock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


def held_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = python(HOLDER, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_a_lock_is_one_processes_at_a_time(tmp_path: Path) -> None:
    path, lock = tmp_path / "var" / "lock", Lock(tmp_path / "var" / "lock")
    assert not lock.is_held()
    other = held_elsewhere(path)
    assert other.stdin is not None
    assert other.stdout is not None
    assert lock.is_held()
    assert not lock.acquire()
    other.stdin.write("\n")
    other.stdin.flush()
    assert other.stdout.readline() == "released\n"
    assert not lock.is_held()
    assert lock.acquire()
    assert lock.is_held()
    assert not Lock(path).acquire()
    lock.release()
    lock.release()
    assert not lock.is_held()
    end(other)


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = held_elsewhere(path)
    assert not Lock(path).acquire()
    end(other)
    lock = Lock(path)
    assert lock.acquire(patience_seconds=5)
    lock.release()


def test_who_is_patient_gets_the_lock_when_it_comes_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = held_elsewhere(path)
    start = time.monotonic()
    assert not Lock(path).acquire(patience_seconds=0.2)
    assert time.monotonic() - start >= 0.2
    assert other.stdin is not None
    other.stdin.write("\n")
    other.stdin.flush()
    lock = Lock(path)
    assert lock.acquire(patience_seconds=10)
    lock.release()
    end(other)


def test_who_waits_in_vain_is_told_to_come_again(tmp_path: Path) -> None:
    path = tmp_path / "build.lock"
    with (
        locked(path, patience_seconds=0, purpose="building"),
        pytest.raises(Busy, match=r"another process is building here \(build\.lock is locked\)"),
        locked(path, patience_seconds=0, purpose="building"),
    ):
        pytest.fail("both hold it")
    with locked(path, patience_seconds=0, purpose="building"):
        assert Lock(path).is_held()
    assert not Lock(path).is_held()


# -- the rest


def test_a_text_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_text(tmp_path / "a") is None
    write(tmp_path / "a", "é\n".encode())
    assert read_text(tmp_path / "a") == "é\n"


def test_a_letter_becomes_one_file_however_often_it_is_sent(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path / "mail")
    message = b"To: bob@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"
    envelope = Envelope(mail_from="bounces+1@example.org", rcpt_to="bob@example.org", message=message)
    line = folder.connect()
    answers = [line.send(envelope) for _ in range(2)]
    line.close()
    assert [answer.reply.code for answer in answers if answer.reply] == [250, 250]
    (path,) = folder.folder.iterdir()
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == (
        b"Return-Path: <bounces+1@example.org>\r\nX-Envelope-To: <bob@example.org>\r\n" + message
    )
    other = Envelope(mail_from="a@b.org", rcpt_to="c@d.org", message=message.replace(b"<1@", b"<2@"))
    folder.send(other)
    assert len(list(folder.folder.iterdir())) == 2
