"""Settings: every complaint that a new owner can meet, all at once, on the right line, with no secret in it."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dotenv import dotenv_values
from hypothesis import example as with_example
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.config import PREFIX, Settings, example, read_settings
from publisher.core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[1]
P = PREFIX
FEEDS = (("/feed/", "/rss.xml"), ("/a/atom/", "/atom.xml"), ("/old.json", "/feed.json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> Settings:
    (folder / ".env").write_bytes(text.encode() if isinstance(text, str) else text)
    return read_settings(folder, environment or {})


def complaints(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, environment)
    assert str(caught.value) == "\n".join(caught.value.complaints)
    return caught.value.complaints


def test_a_site_without_any_setting_has_the_defaults(folder: Path) -> None:
    found = read_settings(folder, {})
    assert found == Settings()
    assert (found.site_url, found.site_title, found.timezone) == (
        "http://127.0.0.1:8000",
        "A notebook",
        ZoneInfo("UTC"),
    )
    assert (found.hold, found.stale_after) == (timedelta(minutes=10), timedelta(hours=72))
    assert (found.smtp_host, found.mail_from, found.secret_key) == (None, None, None)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("SITE_URL=example.org", "https://example.org/blog"),
        ("SITE_URL=ftp://example.org", "https://example.org/blog"),
        ("SITE_URL=https://", "https://example.org/blog"),
        ("SITE_URL=https://example.org:99999", "https://example.org/blog"),
        ("SITE_URL=https://example.org:port", "https://example.org/blog"),
        ("SITE_URL='https://exa mple.org'", "https://example.org/blog"),
        ("SITE_URL='https://example.org/?a'", "https://example.org/blog"),
        ("SITE_URL=https://example.org/?", "https://example.org/blog"),
        ("SITE_URL=https://example.org/#", "https://example.org/blog"),
        ("SITE_URL=https://example.org/büro", "https://example.org/blog"),
        ("SITE_URL=https://<b>.org", "https://example.org/blog"),
        ("SITE_URL=http://[bad", "https://example.org/blog"),
        ("SITE_URL=", "https://example.org/blog"),
        ("SERVICE_URL=nowhere", "https://example.org/blog"),
        ("SITE_TITLE=", "some words on one line"),
        ("SITE_TITLE='two\nlines'", "some words on one line"),
        ("SITE_LANGUAGE=english please", "en, de or pt-BR"),
        ("SITE_LANGUAGE=e", "en, de or pt-BR"),
        ("TIMEZONE=Mars/Olympus", "Europe/Berlin"),
        ("TIMEZONE=Europe", "Europe/Berlin"),
        ("TIMEZONE=../../etc/passwd", "Europe/Berlin"),
        ("TIMEZONE=", "Europe/Berlin"),
        ("PERMALINK={slug}", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/{year}/", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/{author}/{slug}/", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/{slug}", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/{slug}/{/", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/{{slug}}/", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/{slug.__class__}/{slug}/", "/{year}/{month}/{slug}/"),
        ("PERMALINK=/../{slug}/", "/{year}/{month}/{slug}/"),
        ("FEED_LIMIT=many", "a whole number from 1 to 1000"),
        ("FEED_LIMIT=0", "a whole number from 1 to 1000"),
        ("FEED_CONTENT=half", "one of full, summary"),
        ("PERMALINK=/{slug}.php", "/{categories}/{slug}.html"),
        ("PERMALINK=/{year}/{month}.html", "/{categories}/{slug}.html"),
        ("ARCHIVES=yes", "on or off"),
        ("PAGES=", "on or off"),
        ("FEED_ALIASES=feed.xml", "paths like /feed/ or /old.xml=atom.xml"),
        ("FEED_ALIASES=/feed.xml=feed.xml", "paths like /feed/ or /old.xml=atom.xml"),
        ("FEED_ALIASES=/büro.xml", "paths like /feed/ or /old.xml=atom.xml"),
        ("WEBSUB_HUB=hub.example.org", "https://hub.example.org/"),
        ("DATABASE_URL=mysql://h/x", "sqlite:///path/to/file.db or postgresql://"),
        ("LOG_LEVEL=loud", "one of debug, info, warning, error"),
        ("MAIL_TRANSPORT=pigeon", "one of smtp, file"),
        ("SMTP_HOST=mail.example.org:587", "without a port"),
        ("SMTP_HOST=https://mail.example.org", "without a port"),
        ("SMTP_PORT=smtp", "a whole number from 1 to 65535"),
        ("SMTP_PORT=0", "a whole number from 1 to 65535"),
        ("SMTP_PORT=65536", "a whole number from 1 to 65535"),
        ("SMTP_PORT=-25", "a whole number from 1 to 65535"),
        ("DNS_SERVER=9.9.9.9", "an address with a port, like 9.9.9.9:53"),
        ("DNS_SERVER=dns.example.org:53", "an address with a port, like 9.9.9.9:53"),
        ("DNS_SERVER=9.9.9.9:0", "an address with a port, like 9.9.9.9:53"),
        ("SMTP_PORT=" + "9" * 5000, "a whole number from 1 to 65535"),
        ("SMTP_SECURITY=ssl", "one of none, starttls, tls"),
        ("SMTP_CONNECTIONS=65", "a whole number from 1 to 64"),
        ("MAIL_FROM=nobody", "The Name <me@example.org>"),
        ("MAIL_FROM=The Name me@example.org", "The Name <me@example.org>"),
        ("MAIL_FROM=me@example.org, you@example.org", "The Name <me@example.org>"),
        ("MAIL_FROM=Brewer, Ada <me@example.org>", "a name with a comma stands in quotes"),
        ("MAIL_FROM=adö@example.org", "ASCII before the @"),
        ("MAIL_REPLY_TO=a@b@c", "The Name <me@example.org>"),
        ("MAIL_DOMAIN=me@example.org", "a domain like example.org"),
        ("DKIM_SELECTOR=mail_1", "a name like mail or 2026-11"),
        ("DKIM_SELECTOR=mail;x=1", "a name like mail or 2026-11"),
        ("DKIM_SELECTOR=mail..a", "a name like mail or 2026-11"),
        ("DKIM_SELECTOR=mäil", "a name like mail or 2026-11"),
        ("DKIM_SELECTOR='mail, Mail'", "another one for each key"),
        ("DKIM_SELECTOR=" + "x" * 64, "a name like mail or 2026-11"),
        ("DKIM_SELECTOR=" + "x." * 120 + "x", "a name like mail or 2026-11"),
        ("UNCERTAIN=maybe", "one of resend, leave"),
        ("DIGEST_TIME=8:00", "08:00 or 17:30"),
        ("DIGEST_TIME=24:00", "08:00 or 17:30"),
        ("DIGEST_TIME=08:60", "08:00 or 17:30"),
        ("DIGEST_TIME=8 am", "08:00 or 17:30"),
        ("HOLD=10", "90s, 10m, 72h, 7d"),
        ("HOLD=10 minutes", "90s, 10m, 72h, 7d"),
        ("HOLD=-1m", "90s, 10m, 72h, 7d"),
        ("STALE_AFTER=", "90s, 10m, 72h, 7d"),
        ("WELCOME_POSTS=21", "a whole number from 0 to 20"),
        ("RELEASE_BURST=0", "a whole number from 1 to 10000"),
    ],
)
def test_a_value_that_can_not_be_used_says_what_is_wanted(folder: Path, line: str, wanted: str) -> None:
    (complaint,) = complaints(folder, f"# mine\n{P}{line}\n")
    assert complaint.startswith(f".env:2: {P}{line.partition('=')[0]}: ")
    assert wanted in complaint


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("SITE_URL=https://example.org/blog/", "site_url", "https://example.org/blog"),
        ("SITE_URL=http://[::1]:8000", "site_url", "http://[::1]:8000"),
        ("SITE_URL=http://my_host:8000/", "site_url", "http://my_host:8000"),
        ("SITE_URL=https://Bücher.example:8443/a", "site_url", "https://xn--bcher-kva.example:8443/a"),
        ("SERVICE_URL=", "service_url", None),
        ("SITE_TITLE=Tea # and more", "site_title", "Tea"),
        ("SITE_TITLE='Tea # and more'", "site_title", "Tea # and more"),
        ("SITE_LANGUAGE=pt-BR", "site_language", "pt-BR"),
        ("TIMEZONE=Europe/Berlin", "timezone", ZoneInfo("Europe/Berlin")),
        ("PERMALINK=/{slug}/", "permalink", "/{slug}/"),
        ("PERMALINK=/{categories}/{year}/{slug}.html", "permalink", "/{categories}/{year}/{slug}.html"),
        ("PERMALINK=/{name}/", "permalink", "/{name}/"),
        ("PERMALINK=/{section}/{slug}/", "permalink", "/{section}/{slug}/"),
        ("ARCHIVES=Off", "archives", False),
        ("PAGES=on", "pages", True),
        ("FEED_ALIASES=", "feed_aliases", ()),
        ("FEED_ALIASES='/feed/, /a/atom/ /old.json'", "feed_aliases", FEEDS),
        ("FEED_ALIASES=/x.xml=atom.xml", "feed_aliases", (("/x.xml", "/atom.xml"),)),
        ("WEBSUB_HUB=https://hub.example.org/publish", "websub_hub", "https://hub.example.org/publish"),
        ("WEBSUB_HUB=https://hub.example.org/", "websub_hub", "https://hub.example.org/"),
        ("WEBSUB_HUB=https://hub.example.org/?of=mine", "websub_hub", "https://hub.example.org/?of=mine"),
        ("WEBSUB_HUB=", "websub_hub", None),
        ("SITE_RIGHTS='(c) 2026 Ada'", "site_rights", "(c) 2026 Ada"),
        ("SITE_ICON=icon.png", "site_icon", "icon.png"),
        ("PERMALINK=/notes/{year}-{month}-{day}/{slug}.x/", "permalink", "/notes/{year}-{month}-{day}/{slug}.x/"),
        ("OLD_SECRET_KEYS=a, b,c d", "old_secret_keys", ("a", "b", "c", "d")),
        ("LOG_LEVEL=DEBUG", "log_level", "debug"),
        ("SMTP_HOST=[::1]\n{P}MAIL_TRANSPORT=file", "smtp_host", "::1"),
        ("SMTP_PORT=", "smtp_port", None),
        ("DNS_SERVER=", "dns_server", None),
        ("DNS_SERVER=127.0.0.1:5353", "dns_server", ("127.0.0.1", 5353)),
        ("DNS_SERVER=[2620:FE::FE]:53", "dns_server", ("2620:fe::fe", 53)),
        ("MAIL_FROM=The Name <me@EXAMPLE.org>", "mail_from", ("The Name", "me@example.org")),
        ("""MAIL_FROM='"Brewer, Ada" <me@example.org>'""", "mail_from", ("Brewer, Ada", "me@example.org")),
        ("MAIL_FROM=me@localhost", "mail_from", ("", "me@localhost")),
        ("MAIL_FROM=me@bücher.example", "mail_from", ("", "me@bücher.example")),
        ("MAIL_DOMAIN=Mail.Example.ORG", "mail_domain", "mail.example.org"),
        ("DKIM_SELECTOR=mail,2026-11.b\n{P}DKIM_KEY_FILE=a,b", "dkim_selector", ("mail", "2026-11.b")),
        ("DKIM_KEY_FILE='a key.pem, /keys/b.pem'\n{P}DKIM_SELECTOR=a,b", "dkim_key_file", ("a key.pem", "/keys/b.pem")),
        ("POSTAL_ADDRESS='1 Road\nTown'", "postal_address", "1 Road\nTown"),
        ("HOLD=90s", "hold", timedelta(seconds=90)),
        ("HOLD=0m", "hold", timedelta(0)),
        ("STALE_AFTER=7 d", "stale_after", timedelta(days=7)),
        ("export {P}WELCOME_POSTS=3", "welcome_posts", 3),
    ],
)
def test_a_good_value_is_understood(folder: Path, line: str, name: str, value: object) -> None:
    text = line if line.startswith("export") else P + line
    assert getattr(read(folder, text.replace("{P}", P)), name) == value


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (f"{P}SITE_TITEL", f"did you mean {P}SITE_TITLE?"),
        (f"{P}SMTP_PASS", f"did you mean {P}SMTP_PASSWORD?"),
        (f"{P}TIME_ZONE", f"did you mean {P}TIMEZONE?"),
        (f"{P}MAIL_FORM", f"did you mean {P}MAIL_FROM?"),
        (f"{P}TIMEZONE_FILES", f"did you mean {P}TIMEZONE?"),
        ("SITE_URL", f"is read only as {P}SITE_URL"),
        ("SMTP_PASSWORD", f"is read only as {P}SMTP_PASSWORD"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(folder: Path, name: str, advice: str) -> None:
    (complaint,) = complaints(folder, f"\n{name}=hunter2\n")
    assert complaint.startswith(f".env:2: {name} ")
    assert advice in complaint
    assert "hunter2" not in complaint


def test_the_names_of_other_programs_are_none_of_ours(folder: Path) -> None:
    environment = {"SITE_URL": "x", "PATH": "/bin"}
    assert read(folder, "POSTGRES_PASSWORD=x\nCOMPOSE_FILE=y\n", environment) == Settings()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{bad}", 1),
        ("\ufeff{bad}", 1),
        ("# one\n{bad}", 2),
        ("\n\n\n{bad}\n", 4),
        ("\n  \n\t\n{bad}\n", 4),
        ("  {bad}", 1),
        ("# one\n\n  # two\n\n{bad}", 5),
        ("{good}\n\n{bad}", 3),
        ("{good}\n# one\n\n# two\n{bad}\n{good}", 5),
        ("PUBLISHER_POSTAL_ADDRESS='a\nb\n\nc'\n{bad}", 5),
        ("no equals sign\n{bad}", 2),
        ("export {bad}", 1),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_complaint_names_its_line_whatever_stands_above(folder: Path, text: str, line: int, end: str) -> None:
    filled = text.replace("{bad}", f"{P}SMTP_PORT=x").replace("{good}", f"{P}SITE_TITLE=Tea").replace("\n", end)
    assert complaints(folder, filled)[-1].startswith(f".env:{line}: {P}SMTP_PORT: ")


@pytest.mark.parametrize("line", ["just words", f"{P}SITE_TITLE", "=x", f'{P}SITE_TITLE="open', f"{P}SITE_TITLE='a' b"])
def test_a_line_that_can_not_be_read_is_told(folder: Path, line: str) -> None:
    found = complaints(folder, f"# mine\n\n{line}\n{P}SMTP_PORT=x\n")
    assert found[0] == ".env:3: this line can't be read, wanted is NAME=value"
    assert found[-1].startswith(f".env:4: {P}SMTP_PORT")


def test_everything_wrong_is_told_at_once(folder: Path) -> None:
    text = f"{P}SITE_TITEL=x\nwords\n\n{P}TIMEZONE=Nowhere\n{P}HOLD=1\n"
    found = complaints(folder, text, {f"{P}SMTP_PORT": "x", f"{P}NOTHING_LIKE_IT_AT_ALL": "y"})
    places = [complaint.split(": ")[0] for complaint in found]
    assert sorted(places) == [".env:1", ".env:2", ".env:4", ".env:5", "environment", "environment"]


def test_the_environment_wins_over_the_file(folder: Path) -> None:
    text = f"{P}SITE_TITLE=File\n{P}FEED_LIMIT=wrong\n"
    found = read(folder, text, {f"{P}SITE_TITLE": "Environment", f"{P}FEED_LIMIT": "7"})
    assert (found.site_title, found.feed_limit) == ("Environment", 7)
    (complaint,) = complaints(folder, "", {f"{P}FEED_LIMIT": "wrong"})
    assert complaint.startswith(f"environment: {P}FEED_LIMIT: ")


def test_the_processes_own_environment_is_read_where_none_is_given(folder: Path) -> None:
    code = "from pathlib import Path; from publisher.config import read_settings as r; print(r(Path()).site_title)"
    environment = os.environ | {f"{P}SITE_TITLE": "From outside"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.stdout == "From outside\n"


@pytest.mark.parametrize("value", ["a\x07b", "a\x00b", "\udcff", "a\x1b[31m"])
@pytest.mark.parametrize("name", ["SITE_TITLE", "SMTP_PASSWORD", "SMTP_PASSWORD_FILE", "POSTAL_ADDRESS", "POSTS_DIR"])
def test_a_control_character_and_what_is_no_utf8_are_told_and_not_shown(folder: Path, name: str, value: str) -> None:
    (complaint,) = complaints(folder, "", {P + name: value})
    assert (
        complaint == f"environment: {P}{name}: this value can't be used, it holds a control character or is not UTF-8"
    )


def test_a_file_that_is_not_utf8_or_no_file_says_so(folder: Path) -> None:
    assert complaints(folder, "PUBLISHER_SITE_TITLE=Tür".encode("latin-1")) == (
        ".env: the file is not UTF-8, save it as UTF-8",
    )
    (folder / ".env").unlink()
    (folder / ".env").mkdir()
    with pytest.raises(ConfigurationError, match="wanted is a file that you may read"):
        read_settings(folder, {})


LOGIN = f"{P}SMTP_HOST=mail.example.org\n{P}MAIL_FROM=me@example.org\n{P}SMTP_USERNAME=me\n{P}SMTP_PASSWORD=hunter2\n"


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        (f"{P}SMTP_HOST=mail.example.org", "MAIL_FROM", "The Name <me@example.org>"),
        (f"{P}SMTP_PASSWORD=hunter2", "SMTP_USERNAME", "both a name and a password"),
        (f"{P}SMTP_USERNAME=me", "SMTP_PASSWORD", "both a name and a password"),
        (LOGIN + f"{P}SMTP_SECURITY=none", "SMTP_SECURITY=none", "starttls or tls"),
        (f"{P}SECRET_KEY=hunter2", "SECRET_KEY", "32 characters or more"),
        (f"{P}DKIM_SELECTOR=mail", "DKIM_KEY_FILE", "openssl genrsa -out var/dkim.pem 2048"),
        (f"{P}DKIM_KEY_FILE=a.pem", "DKIM_SELECTOR", "a name for each key"),
        (f"{P}DKIM_KEY_FILE=a.pem,b.pem\n{P}DKIM_SELECTOR=mail", "DKIM_SELECTOR", "a name for each key"),
        (f"{P}DKIM_KEY_FILE=posts/a.pem\n{P}DKIM_SELECTOR=mail", "DKIM_KEY_FILE", "a place outside of posts"),
        (f"{P}DKIM_KEY_FILE=x/../public/a.pem\n{P}DKIM_SELECTOR=mail", "DKIM_KEY_FILE", "a place outside of public"),
    ],
)
def test_settings_that_do_not_go_together_are_told(folder: Path, text: str, name: str, wanted: str) -> None:
    (complaint,) = complaints(folder, text)
    assert complaint.startswith(P + name)
    assert wanted in complaint
    assert "hunter2" not in complaint


def test_all_contradictions_are_told_at_once(folder: Path) -> None:
    text = f"{P}SMTP_HOST=mail.example.org\n{P}SMTP_PASSWORD=hunter2\n{P}SMTP_SECURITY=none\n{P}SECRET_KEY=short\n"
    assert len(complaints(folder, text)) == 4


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_password_may_go_in_the_clear_to_this_machine(folder: Path, host: str) -> None:
    text = LOGIN.replace("mail.example.org", host) + f"{P}SMTP_SECURITY=none\n"
    assert read(folder, text).smtp_password == "hunter2"


def test_letters_to_files_need_no_sender(folder: Path) -> None:
    text = f"{P}SMTP_HOST=mail.example.org\n{P}MAIL_TRANSPORT=file\n"
    assert read(folder, text).mail_from is None


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_the_security_where_none_is_given(folder: Path, security: str, port: int) -> None:
    text = f"{P}SMTP_HOST=mail.example.org\n{P}MAIL_FROM=a@example.org\n{P}SMTP_SECURITY={security}\n"
    for more, expected in (("", port), (f"{P}SMTP_PORT=2525", 2525)):
        route = read(folder, text + more).route()
        assert route is not None
        assert route.port == expected


SECRETS = [row.name for row in fields(Settings) if row.metadata["is_secret"]]


def test_what_is_secret_is_marked_so() -> None:
    assert set(SECRETS) == {"database_url", "secret_key", "old_secret_keys", "smtp_password"}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_secret_may_lie_in_a_file(folder: Path, name: str, is_absolute: bool) -> None:
    value = "postgresql://me:hunter2@host/name" if name == "database_url" else "h" * 40
    (folder / "secret").write_text(f"{value}\n")
    where = folder / "secret" if is_absolute else "secret"
    found = read(
        folder,
        f"{P}SMTP_USERNAME=me\n{P}{name.upper()}_FILE={where}\n",
        {} if name == "smtp_password" else {f"{P}SMTP_PASSWORD": "x"},
    )
    assert getattr(found, name) == ((value,) if name == "old_secret_keys" else value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{P}SMTP_PASSWORD_FILE=nowhere", "the file nowhere can't be read (No such file or directory)"),
        (f"{P}SMTP_PASSWORD_FILE=", "can't be read (Is a directory)"),
        (f"{P}SMTP_PASSWORD_FILE=latin", "the file latin can't be read (not UTF-8)"),
        (f"{P}SITE_TITLE_FILE=latin", f"only secrets are read from files, wanted is {P}SITE_TITLE"),
        (f"{P}SMTP_PASSWORD_FILE=secret\n{P}SMTP_PASSWORD=hunter2", "are both given, wanted is one of them"),
        (f"{P}DATABASE_URL_FILE=secret", "this value can't be used, wanted is sqlite:///"),
    ],
)
def test_a_file_of_a_secret_that_can_not_be_used_is_told_without_it(folder: Path, text: str, wanted: str) -> None:
    (folder / "secret").write_text("hunter2\n")
    (folder / "latin").write_bytes(b"hunter2\xff")
    found = complaints(folder, text)
    assert wanted in found[0]
    assert found[0].startswith(f".env:1: {P}")
    assert "hunter2" not in "".join(found)


def test_no_secret_is_ever_shown_in_a_complaint(folder: Path) -> None:
    text = "".join(f"{P}{name.upper()}=hunter2\n" for name in SECRETS) + f"{P}SMTP_PORT=x\n"
    assert "hunter2" not in "".join(complaints(folder, text))


# -- .env.example


def test_the_example_in_the_repository_is_what_the_table_prints() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example()


def test_the_example_explains_every_setting_and_sets_none(folder: Path) -> None:
    text = example()
    for row in fields(Settings):
        assert len(re.findall(rf"^#{P}{row.name.upper()}=", text, re.MULTILINE)) == 1
        assert row.metadata["about"]
    assert read(folder, text) == Settings()
    assert read(folder, re.sub(rf"^#{P}", P, text, flags=re.MULTILINE)) == Settings()


ODD = st.lists(
    st.sampled_from(
        ["'", '"', "\\", "#", " ", " #", "$", "${HOME}", "=", "`", "%", "é", "日本", "\\n", "export ", "\n", "a"]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(ODD, ODD)
@with_example("ends with a \\", "it's")
@with_example("it's \\", "\\' '")
@with_example("#", "\\")
@with_example("'", '"')
def test_odd_values_come_back_from_the_file_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, one: str, two: str
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    values = {"author_name": one.strip(), "postal_address": two.strip(), "site_title": "Tea"}
    found = read(folder, example(values))
    assert (found.author_name or "", found.postal_address or "") == (one.strip(), two.strip())
    assert found.site_title == "Tea"
    by_dotenv = dotenv_values(folder / ".env", interpolate=False)
    assert by_dotenv[f"{P}AUTHOR_NAME"] == one.strip()
    assert by_dotenv[f"{P}POSTAL_ADDRESS"] == two.strip()
