"""What goes wrong for a new owner: each ends with its exit code and a line that says where, what, and what is wanted."""

import re
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from publisher.actions.subscribe import sign_up
from publisher.app import open_app
from tests.servers.loopback import HOST, free_port
from tests.servers.packages import is_root
from tests.servers.smtp import Offer, ScriptedSmtp
from tests.site import POST, START, Ran, contents, new_site, publisher, python_m_publisher

ANN = "ann@example.org"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return new_site(tmp_path / "site")


def _is_told(done: Ran, code: int, *words: str, lines: int = 1) -> None:
    """It ended with this code, and in so many lines said these words and showed no traceback."""
    assert done.code == code, done
    assert done.out == ""
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == lines, done.err
    for word in words:
        assert word in done.err, done.err


# -- settings


def test_every_mistake_in_the_settings_is_told_at_once_with_its_line(site: Path) -> None:
    mistakes = {
        "PUBLISHER_SITE_URL=example.org": "https://example.org",
        "PUBLISHER_SMTP_PORT=smtp": "a whole number from 1 to 65535",
        "PUBLISHER_SMPT_HOST=mail.example.org": "did you mean PUBLISHER_SMTP_HOST?",
        "SITE_TITLE=My site": "SITE_TITLE is read only as PUBLISHER_SITE_TITLE",
        "PUBLISHER_TIMEZONE=Berlin": "Europe/Berlin",
        "PUBLISHER_DIGEST_TIME=8am": "08:00",
        "PUBLISHER_HOLD=10": "10m",
        "PUBLISHER_SMTP_SECURITY=ssl": "none, starttls, tls",
        "PUBLISHER_MAIL_FROM=me": "The Name <me@example.org>",
        "PUBLISHER_SMTP_HOST=smtp.example.org:587": "without a port",
        "PUBLISHER_FEED_LIMIT=0": "from 1 to 1000",
        "PUBLISHER_PERMALINK=/{year}/{author}/": "/{year}/{month}/{slug}/",
        "PUBLISHER_DATABASE_URL=mysql://root:s3cret@db/x": "postgresql://user:password@host/name",
        "PUBLISHER_SITE_LANGUAGE=english, please": "pt-BR",
        "PUBLISHER_SITE_URL_FILE=url.txt": "only secrets are read from files",
        "PUBLISHER_SMTP_PASSWORD_FILE=nowhere.txt": "nowhere.txt can't be read",
        "PUBLISHER_POSTAL_ADDRESS='one street": "can't be read, wanted is NAME=value",
    }
    (site / ".env").write_text("# mine\n\n" + "".join(f"{line}\n" for line in mistakes))
    done = publisher("status", cwd=site, settings={"NONSENSE": "1"})
    _is_told(done, 78, "environment: PUBLISHER_NONSENSE is no setting", lines=len(mistakes) + 1)
    for number, (line, wanted) in enumerate(mistakes.items(), 3):
        (told,) = [told for told in done.err.splitlines() if told.startswith(f".env:{number}: ")]
        assert wanted in told
        assert line.partition("=")[0].removeprefix("PUBLISHER_").removesuffix("_FILE") in told or "this line" in told
    assert "s3cret" not in done.err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SMTP_HOST": "smtp.example.org"}, ["PUBLISHER_MAIL_FROM is missing"]),
        ({"SMTP_USERNAME": "me"}, ["PUBLISHER_SMTP_PASSWORD is missing"]),
        ({"SECRET_KEY": "short"}, ["PUBLISHER_SECRET_KEY is too short", "32 characters"]),
        ({"OUTPUT_DIR": "."}, ["PUBLISHER_OUTPUT_DIR", "would show var to the world"]),
        ({"POSTS_DIR": "."}, ["PUBLISHER_POSTS_DIR", "would show var to the world"]),
    ],
)
def test_settings_that_do_not_go_together_are_told(site: Path, settings: dict[str, str], words: list[str]) -> None:
    done = publisher("build", cwd=site, settings=settings)
    _is_told(done, 78, *words)
    assert "short" not in done.err.replace("too short", "")
    assert not (site / "public").exists()


def test_every_key_that_can_not_sign_is_told_at_once_with_what_to_type(site: Path) -> None:
    (site / "words.pem").write_text("not a key")
    settings = {
        "MAIL_TRANSPORT": "file",
        "DKIM_SELECTOR": "a,b,c",
        "DKIM_KEY_FILE": "words.pem,no key.pem,posts/../var",
    }
    done = publisher("status", cwd=site, settings=settings)
    _is_told(
        done,
        78,
        "PUBLISHER_DKIM_KEY_FILE: words.pem can't be used: it is no private key in PEM",
        "PUBLISHER_DKIM_KEY_FILE: the file no key.pem can't be read (No such file or directory)",
        "openssl genrsa -out 'no key.pem' 2048",
        "PUBLISHER_DKIM_KEY_FILE: the file posts/../var can't be read (Is a directory)",
        lines=3,
    )


