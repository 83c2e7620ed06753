"""Installs Debian's packages for the tests and leaves the machine otherwise as it was: nothing that comes with them
is started, now or at the next boot, and PostgreSQL makes no cluster of its own.

Standard library only: `python3 -m tests` reads this before anything is installed.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.packages import program

_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "APT_LISTCHANGES_FRONTEND": "none",
    "NEEDRESTART_SUSPEND": "1",
    "LC_ALL": "C.UTF-8",
}
_OPTIONS = (
    "-q",
    "-y",
    "-o", "Acquire::Retries=3",
    "-o", "DPkg::Lock::Timeout=600",
    "-o", "Dpkg::Use-Pty=0",
    "-o", "Dpkg::Options::=--force-confold",
    "-o", "Dpkg::Options::=--force-confdef",
)  # fmt: skip
_ATTEMPTS = 3

_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_ASIDE = _POLICY.with_name("policy-rc.d.set-aside-by-publisher-tests")
_POLICY_TEXT = "#!/bin/sh\n# Put here by publisher's tests while they install: nothing may start.\nexit 101\n"
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/publisher-tests.conf")


class InstallationFailed(Exception):
    """With what apt-get said."""


def not_installed(packages: Sequence[str]) -> list[str]:
    """Those that are absent, or unpacked and never set up."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    installed = {line.split()[0] for line in lines if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def install(packages: Sequence[str]) -> None:
    """As root. Tried again when the network fails; InstallationFailed when that does not help."""
    before = _started_at_boot()
    with _nothing_starts(), _no_cluster_is_made():
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                _apt_get("update")
                _apt_get("install", "--no-install-recommends", *packages)
                break
            except InstallationFailed:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(5 * attempt)
    for link in sorted(_started_at_boot() - before):
        _disable(link.name)


def _apt_get(verb: str, *arguments: str) -> None:
    command = ["apt-get", *_OPTIONS, verb, *arguments]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | _ENVIRONMENT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise InstallationFailed(f"{' '.join(command)}\n{done.stdout}")


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Debian's own switch: every start asks policy-rc.d, and 101 forbids it. Mends what a killed run left behind."""
    if _POLICY.exists() and _POLICY.read_text(errors="replace") == _POLICY_TEXT:
        _POLICY.unlink()
    if _POLICY.exists() and not _POLICY_ASIDE.exists():
        _POLICY.rename(_POLICY_ASIDE)
    _POLICY.write_text(_POLICY_TEXT)
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
        if _POLICY_ASIDE.exists():
            _POLICY_ASIDE.rename(_POLICY)


@contextmanager
def _no_cluster_is_made() -> Iterator[None]:
    """Only a PostgreSQL that is installed now reads this; clusters that are there stay as they are."""
    _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    _NO_CLUSTER.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        _NO_CLUSTER.unlink(missing_ok=True)
        if not any(_NO_CLUSTER.parent.iterdir()):
            _NO_CLUSTER.parent.rmdir()


def _started_at_boot() -> set[Path]:
    """The links by which systemd and the run levels start services."""
    systemd = Path("/etc/systemd/system").glob("*.wants/*")
    run_levels = (link for level in "2345" for link in Path(f"/etc/rc{level}.d").glob("S*"))
    return {*systemd, *run_levels}


def _disable(name: str) -> None:
    """A systemd unit (postfix.service) or a link of a run level (S01postfix)."""
    if "." not in name:
        command = ["update-rc.d", name[3:], "disable"]
    elif program("systemctl"):
        command = ["systemctl", "disable", name]
    else:
        command = ["deb-systemd-helper", "disable", name]
    subprocess.run(command, capture_output=True, check=True)
