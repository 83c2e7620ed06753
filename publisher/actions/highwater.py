"""The number of the last edition that left here, in a file beside the database: by it a restored backup is known."""

from publisher import disk
from publisher.actions.publication import Publication
from publisher.storage import Transaction

HIGH_WATER_NAME = "high-water"


def hold_if_behind(publication: Publication, tx: Transaction) -> None:
    """A database behind the last edition that left here is a restored backup: it holds instead of sending again."""
    number = high_water(disk.read_text(publication.folders.state / HIGH_WATER_NAME))
    if tx.editions.last_number() >= number:
        return
    tx.editions.count_on_from(number)
    tx.marks.put("restored", "the database is older than the last edition")
    stopped = tx.editions.hold_all("restored")
    publication.log.warning("database.restored", held=stopped, mend="publisher editions list")


def high_water(text: str | None) -> int:
    """The number of the last edition that left here, as the file of that name holds it."""
    return int(text) if text and text.strip().isdecimal() else 0
