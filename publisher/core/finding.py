"""What an examination finds: one value for each thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`warning`: it works, and could go wrong or better. `failed`: the owner has something to mend."""

    check: str
    state: State
    found: str
    wanted: str = ""
    """What to do, and where `lines` belong."""
    lines: tuple[str, ...] = ()
    """To be copied as they are: for `.env`, a zone of the DNS, a crontab, a shell."""


def ok(check: str, found: str) -> Finding:
    return Finding(check=check, state="ok", found=found)


def warning(check: str, found: str, wanted: str, *lines: str) -> Finding:
    return Finding(check=check, state="warning", found=found, wanted=wanted, lines=lines)


def failed(check: str, found: str, wanted: str, *lines: str) -> Finding:
    return Finding(check=check, state="failed", found=found, wanted=wanted, lines=lines)


def skipped(check: str, why: str) -> Finding:
    return Finding(check=check, state="skipped", found=why)


def finding_value(finding: Finding) -> dict[str, object]:
    """A finding as JSON holds it."""
    return {
        "name": finding.check,
        "state": finding.state,
        "found": finding.found,
        "wanted": finding.wanted,
        "lines": list(finding.lines),
    }
