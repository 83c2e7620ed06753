"""Tell a WebSub hub that a feed has changed. Decides nothing: what came of it is a value.

The hub fetches the feed then, and hands it to the readers who asked it to (https://www.w3.org/TR/websub/).
"""

from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from publisher import __version__

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinged:
    """What came of one ping."""

    topic: str
    status: int | None
    """None: nobody answered, or not in time."""
    reason: str

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _NoRedirect(HTTPRedirectHandler):
    """A form that is sent on turns into a question about a page, which a hub answers with 200 and does nothing."""

    def redirect_request(self, *_: Any) -> None:
        return None


def ping(hub: str, topic: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Pinged:
    """Never raises. The timeout is for each step: to be connected, to send, and to be answered."""
    form = urlencode({"hub.mode": "publish", "hub.url": topic}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": f"publisher/{__version__}"}
    try:
        request = Request(hub, data=form, headers=headers, method="POST")  # noqa: S310  (http or https, by the settings)
        with build_opener(_NoRedirect).open(request, timeout=timeout_seconds) as answer:
            return Pinged(topic=topic, status=answer.status, reason=answer.reason)
    except HTTPError as error:
        with error:
            return Pinged(topic=topic, status=error.code, reason=str(error.reason))
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Pinged(topic=topic, status=None, reason=str(reason) or type(error).__name__)
