"""A head in YAML."""

import re
from typing import Any

import yaml

from publisher.core.errors import FrontMatterError

_SUSPICIOUS = re.compile(r"[\[{?*-]")
_DEPTH, _ALIASES = 50, 20
_ASSIGNMENT = re.compile(r"^\w+ = ", re.MULTILINE)
_TOML = "lines like title = 'A title' are TOML, which stands between two lines of +++"
_WANTED = "wanted are lines like title: A title"


class _Loader(yaml.CSafeLoader):
    """YAML in which every plain scalar but `null` and the booleans stays text: 12:30 is no number here, 1e3 no float."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag == "tag:yaml.org,2002:null"]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(head: str, first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    """The values by their keys in lower case, and the line of each key; the head begins on `first_line` of its file.

    Raises FrontMatterError where it is no YAML mapping.
    """
    try:
        _refuse_bombs(head, first_line)
        loader = _Loader(head)
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if not isinstance(node, yaml.MappingNode):
            wanted = _TOML if _ASSIGNMENT.search(head) else _WANTED
            raise FrontMatterError(first_line, "the front matter is no list of keys", wanted)
        return _mapping(loader, node, first_line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, head.count("\n")) + first_line if mark else None
        raise FrontMatterError(line, f"bad YAML: {error.problem or error.context}", _advice(head, mark)) from error
    except yaml.reader.ReaderError as error:
        line = head.encode("utf-8", "replace").count(b"\n", 0, error.position) + first_line
        raise FrontMatterError(line, f"bad YAML: {error.reason}", "delete the character that can't be seen") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FrontMatterError(None, f"bad YAML: {error}", _WANTED) from error


def _refuse_bombs(head: str, first_line: int) -> None:
    """What nests without end overflows the stack of libyaml, what repeats itself by aliases the memory of whoever shows it."""
    if len(_SUSPICIOUS.findall(head)) <= _ALIASES:
        return
    depth = aliases = 0
    for event in yaml.parse(head, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > _DEPTH or aliases > _ALIASES:
            mark: Any = event.start_mark
            raise FrontMatterError(mark.line + first_line, "the front matter nests too deep", _WANTED)


def _mapping(loader: _Loader, node: yaml.MappingNode, first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + first_line
        if not isinstance(key_node, yaml.ScalarNode):
            raise FrontMatterError(line, "a key is no plain word", _WANTED)
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
    if _ASSIGNMENT.search("\n".join(rows[max(0, mark.line - 1) : mark.line + 1]) if mark else ""):
        return _TOML
    if row.count(":") > 1:
        return 'a text with a colon in it wants quotes: title: "One: two"'
    return "wanted are lines like title: A title, texts with special signs in quotes"
