"""Debian's Chromium, driven by Playwright, and the accessibility rules of axe."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers.packages import program

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser. While it is open, this thread can't run an asyncio loop of its own (`asyncio.run`)."""
    path = program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()


def axe(page: Page) -> list[dict[str, Any]]:
    """What breaks an accessibility rule on this page; each with `id`, `help` and `nodes`."""
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return violations
