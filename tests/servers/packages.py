"""Which servers the tests need, what Debian calls them, and which of them are missing here.

Standard library only: `python3 -m tests` reads this before anything is installed.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

DEBIAN_PACKAGES = (
    "caddy",
    "chromium",
    "dovecot-imapd",
    "dovecot-lmtpd",
    "fonts-dejavu-core",  # letters in screenshots
    "libatomic1",  # of Playwright's driver
    "newsboat",
    "nginx-light",
    "opendkim",
    "openssl",
    "postfix",
    "postgresql",
    "rspamd",
    "rss2email",
    "spamassassin",
)

_FOLDERS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
_DOVECOT_PROGRAMS = (Path("/usr/lib/dovecot"), Path("/usr/libexec/dovecot"), Path("/usr/local/libexec/dovecot"))


def program(*names: str) -> str | None:
    """The path of the first of these programs that is installed, the administrator's folders included."""
    return next((path for name in names if (path := shutil.which(name, path=_FOLDERS))), None)


def postgresql_programs() -> Path | None:
    """The folder with `initdb` and `postgres`: Debian keeps it off PATH, one a version; the newest wins."""
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    on_path = program("initdb")
    return Path(on_path).resolve().parent if on_path else None


def is_root() -> bool:
    return os.geteuid() == 0


def is_debian() -> bool:
    """Debian, or a system made from it: packages come by apt-get."""
    return program("apt-get") is not None and program("dpkg-query") is not None


def must_have_all() -> bool:
    """A missing server is a failure where it could have been installed, and wherever CI is set."""
    return bool(os.environ.get("CI")) or (is_root() and is_debian())


def missing() -> dict[str, str]:
    """The servers that can't be started here, each with the reason."""
    reasons = {name: check() for name, check in _CHECKS.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _caddy() -> str | None:
    return None if program("caddy") else "caddy is not installed"


def _chromium() -> str | None:
    return None if program("chromium", "chromium-browser", "google-chrome") else "chromium is not installed"


def _dovecot() -> str | None:
    if program("dovecot") is None or program("openssl") is None:
        return "dovecot or openssl is not installed"
    complete = any((folder / "imap").exists() and (folder / "lmtp").exists() for folder in _DOVECOT_PROGRAMS)
    return None if complete else "dovecot lacks its IMAP or LMTP part"


def _nginx() -> str | None:
    return None if program("nginx") else "nginx is not installed"


def _opendkim() -> str | None:
    return None if program("opendkim") else "opendkim is not installed"


def _postfix() -> str | None:
    if program("postfix") is None or program("openssl") is None:
        return "postfix or openssl is not installed"
    return _dovecot() if is_root() else "postfix is started by root only"


def _postgresql() -> str | None:
    return None if postgresql_programs() else "postgresql is not installed"


def _newsboat() -> str | None:
    return None if program("newsboat") else "newsboat is not installed"


def _rspamd() -> str | None:
    return None if program("rspamd") else "rspamd is not installed"


def _rss2email() -> str | None:
    return None if program("r2e") else "rss2email is not installed"


def _spamassassin() -> str | None:
    return None if program("spamassassin") else "spamassassin is not installed"


_CHECKS: dict[str, Callable[[], str | None]] = {
    "caddy": _caddy,
    "chromium": _chromium,
    "dovecot": _dovecot,
    "newsboat": _newsboat,
    "nginx": _nginx,
    "opendkim": _opendkim,
    "postfix": _postfix,
    "postgresql": _postgresql,
    "rspamd": _rspamd,
    "rss2email": _rss2email,
    "spamassassin": _spamassassin,
}
