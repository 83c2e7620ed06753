"""Fetch what stands at an address of the web. Decides nothing: what came of it is a value."""

from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from publisher import __version__
from publisher.core.checkup import Fetched

TIMEOUT_SECONDS = 5.0
_MOST_BYTES = 32_000_000


def fetch(url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Fetched:
    """Never raises; follows redirects. The timeout is for each step: to be connected, and to be answered."""
    request = Request(url, headers={"User-Agent": f"publisher/{__version__}"})  # noqa: S310  (http or https, by the settings)
    try:
        with urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
            return Fetched(status=answer.status, reason=answer.reason, body=answer.read(_MOST_BYTES))
    except HTTPError as error:
        with error:
            return Fetched(status=error.code, reason=str(error.reason))
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Fetched(status=None, reason=str(reason) or type(error).__name__)
