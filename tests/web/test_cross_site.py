"""Who may press our buttons, as the browser's own headers tell it."""

import pytest
from starlette.datastructures import Headers

from publisher.web.guard import is_cross_site, own_hosts

OWN = own_hosts("https://blog.example.org", "https://mail.example.org:8443/blog")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://blog.example.org"}, True),
        ({"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"}, False),
        ({"origin": "https://blog.example.org", "host": "127.0.0.1:8000"}, False),  # a proxy that renames us
        ({"origin": "https://mail.example.org:8443", "host": "127.0.0.1:8000"}, False),
        ({"origin": "https://mail.example.org", "host": "127.0.0.1:8000"}, True),
        ({"origin": "https://evil.example", "host": "blog.example.org"}, True),
        ({"origin": "null", "host": "blog.example.org"}, True),
        ({"origin": "http://[broken", "host": "blog.example.org"}, True),
        ({}, False),
    ],
)
def test_another_sites_page_is_told_from_ours(headers: dict[str, str], expected: bool) -> None:
    assert is_cross_site(Headers(headers), OWN) is expected
