"""Settings files to plain values. Texts only: numbers, dates and booleans are texts too. Nothing is run."""

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from publisher.core.errors import FrontMatterError
from publisher.core.generators.findings import Findings, Found, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One file, its keys in lower case. Empty where it could not be read."""

    file: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """The value at `author.name`; None where there is none. Below the top the case of keys is passed over as well."""
        value: Any = self.values
        for key in path.lower().split("."):
            if not isinstance(value, Mapping):
                return None
            value = next((each for name, each in value.items() if str(name).lower() == key), None)
        return value

    def text(self, *paths: str) -> Found | None:
        """The first of them that is a text, on one line."""
        for path in paths:
            value = self.get(path)
            if isinstance(value, str) and (line := folded(value)):
                return self.at(path, line)
        return None

    def at(self, path: str, value: str = "") -> Found:
        return Found(value=value, file=self.file, line=self.lines.get(path.lower().split(".")[0]))

    def says(self, path: str) -> bool:
        return str(self.get(path)).lower() == "true"


def decoded(file: str, data: bytes, findings: Findings) -> str:
    """The text; empty, with a note, where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        at = Found(value="", file=file, line=data.count(b"\n", 0, error.start) + 1)
        findings.note(None, at, "the file is not UTF-8 and is passed over", "save it as UTF-8")
        return ""


def read_config(file: str, data: bytes, findings: Findings) -> Config:
    """A file in YAML, TOML or JSON, told by its ending. A broken one is noted, and empty."""
    text = decoded(file, data, findings)
    try:
        values, lines = _values(file, text)
    except FrontMatterError as error:
        what = f"the file can't be read ({error.what.replace('the front matter', 'it')})"
        findings.note(
            None, Found(value="", file=file, line=error.line), what, "what it says is not taken over: mend it"
        )
        return Config(file=file)
    return Config(file=file, values=values, lines=lines)


def _values(file: str, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    end = file.rpartition(".")[2]
    if not text.strip():
        return {}, {}
    if end == "toml":
        from publisher.core.dialects.datahead import read_toml

        return read_toml(text, 1)
    if end == "json":
        from publisher.core.dialects.datahead import read_json

        if not text.lstrip().startswith("{"):
            raise FrontMatterError(1, "it does not begin with {", "")
        values, lines, _ = read_json(text, len(text) - len(text.lstrip()), 1)
        return values, lines
    from publisher.core.dialects.yamlhead import read_yaml

    return read_yaml(text, 1)


def read_python(file: str, data: bytes, findings: Findings) -> tuple[Config, dict[str, int]]:
    """The names that stand for plain values at the top of a Python file, and the lines of those that are computed."""
    text = decoded(file, data, findings)
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    computed: dict[str, int] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd backslash in somebody's settings is none of our business
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        what = f"the file can't be read ({getattr(error, 'msg', error)})"
        findings.note(None, Found(value="", file=file, line=line), what, "what it says is not taken over: mend it")
        return Config(file=file), {}
    for statement in tree.body:
        for name, node in _assignments(statement):
            lines[name] = statement.lineno
            values.pop(name, None)
            computed.pop(name, None)
            try:
                values[name] = ast.literal_eval(node)
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                computed[name] = statement.lineno
    return Config(file=file, values=values, lines=lines), computed


def _assignments(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(target.id.lower(), statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [(statement.target.id.lower(), statement.value)]
    return []


_COMMENT = re.compile(r"^[ \t]*//[^\n]*|(?<![:'\"`\w])/\*.*?\*/", re.MULTILINE | re.DOTALL)


class Script:
    """A file of JavaScript, of which nothing is understood but words before a colon or an equals sign."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)

    def text(self, *names: str) -> Found | None:
        """What stands in quotes behind `name:` or `name =`; no text with a `${` in it."""
        for name in names:
            pattern = rf"(?:^|[{{,(\s]){name}\s*[:=]\s*(['\"`])((?:(?!\1)[^\n\\])*)\1"
            if (found := re.search(pattern, self._text)) and "${" not in found[2] and (value := folded(found[2])):
                line = self._text.count("\n", 0, found.start(1)) + 1
                return Found(value=value, file=self.file, line=line)
        return None
