"""RFC 5005 as a reader does it: from the subscription back from archive to archive, until every post was seen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import feedparser
import pytest

from publisher.core.feeds import FORMATS, Format
from tests.processes import get
from tests.readers.notebook import ENTRIES, opened

OLDER = 43
"""With the entries 47: two full archives of twenty, and seven that only the subscription shows."""


class Document(NamedTuple):
    url: str
    ids: list[str]
    older: str | None


def read(url: str) -> Document:
    body = get(url).body
    if url.endswith(".json"):
        found = json.loads(body)
        return Document(found["feed_url"], [item["id"] for item in found["items"]], found.get("next_url"))
    parsed = feedparser.parse(body)
    assert not parsed.bozo, parsed.bozo_exception
    links = {link.rel: link.href for link in parsed.feed.links}
    return Document(links["self"], [entry.id for entry in parsed.entries], links.get("prev-archive"))


def chain(url: str | None) -> Iterator[Document]:
    while url:
        document = read(url)
        assert document.url == url
        yield document
        url = document.older


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("archives")
    with opened(folder / "site", older=OLDER) as notebook:
        yield notebook.url


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_reader_that_follows_the_links_sees_every_post(form: Format, url: str) -> None:
    subscription, *archives = chain(f"{url}/{form.file}")
    assert [document.url for document in archives] == [f"{url}/archive/{number}/{form.file}" for number in (2, 1)]
    ids = [id_ for document in archives for id_ in document.ids]
    assert len(ids) == len(set(ids)) == 40
    assert len(subscription.ids) == 20
    assert {*ids, *subscription.ids[:7]} == {*ids, *subscription.ids}
    assert len({*ids, *subscription.ids}) == OLDER + len(ENTRIES) == 47
