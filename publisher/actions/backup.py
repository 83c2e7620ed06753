"""Put what could not be made again into one file: the database at one moment, the id register, the key, the high-water mark.

Not in it: posts and templates, which are files anyhow, `.env` with its passwords, and DKIM keys.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from publisher import __version__, disk
from publisher.actions.highwater import HIGH_WATER_NAME
from publisher.actions.publication import KEY_NAME, Publication
from publisher.core.errors import PublisherError
from publisher.core.identity import REGISTER_NAME
from publisher.core.token import Keys, mac
from publisher.disk.archive import Pack
from publisher.storage import Transaction

REGISTER, KEY, HIGH_WATER = f"posts/{REGISTER_NAME}", f"var/{KEY_NAME}", f"var/{HIGH_WATER_NAME}"
"""What they are called in the file, wherever the site keeps them."""
TABLES = "tables/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a backup says of itself."""

    publisher: str
    revision: str
    """Of the tables."""
    made_at: datetime
    site_url: str
    rows: dict[str, int]
    """How many, by table."""
    last_ids: dict[str, int]
    key_proof: str
    """Tells whether a key is the one that signed the links, and nothing else about it."""
    has_key: bool
    """Not so where the key stands in the settings."""

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"made_at": self.made_at.isoformat()}

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Facts":
        """Raises KeyError, TypeError or ValueError for what is none."""
        found = {field.name: values[field.name] for field in fields(Facts)}
        return Facts(**found | {"made_at": datetime.fromisoformat(values["made_at"])})


def backup(publication: Publication, path: Path, now: datetime, *, is_forced: bool = False) -> tuple[Path, Facts]:
    """One moment, while everything runs on; the file is there when it is whole. A folder gets a file named by the time."""
    if path.is_dir():
        path /= f"publisher-{_stamp(now)}.tar.gz"
    folders = publication.folders
    if not path.parent.is_dir():
        raise PublisherError(f"{path.parent}: there is no such folder, wanted is one that is there")
    if any(path.resolve().is_relative_to(folder.resolve()) for folder in (folders.output, folders.posts)):
        raise PublisherError(f"{path}: this would show the readers' addresses to the world, wanted is another folder")
    if path.exists() and not is_forced:
        raise PublisherError(f"{path}: there is a file already, wanted is another name, a folder, or --force")
    with disk.new_file(path, mode=0o600, is_durable=True) as file, publication.storage.snapshot() as tx:
        return path, pack(publication, tx, file, now)


def backup_to(publication: Publication, file: BinaryIO, now: datetime) -> Facts:
    """The same, into what is open already."""
    with publication.storage.snapshot() as tx:
        facts = pack(publication, tx, file, now)
    file.flush()
    return facts


def put_aside(publication: Publication, tx: Transaction, now: datetime) -> Path:
    """A backup of what this transaction sees, beside the database."""
    path = publication.folders.state / f"before-restore-{_stamp(now)}.tar.gz"
    if path.exists():
        raise PublisherError(f"{path}: what is here would be put aside under this name, wanted is that it be free")
    with disk.new_file(path, mode=0o600, is_durable=True) as file:
        pack(publication, tx, file, now)
    return path


def pack(publication: Publication, tx: Transaction, file: BinaryIO, now: datetime) -> Facts:
    """The ledger first: a register, or a mark, that is newer does no harm, an older one would."""
    folders = publication.folders
    archive = Pack(file, now)
    rows = {table: archive.add_lines(f"{TABLES}{table}", tx.copy.lines(table)) for table in tx.copy.tables()}
    key, file_key = publication.keys.keys[0], key_on_disk(publication)
    for name, text in (
        (REGISTER, disk.read_text(folders.posts / REGISTER_NAME)),
        (HIGH_WATER, disk.read_text(folders.state / HIGH_WATER_NAME)),
        (KEY, key if key == file_key else None),
    ):
        if text is not None:
            archive.add(name, text.encode())
    facts = Facts(
        publisher=__version__,
        revision=tx.copy.revision,
        made_at=now,
        site_url=publication.site.url,
        rows=rows,
        last_ids=tx.copy.last_ids(),
        key_proof=key_proof(key),
        has_key=key == file_key,
    )
    archive.close(facts.plain())
    return facts


def key_on_disk(publication: Publication) -> str:
    """The key in `var`, or nothing."""
    return (disk.read_text(publication.folders.state / KEY_NAME) or "").strip()


def key_proof(key: str) -> str:
    return mac(Keys(keys=(key,)), "backup", "key")


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"