def test_settings_that_can_not_be_read_are_told(site: Path) -> None:
    (site / ".env").chmod(0)
    _is_told(python_m_publisher("build", cwd=site, is_plain_user=True), 78, ".env: Permission denied")
    (site / ".env").chmod(0o600)
    (site / ".env").write_bytes(b"PUBLISHER_SITE_TITLE=Caf\xe9\n")
    _is_told(publisher("build", cwd=site), 78, ".env: the file is not UTF-8")


def test_a_folder_that_is_no_site_is_told(site: Path, tmp_path: Path) -> None:
    _is_told(
        publisher("build", "--site", "nowhere", cwd=tmp_path), 1, "nowhere: there is no such folder", "publisher init"
    )
    shutil.rmtree(site / "posts")
    _is_told(publisher("build", cwd=site), 1, "posts: there is no such folder", "PUBLISHER_POSTS_DIR")
    assert not (site / "public").exists()


def test_a_real_mail_server_is_never_used_on_a_clock_that_is_ahead(site: Path) -> None:
    settings = {"SMTP_HOST": "smtp.example.org", "MAIL_FROM": "me@example.org"}
    done = publisher("tick", "--now", "2999-01-01T00:00:00Z", cwd=site, settings=settings)
    _is_told(done, 78, "--now is ahead of real time", "PUBLISHER_MAIL_TRANSPORT=file")


# -- files


def test_a_post_that_can_not_be_read_stops_no_other(site: Path) -> None:
    (site / "posts" / "locked.md").write_text(POST)
    (site / "posts" / "locked.md").chmod(0)
    done = python_m_publisher("build", cwd=site, is_plain_user=True)
    assert (done.code, "1 posts in" in done.out) == (0, True)
    assert (
        done.err == "posts/locked.md: the file can't be read, Permission denied: wanted is a file that you may read\n"
    )


def test_a_folder_that_can_not_be_written_is_told_and_left_as_it_was(site: Path) -> None:
    (site / "public").mkdir(mode=0o555)
    done = python_m_publisher("build", cwd=site, is_plain_user=True)
    _is_told(done, 1, str(site / "public"), "Permission denied", "wanted is a file or folder that you may write to")
    assert contents(site / "public") == {}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (b"# ids\nno tabs here\n", [".ids:2: ", "restore the file from a copy"]),
        (b"a\tb\tc\td\na\tb\tc\td\n", [".ids:2: ", "a key that stands once"]),
        (b"\xff\xfe\x00", [".ids", "not UTF-8"]),
    ],
)
def test_a_damaged_id_register_is_never_guessed_at(site: Path, damage: bytes, words: list[str]) -> None:
    (site / "posts" / ".ids").write_bytes(damage)
    _is_told(publisher("build", cwd=site), 1, *words)
    assert (site / "posts" / ".ids").read_bytes() == damage
    assert not (site / "public").exists()


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with _small_disk(tmp_path) as (site, fill, run):
        assert run().code == 0
        old = contents(site / "public")
        (site / "posts" / "low-water.md").write_text(POST.replace("noon", "midnight " * 20_000))
        fill()
        done = run()
        _is_told(done, 1)
        assert re.search(r"No space left on device, make room on the disk|File too large", done.err), done.err
        assert list(site.rglob(".new-*")) == []
        new = contents(site / "public")
        assert all(
            new[name].rstrip().endswith((b">", b"}")) for name in old if name.endswith((".html", ".xml", ".css"))
        )
        fill(0)
        again = publisher("build", cwd=site)
        assert (again.code, again.err) == (0, "")
        assert b"midnight" in contents(site / "public")["rss.xml"]


@contextmanager
def _small_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[..., None], Callable[[], Ran]]]:
    """A site on a disk of its own; what fills it up, or empties it again; and a build. Else, files may not be large."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        is_root()
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False, capture_output=True
        ).returncode
    )
    limit = [resource.RLIM_INFINITY]

    def fill(left: int = 350_000) -> None:
        if not mounted:
            limit[0] = 150_000 if left else resource.RLIM_INFINITY
        elif left:
            free = shutil.disk_usage(disk).free
            (disk / "filler").write_bytes(b"x" * (free - left))
        else:
            (disk / "filler").unlink()

    def build() -> Ran:
        before = None if mounted else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit[0], limit[0]))
        return python_m_publisher("build", cwd=disk / "site", before=before)

    try:
        yield new_site(disk / "site"), fill, build
    finally:
        if mounted:
            subprocess.run(["umount", "-l", disk], check=True)


# -- the database


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose database was made."""
    site = new_site(tmp_path_factory.mktemp("database") / "site")
    open_app(site, now=START, environment={}).close()
    return site


