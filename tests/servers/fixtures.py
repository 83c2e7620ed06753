"""The servers as pytest fixtures. A server that is missing fails its tests where it could have been installed
(as root on Debian, and wherever CI is set); elsewhere its tests are left out, and the end of the run says so.
"""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.servers.certificates import Authority
from tests.servers.chromium import browser
from tests.servers.dovecot import Dovecot
from tests.servers.packages import missing, must_have_all
from tests.servers.postfix import Postfix
from tests.servers.postgresql import PostgreSQL

_LEFT_OUT = "needs the server "


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*servers): postfix, dovecot, postgresql or chromium must be there")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            _need(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One plain line, right before the closing one."""
    left_out = Counter(
        found[1]
        for report in terminalreporter.getreports("skipped")
        if (found := re.search(rf"{_LEFT_OUT}(\w+)", str(report.longrepr)))
    )
    if left_out:
        servers = ", ".join(f"{name} ({missing().get(name, 'missing')})" for name in sorted(left_out))
        terminalreporter.write_line(f"{left_out.total()} tests were left out, for want of: {servers}")


def _need(name: str) -> None:
    reason = missing().get(name)
    if reason is None:
        return
    if must_have_all():
        pytest.fail(f"{_LEFT_OUT}{name}: {reason}", pytrace=False)
    pytest.skip(f"{_LEFT_OUT}{name}: {reason}")


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    """Makes certificates for servers of the test's own."""
    with Authority() as made:
        yield made


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    _need("postgresql")
    with PostgreSQL(durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Every address at every domain has a mailbox: use addresses that no other test uses."""
    _need("dovecot")
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """Hands everything to `dovecot`; `route` a domain of the test's own elsewhere."""
    _need("postfix")
    with Postfix(dovecot) as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    _need("chromium")
    with browser() as opened:
        yield opened
