"""What a reader does, and what it shows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry, as a reader keeps it for its user."""

    title: str
    """Empty where the reader shows none."""
    url: str
    author: str
    published_at: datetime
    content: str
    enclosure: str
    """URL, or nothing."""


class Reader(Protocol):
    visits_until_304: ClassVar[int]
    """With the one that gets it."""
    shows_edits: ClassVar[bool]
    needs: ClassVar[tuple[str, ...]]
    """Of the programs that may be missing on a machine."""

    def __init__(self, feed_url: str, folder: Path) -> None:
        """Subscribes; keeps all that it knows in the folder."""

    def visit(self) -> None:
        """Comes by, as it would every hour."""

    def shown(self) -> list[Shown]:
        """Everything that it has, in any order."""
