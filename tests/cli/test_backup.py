"""`publisher backup` and `publisher restore`: what is in the file, where it may lie, what is never lost, and what is said."""

import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from publisher.actions.backup import backup
from publisher.actions.subscribe import add, reader_of, sign_up
from publisher.actions.tick import tick
from publisher.app import App, open_app
from publisher.core.token import Keys, fixed_token
from tests.servers.postgresql import PostgreSQL
from tests.site import START, Ran, command, contents, environment, new_site, publisher, python_m_publisher

ANN, BEN = "ann@example.org", "ben@example.org"
AT = ("--now", "2026-11-22T08:00:00Z")
LATER = ("--now", "2026-11-23T08:00:00Z")
KEYLESS = {"SECRET_KEY": "", "MAIL_TRANSPORT": "file"}
KEYED = {"MAIL_TRANSPORT": "file"}


def site(folder: Path, *readers: str, settings: Mapping[str, str] = KEYLESS, database_url: str = "") -> Path:
    """With a baseline and these readers."""
    new_site(folder, dict(settings) | ({"DATABASE_URL": database_url} if database_url else {}))
    with opened(folder) as app:
        tick(app.publication, START)
        for number, reader in enumerate(readers):
            add(app.publication, reader, f"{number:016x}", START)
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[App]:
    app = open_app(folder, now=START, environment={})
    try:
        yield app
    finally:
        app.close()


def run(folder: Path, *arguments: str | Path) -> Ran:
    return publisher(*arguments, cwd=folder)


def saved(folder: Path, path: Path) -> Path:
    done = run(folder, "backup", path, *AT)
    assert (done.code, done.out) == (0, f"{path}\n"), done.err
    return path


def restored(folder: Path, path: Path, *arguments: str) -> Ran:
    done = run(folder, "restore", path, *LATER, *arguments)
    assert done.code == 0, done.err
    return done


def readers(folder: Path) -> list[str]:
    return [reader["address"] for reader in json.loads(run(folder, "subscribers", "list", "--json").out)]


def mark(folder: Path) -> str | None:
    with opened(folder) as app, app.publication.storage.read() as tx:
        return tx.marks.get("restored")


def settled(folder: Path) -> dict[str, bytes]:
    """Every file but those that a look into the database makes."""
    passing = (".lock", ".db-shm", ".db-wal")
    return {name: data for name, data in contents(folder).items() if not name.endswith(passing)}


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member))}


def rewrite(path: Path, found: dict[str, bytes], **facts: Any) -> Path:
    """A file with these members and facts, whose hashes are right."""
    manifest = json.loads(found.pop("manifest.json")) | facts
    manifest["sha256"] = {name: sha256(data).hexdigest() for name, data in found.items()}
    with tarfile.open(path, "w:gz") as tar:
        for name, data in {**found, "manifest.json": json.dumps(manifest).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


# The file


def test_a_backup_holds_what_could_not_be_made_again_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN, BEN)
    path = saved(folder, tmp_path / "a.tar.gz")
    assert path.stat().st_mode & 0o777 == 0o600
    found = members(path)
    assert found["posts/.ids"] == (folder / "posts" / ".ids").read_bytes()
    assert found["var/secret-key"].strip() == (folder / "var" / "secret-key").read_bytes().strip()
    addresses = [json.loads(line)["address"] for line in found["tables/subscribers-0001.jsonl"].splitlines()]
    assert addresses == [ANN, BEN]
    manifest = json.loads(found["manifest.json"])
    assert (manifest["format"], manifest["made_at"]) == (1, "2026-11-22T08:00:00+00:00")
    assert manifest["rows"]["subscribers"] == 2
    assert manifest["has_key"] is True


