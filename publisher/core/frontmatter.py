"""The head of a post: YAML between two lines of `---`, each key with the line that it stands on."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from publisher.core.errors import FrontMatterError

_FENCE = re.compile(r"\A---[ \t]*\n(?P<head>.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DATE = re.compile(
    r"""(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})
        (?:(?:[Tt]|[ \t]+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?
        (?:[ \t]*(?:(?P<utc>[Zz]|UTC|GMT)|(?P<sign>[+-])(?P<zone_hour>\d{2}):?(?P<zone_minute>\d{2})?))?)?""",
    re.VERBOSE,
)
_SUSPICIOUS = re.compile(r"[\[{?*-]")
_DEPTH, _ALIASES = 50, 20
DATE_WANTED = "wanted is a date like 2026-11-22 or 2026-11-22 08:30 or 2026-11-22T08:30:00+01:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The parsed head of one post. Scalars are kept as they were written, so that no date or number is guessed at."""

    values: dict[str, Any]
    """Strings, lists and mappings of them; None for a key with nothing behind it. Keys in lower case."""
    lines: dict[str, int]
    """The line of each key, counted from 1."""
    body: str
    body_line: int
    """The line on which the body begins."""


class _Loader(yaml.CSafeLoader):
    """YAML in which every plain scalar but `null` and the booleans stays text: 12:30 is no number here, 1e3 no float."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag == "tag:yaml.org,2002:null"]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def parse_front_matter(source: str) -> FrontMatter:
    """Cut a post into head and body. A post without a head is all body.

    Raises FrontMatterError where the head does not end or is no YAML mapping.
    """
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not re.match(r"---[ \t]*(\n|\Z)", text):
        return FrontMatter(values={}, lines={}, body=text, body_line=1)
    found = _FENCE.match(text)
    if not found:
        raise FrontMatterError(1, "the front matter does not end", "wanted is a line of --- below it")
    values, lines = _parse_yaml(found["head"])
    body_line = text.count("\n", 0, found.end()) + 1
    return FrontMatter(values=values, lines=lines, body=text[found.end() :], body_line=body_line)


def _parse_yaml(head: str) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        _refuse_bombs(head)
        loader = _Loader(head)
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if not isinstance(node, yaml.MappingNode):
            raise FrontMatterError(2, "the front matter is no list of keys", "wanted are lines like title: A title")
        return _mapping(loader, node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, head.count("\n")) + 2 if mark else None
        raise FrontMatterError(line, f"bad YAML: {error.problem or error.context}", _advice(head, mark)) from error
    except yaml.reader.ReaderError as error:
        line = head.encode().count(b"\n", 0, error.position) + 2
        raise FrontMatterError(line, f"bad YAML: {error.reason}", "delete the character that can't be seen") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FrontMatterError(None, f"bad YAML: {error}", "wanted are lines like title: A title") from error


def _refuse_bombs(head: str) -> None:
    """What nests without end overflows the stack of libyaml, what repeats itself by aliases the memory of whoever shows it."""
    if len(_SUSPICIOUS.findall(head)) <= _ALIASES:
        return
    depth = aliases = 0
    for event in yaml.parse(head, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > _DEPTH or aliases > _ALIASES:
            mark: Any = event.start_mark
            raise FrontMatterError(
                mark.line + 2, "the front matter nests too deep", "wanted are lines like title: A title"
            )


def _mapping(loader: _Loader, node: yaml.MappingNode) -> tuple[dict[str, Any], dict[str, int]]:
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 2
        if not isinstance(key_node, yaml.ScalarNode):
            raise FrontMatterError(line, "a key is no plain word", "wanted are lines like title: A title")
        key = str(key_node.value).strip().lower()
        if key in values:
            raise FrontMatterError(line, f"the key {key} stands twice", f"first on line {lines[key]}: keep one")
        try:
            values[key] = loader.construct_object(value_node, deep=True)
        except (ValueError, LookupError, AttributeError) as error:  # what PyYAML raises for a tag like !!bool maybe
            raise FrontMatterError(
                line, f"{key} is no {value_node.tag.rpartition(':')[2]}", "leave out the tag"
            ) from error
        lines[key] = line
    return values, lines


def _advice(head: str, mark: Any) -> str:
    """What most often is the matter in that line."""
    rows = head.split("\n")
    row = rows[mark.line] if mark and mark.line < len(rows) else ""
    if "\t" in row:
        return "wanted are spaces in place of the tab"
    if row.count(":") > 1:
        return 'a text with a colon in it wants quotes: title: "One: two"'
    return "wanted are lines like title: A title, texts with special signs in quotes"


def parse_date(text: str, zone: ZoneInfo) -> datetime:
    """An instant in UTC. A date without a zone is in `zone`, one without a time is its midnight.

    A wall time that a clock change skips is the instant that the zone's old offset gives; raises ValueError with advice.
    """
    found = _DATE.fullmatch(text.strip())
    if not found or int(found["year"]) in (1, 9999):  # another zone may have no such year
        raise ValueError(DATE_WANTED)
    parts = (found["year"], found["month"], found["day"], found["hour"], found["minute"], found["second"])
    try:
        wall = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]  # noqa: DTZ001
        if found["utc"]:
            return wall.replace(tzinfo=UTC)
        if found["sign"]:
            offset = f"{found['sign']}{found['zone_hour']}:{found['zone_minute'] or '00'}"
            return datetime.fromisoformat(wall.isoformat() + offset).astimezone(UTC)
        return wall.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{error}; {DATE_WANTED}") from error
