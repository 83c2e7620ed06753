"""What feedparser reads is what was meant, field by field and in order."""

from typing import Literal

import pytest

from tests.core.feeds.examples import FEEDS
from tests.core.feeds.golden_files import FORMATS
from tests.core.feeds.reading import meant, read


@pytest.mark.parametrize("kind", ["rss", "atom"])
@pytest.mark.parametrize("name", FEEDS)
def test_a_reader_sees_what_was_meant(name: str, kind: Literal["rss", "atom"]) -> None:
    assert read(FORMATS[kind](FEEDS[name])) == meant(FEEDS[name], kind)


def test_both_formats_tell_the_same_ids_in_the_same_order() -> None:
    ids = {kind: [item.id for item in read(write(FEEDS["rich"])).items] for kind, write in FORMATS.items()}
    assert ids["rss"] == ids["atom"] == [item.id for item in FEEDS["rich"].items]