def test_the_settings_and_their_key_are_not_in_it_and_it_says_so(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN, settings={**KEYED, "SMTP_USERNAME": "me", "SMTP_PASSWORD": "sesame"})
    done = run(folder, "backup", tmp_path / "a.tar.gz", *AT)
    assert "Not in it: PUBLISHER_SECRET_KEY, the other settings in .env, DKIM keys" in done.err
    found = members(tmp_path / "a.tar.gz")
    assert "var/secret-key" not in found
    assert json.loads(found["manifest.json"])["has_key"] is False
    for secret in (b"sesame", b"a key that is only good for tests"):
        assert not any(secret in data for data in found.values())


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"precious")
    done = run(folder, "backup", path, *AT)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"{path}: there is a file already, wanted is another name, a folder, or --force\n"
    assert path.read_bytes() == b"precious"
    assert run(folder, "backup", path, "--force", *AT).code == 0
    assert members(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_in_a_folder_it_is_named_by_its_time(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    (tmp_path / "backups").mkdir()
    done = run(folder, "backup", tmp_path / "backups", "--json", *AT)
    value = json.loads(done.out)
    path = tmp_path / "backups" / "publisher-20261122T080000Z.tar.gz"
    assert value["file"] == str(path)
    assert value["size_bytes"] == path.stat().st_size
    assert (value["rows"]["subscribers"], value["has_key"]) == (1, True)
    assert run(folder, "backup", tmp_path / "backups", *AT).code == 1
    assert run(folder, "backup", tmp_path / "backups", *LATER).code == 0


def test_where_the_world_could_read_it_none_is_written(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    before = settled(folder)
    for place in ("public/a.tar.gz", "posts/a.tar.gz", "public"):
        done = run(folder, "backup", place, *AT)
        assert done.code == 1
        assert "this would show the readers' addresses to the world, wanted is another folder" in done.err
    missing = run(folder, "backup", "no/such/folder/a.tar.gz", *AT)
    assert (missing.code, missing.err) == (1, "no/such/folder: there is no such folder, wanted is one that is there\n")
    assert settled(folder) == before


def test_a_pipe_gets_the_file_and_nothing_else(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    path = saved(folder, tmp_path / "a.tar.gz")
    with (tmp_path / "piped").open("wb") as out:
        subprocess.run(command("backup", "-", *AT), cwd=folder, env=environment(), stdout=out, check=True, timeout=60)
    assert (tmp_path / "piped").read_bytes() == path.read_bytes()
    assert run(folder, "backup", "-", "--json").code == 2


# Back again


def test_a_new_site_becomes_the_old_one(tmp_path: Path) -> None:
    old = site(tmp_path / "old", ANN, BEN)
    path = saved(old, tmp_path / "a.tar.gz")
    new = new_site(tmp_path / "new", KEYLESS)
    done = restored(new, path)
    assert done.out == "restored: 2 subscribers and 0 editions of http://127.0.0.1:8000, as of 2026-11-22 08:00 UTC\n"
    assert "The backup knows nothing of what came after it: letters that left since may come again" in done.err
    assert readers(new) == [ANN, BEN]
    for name in ("posts/.ids", "var/secret-key"):
        assert (new / name).read_bytes() == (old / name).read_bytes()
    assert (new / "var" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [*new.glob("var/before-restore-*")] == []
    with opened(old) as before:
        token = fixed_token(before.publication.keys, "leave", "0" * 16)
    with opened(new) as after:
        assert reader_of(after.publication, token).address == ANN


def test_readers_are_not_replaced_unless_the_owner_says_so_and_then_they_are_put_aside(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    path = saved(folder, tmp_path / "a.tar.gz")
    with opened(folder) as app:
        add(app.publication, BEN, "b" * 16, START)
    refused = run(folder, "restore", path, *LATER)
    assert (refused.code, refused.out) == (1, "")
    assert "the database here holds 2 subscribers, wanted is a new site, or --replace" in refused.err
    assert (readers(folder), mark(folder)) == ([ANN, BEN], None)
    value = json.loads(restored(folder, path, "--replace", "--json").out)
    assert readers(folder) == [ANN]
    aside = Path(value["put_aside"])
    assert (aside.parent, aside.stat().st_mode & 0o777) == (folder / "var", 0o600)
    done = run(folder, "restore", aside, "--replace", "--now", "2026-11-24T08:00:00Z")
    assert done.code == 0, done.err
    assert readers(folder) == [ANN, BEN]


def test_what_is_restored_is_held_and_the_next_command_is_told(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    with opened(folder) as app:
        (folder / "posts" / "ebb.md").write_text("---\ntitle: Ebb\ndate: 2026-11-22\n---\nIt went.\n")
        for minutes in (5, 20, 60):
            tick(app.publication, START + timedelta(minutes=minutes))
    path = saved(folder, tmp_path / "a.tar.gz")
    done = restored(folder, path, "--replace", "--json")
    assert json.loads(done.out)["held"] == [1]
    assert done.err.splitlines()[-1] == "Edition 1 is held: publisher editions approve 1"
    assert json.loads(run(folder, "send", "--json", *LATER).out)["letters"] == {}
    assert run(folder, "editions", "approve", "1", *LATER).code == 0
    assert json.loads(run(folder, "send", "--json", *LATER).out)["letters"] == {"sent": 1}
    assert mark(folder) is None


def test_a_confirm_letter_that_waited_does_not_leave(tmp_path: Path) -> None:
    """It may have left after the backup was made; who has none signs up again, and gets one that is new."""
    folder = site(tmp_path / "site", ANN)
    with opened(folder) as app:
        sign_up(app.publication, "new@example.org", "c" * 16, START)
    path = saved(folder, tmp_path / "a.tar.gz")
    done = restored(folder, path, "--replace", "--json")
    assert json.loads(done.out)["cancelled"] == 1
    assert "1 letters such as confirm a sign-up will not leave: who waits for one signs up again." in done.err
    assert json.loads(run(folder, "send", "--json", *LATER).out)["letters"] == {}
    with opened(folder) as app:
        sign_up(app.publication, "new@example.org", "c" * 16, START + timedelta(days=2))
    sent = run(folder, "send", "--json", "--now", "2026-11-24T09:00:00Z")
    assert json.loads(sent.out)["letters"] == {"sent": 1}


@pytest.mark.parametrize(("here", "then", "expected"), [("7", "3", 7), ("3", "7", 7), (None, "7", 7 + 24 * 60)])
def test_no_edition_gets_a_number_that_one_after_the_backup_may_have_had(
    tmp_path: Path, here: str | None, then: str, expected: int
) -> None:
    """The larger high-water mark counts; where there is none, what may have left in the day since then is left out."""
    folder = site(tmp_path / "site", ANN)
    water = folder / "var" / "high-water"
    water.write_text(then)
    path = saved(folder, tmp_path / "a.tar.gz")
    water.unlink() if here is None else water.write_text(here)
    restored(folder, path, "--replace")
    assert int(water.read_text()) == expected
    with opened(folder) as app, app.publication.storage.read() as tx:
        assert tx.editions.last_number() == expected


def test_a_register_of_later_posts_stays_and_a_lost_one_comes_back(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    register = folder / "posts" / ".ids"
    then = register.read_bytes()
    path = saved(folder, tmp_path / "a.tar.gz")
    (folder / "posts" / "ebb.md").write_text("---\ntitle: Ebb\ndate: 2026-11-22\n---\nIt went.\n")
    with opened(folder) as app:
        tick(app.publication, START)
    later = register.read_bytes()
    assert later != then
    restored(folder, path, "--replace")
    assert register.read_bytes() == later
    register.unlink()
    assert run(folder, "restore", path, "--replace", "--now", "2026-11-24T08:00:00Z").code == 0
    assert register.read_bytes() == then


@pytest.mark.needs("postgresql")
def test_a_site_moves_to_postgresql_by_its_backup(tmp_path: Path, postgresql: PostgreSQL) -> None:
    folder = site(tmp_path / "site", ANN, BEN)
    path = saved(folder, tmp_path / "a.tar.gz")
    with (folder / ".env").open("a") as file:
        file.write(f"PUBLISHER_DATABASE_URL={postgresql.create_database()}\n")
    assert readers(folder) == []
    restored(folder, path)
    assert readers(folder) == [ANN, BEN]


# Keys


def test_another_key_is_not_lost_and_how_to_mend_links_is_told(tmp_path: Path) -> None:
    path = saved(site(tmp_path / "old", ANN), tmp_path / "a.tar.gz")
    new = site(tmp_path / "new")
    key = (new / "var" / "secret-key").read_text()
    refused = run(new, "restore", path, *LATER)
    assert refused.code == 1
    assert "var/secret-key is another key, and links in letters that it signed would break" in refused.err
    assert ((new / "var" / "secret-key").read_text(), readers(new)) == (key, [])
    value = json.loads((done := restored(new, path, "--replace", "--json")).out)
    assert value["key"] == "replaced"
    assert (new / "var" / "secret-key").read_bytes() == (tmp_path / "old" / "var" / "secret-key").read_bytes()
    assert f"PUBLISHER_OLD_SECRET_KEYS: tar -xzOf {value['put_aside']} var/secret-key" in done.err
    assert members(Path(value["put_aside"]))["var/secret-key"].decode().strip() == key.strip()
    assert key.strip() not in done.err + done.out


def test_a_key_of_the_settings_stays_and_how_to_mend_links_is_told(tmp_path: Path) -> None:
    path = saved(site(tmp_path / "old", ANN), tmp_path / "a.tar.gz")
    new = new_site(tmp_path / "new", KEYED)
    done = restored(new, path)
    assert "Another key signed the links in letters that left before" in done.err
    assert f"PUBLISHER_OLD_SECRET_KEYS (tar -xzOf {path} var/secret-key)" in done.err
    assert not (new / "var" / "secret-key").exists()
    old_key = members(path)["var/secret-key"].decode().strip()
    with (new / ".env").open("a") as file:
        file.write(f"PUBLISHER_OLD_SECRET_KEYS={old_key}\n")
    with opened(new) as app:
        assert reader_of(app.publication, fixed_token(Keys(keys=(old_key,)), "leave", "0" * 16)).address == ANN
    assert "Another key" not in run(new, "restore", path, "--replace", *LATER).err


def test_a_key_that_stood_in_the_settings_is_asked_for(tmp_path: Path) -> None:
    path = saved(site(tmp_path / "old", ANN, settings=KEYED), tmp_path / "a.tar.gz")
    done = restored(new_site(tmp_path / "new", KEYLESS), path)
    assert "PUBLISHER_OLD_SECRET_KEYS (it stood in that site's settings)" in done.err
    done = restored(new_site(tmp_path / "same", KEYED), path)
    assert "PUBLISHER_OLD_SECRET_KEYS" not in done.err


# What is wrong with the file


def test_a_file_that_is_no_whole_backup_changes_nothing(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    path = saved(folder, tmp_path / "a.tar.gz")
    data, found = path.read_bytes(), members(path)
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 16
    (tmp_path / "flipped").write_bytes(flipped)
    (tmp_path / "cut").write_bytes(data[:-100])
    (tmp_path / "text").write_text("hello\n")
    lacking = {name: each for name, each in found.items() if "subscribers" not in name}
    rewrite(tmp_path / "traversing", {"../../evil": b"x", **found})
    rewrite(tmp_path / "newer", dict(found), revision="9999")
    rewrite(tmp_path / "strange", {"tables/strange-0001.jsonl": b'{"a":1}\n', **found})
    rewrite(tmp_path / "dangling", {**lacking, "tables/arrears-0001.jsonl": b'{"subscriber":99,"number":1}\n'})
    before = settled(folder)
    for name, why in (
        ("flipped", "wanted is a whole file as publisher backup writes it"),
        ("cut", "wanted is a whole file as publisher backup writes it"),
        ("text", "wanted is a whole file as publisher backup writes it"),
        ("traversing", "it holds '../../evil', which no backup has"),
        ("newer", "a newer publisher made this backup, wanted is that version or a later one"),
        ("strange", "it holds 'tables/strange', which no backup has"),
        ("dangling", "FOREIGN KEY constraint failed"),
        ("missing", "No such file or directory"),
        ("site", "Is a directory"),
    ):
        done = run(folder, "restore", tmp_path / name, "--replace", *LATER)
        assert (done.code, done.out) == (1, ""), name
        assert why in done.err, name
        assert settled(folder) == before, name
    assert not (tmp_path.parent / "evil").exists()


def test_a_manifest_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    path = saved(folder, tmp_path / "a.tar.gz")
    rewrite(tmp_path / "b", members(path), made_at=7)
    done = run(folder, "restore", tmp_path / "b", "--replace")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "what it says of itself can't be used" in done.err


def test_a_damaged_database_is_told_how_to_make_room_for_a_backup(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", ANN)
    path = saved(folder, tmp_path / "a.tar.gz")
    database = folder / "var" / "publisher.db"
    database.write_bytes(b"no database at all" * 100)
    refused = run(folder, "restore", path, "--replace", *LATER)
    assert refused.code == 1
    assert "this file is something else: move it away" in refused.err
    database.rename(tmp_path / "damaged")
    restored(folder, path)
    assert readers(folder) == [ANN]


# While others write


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))])
def test_a_backup_is_of_one_moment_while_others_write(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """Every transaction adds one reader and one suppression, or takes both away: there are as many of the ones as of the
    others in every backup, though never the same number."""
    url = request.getfixturevalue(kind).create_database() if kind == "postgresql" else ""
    folder = site(tmp_path / "site", database_url=url)
    stop, counts = threading.Event(), set[int]()
    with opened(folder) as app:
        storage = app.publication.storage

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                with storage.write() as tx:
                    tx.subscribers.add(f"{number}@example.org", f"{number:016x}", "form", START)
                    tx.suppressions.add(f"{number}@example.org", "bounced", "x" * 1000, START)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(6):
                _, facts = backup(app.publication, tmp_path / f"{number}.tar.gz", START)
                assert facts.rows["subscribers"] == facts.rows["suppressions"]
                counts.add(facts.rows["subscribers"])
        finally:
            stop.set()
            writer.join()
    assert len(counts) > 2, "nobody wrote meanwhile"


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_the_commands_say_what_they_want(tmp_path: Path, command: str) -> None:
    folder = site(tmp_path / "site")
    assert python_m_publisher(command, cwd=folder).code == 2
    assert "FILE" in python_m_publisher(command, "--help", cwd=folder).out