@pytest.fixture
def copy(database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(database, tmp_path / "site"))


def test_a_database_that_is_read_only_is_told(copy: Path) -> None:
    before = contents(copy / "var")
    (copy / "var" / "publisher.db").chmod(0o444)
    (copy / "var").chmod(0o555)
    done = python_m_publisher("subscribers", "add", ANN, cwd=copy, is_plain_user=True)
    (copy / "var").chmod(0o755)
    _is_told(done, 1, "var/publisher.db: attempt to write a readonly database", "that you may write to")
    assert contents(copy / "var") == before


def test_a_database_of_a_newer_publisher_is_left_alone(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "var" / "publisher.db")) as open_database:
        open_database.execute("UPDATE alembic_version SET version_num = '9999'")
        open_database.commit()
    before = contents(copy / "var")["publisher.db"]
    _is_told(publisher("status", cwd=copy), 1, "newer publisher, wanted is that version or a later one")
    assert contents(copy / "var")["publisher.db"] == before


@pytest.mark.parametrize("damage", [b"this is no database, but a letter to my mother\n" * 50, b""])
def test_a_database_that_is_something_else_is_told(copy: Path, damage: bytes) -> None:
    path = copy / "var" / "publisher.db"
    path.write_bytes(damage)
    done = publisher("status", cwd=copy)
    if damage:
        _is_told(done, 1, "var/publisher.db: file is not a database", "restore a backup")
        assert path.read_bytes() == damage
    else:
        assert done.code == 0


def test_who_finds_the_database_locked_comes_back_later(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "var" / "publisher.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        _is_told(publisher("subscribers", "add", ANN, cwd=copy), 75, "the database is busy", "try again")


# -- the mail server


@pytest.fixture
def waiting(copy: Path) -> Path:
    """A site with a letter in its outbox."""
    app = open_app(copy, now=START, environment={}, changes={"mail_transport": "file"})
    sign_up(app.publication, ANN, "0123456789abcdef", START)
    app.close()
    return copy


def _mail(port: int, **more: str) -> dict[str, str]:
    return {"SMTP_HOST": HOST, "SMTP_PORT": str(port), "SMTP_SECURITY": "none", "MAIL_FROM": "me@example.org"} | more


def test_nobody_at_the_mail_server_is_told_and_the_letter_waits(waiting: Path) -> None:
    port = free_port()
    refused = publisher("send", cwd=waiting, settings=_mail(port))
    assert (refused.code, refused.out) == (1, "nothing was sent: 1 left\n")
    _is_told(
        Ran(code=1, out="", err=refused.err),
        1,
        f"{HOST}:{port}: Connection refused",
        "PUBLISHER_SMTP_HOST, PUBLISHER_SMTP_PORT",
    )
    with ScriptedSmtp(port=port) as smtp:
        sent = publisher("send", cwd=waiting, settings=_mail(port))
        assert (sent.code, sent.out.partition(" (")[0]) == (0, "1 sent")
        assert [letter.rcpt_to for letter in smtp.letters] == [(ANN,)]


def test_a_wrong_password_is_told_and_not_shown(waiting: Path) -> None:
    with ScriptedSmtp(offer=Offer(login=("me", "right"))) as smtp:
        settings = _mail(smtp.port, SMTP_USERNAME="me", SMTP_PASSWORD="wr0ng-w0rd")
        refused = publisher("send", cwd=waiting, settings=settings)
        words = ("refuses the login: 535", "PUBLISHER_SMTP_USERNAME and PUBLISHER_SMTP_PASSWORD")
        _is_told(Ran(code=refused.code, out="", err=refused.err), 1, *words)
        assert "wr0ng" not in refused.err
        sent = publisher("send", cwd=waiting, settings=settings | {"SMTP_PASSWORD": "right"})
        assert sent.out.partition(" (")[0] == "1 sent"


def test_a_server_without_tls_is_told(waiting: Path) -> None:
    with ScriptedSmtp() as smtp:
        refused = publisher("send", cwd=waiting, settings=_mail(smtp.port, SMTP_SECURITY="starttls"))
        _is_told(Ran(code=refused.code, out="", err=refused.err), 1, "STARTTLS", "PUBLISHER_SMTP_SECURITY")
        assert smtp.letters == []


def test_letters_are_never_shown_by_a_public_site(site: Path) -> None:
    """A proxy in front looks like a browser on this machine."""
    settings = {"SITE_URL": "https://blog.example.org"}
    done = publisher("serve", "--dev", "--port", "0", cwd=site, settings=settings)
    _is_told(done, 78, "--dev", "https://blog.example.org", "PUBLISHER_SITE_URL=http://127.0.0.1:8000")
