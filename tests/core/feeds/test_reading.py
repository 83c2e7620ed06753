"""What is read is what was meant, field by field and in order."""

import pytest

from publisher.core.feeds import FORMATS
from publisher.core.pages import feed_links
from tests.core.feeds.examples import EXAMPLES, SITE, written
from tests.core.feeds.golden_files import KINDS
from tests.core.feeds.reading import meant, read


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_reader_sees_what_was_meant(name: str, kind: str) -> None:
    assert read(written(EXAMPLES[name], KINDS[kind]), KINDS[kind]) == meant(EXAMPLES[name], KINDS[kind])


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_formats_tell_the_same_ids_links_and_dates_in_the_same_order(name: str) -> None:
    found = [
        [
            (item.id, item.link, item.published_at, item.updated_at)
            for item in read(written(EXAMPLES[name], form), form).items
        ]
        for form in FORMATS
    ]
    assert found == [found[0]] * 3
    assert [first for first, *_ in found[0]] == [item.id for item in EXAMPLES[name].items]


def test_pages_announce_what_is_written() -> None:
    assert {(link.format, link.url, link.media_type) for link in feed_links(SITE)} == {
        (form.name, f"{SITE.url}/{form.file}", form.media_type) for form in FORMATS
    }
