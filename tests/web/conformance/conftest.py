"""Every test of this folder runs with each server, for a site at the top of its host and one below a path."""

from collections.abc import Iterator

import pytest

from tests.web.asking import SERVERS, Ground, Served, ground, served

SITES = {"at the top": "https://tides.example", "below a path": "https://tides.example/notes"}
NEEDS = {name: pytest.mark.needs(name) for name in ("nginx", "caddy")}
CANNOT = {
    "nginx": {
        "test_an_etag_wins_over_a_date": "wants both to match: a right ETag with an old date is a needless 200",
        "test_whatever_encoding_is_gzip_too": "knows no `*` in Accept-Encoding: plain bytes, which are right too",
        "test_another_version_of_the_same_second_and_size_is_another": "makes its ETag from the second and the size",
    },
    "caddy": {
        "test_whatever_encoding_is_gzip_too": "knows no `*` in Accept-Encoding: plain bytes, which are right too",
        "test_another_version_of_the_same_second_and_size_is_another": "makes its ETag from the second and the size",
        "test_a_compressed_text_says_its_length": "Go gives no length with a Content-Encoding: it comes in chunks",
        "test_head_of_a_compressed_text_is_get_without_the_body": "the same",
        "test_a_304_says_what_a_cache_must_know": "Go leaves Last-Modified out of a 304 that has an ETag",
    },
}
"""What a server can't do, and what it does instead. The rule is asked of it all the same, and must fail."""


@pytest.fixture(scope="package", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("site") / "site", SITES[request.param]) as found:
        yield found


@pytest.fixture(scope="package", params=[pytest.param(name, marks=NEEDS.get(name, ())) for name in SERVERS])
def web(request: pytest.FixtureRequest, site: Ground) -> Iterator[Served]:
    with served(request.param, site) as found:
        yield found


@pytest.fixture(autouse=True)
def _exceptions(request: pytest.FixtureRequest, web: Served) -> None:
    reason = CANNOT.get(web.name, {}).get(request.node.originalname)
    if reason:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
