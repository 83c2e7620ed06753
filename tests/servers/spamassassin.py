"""SpamAssassin as a judge of letters, by Debian's rules, without any question to the network."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.servers.packages import program

_STATUS = re.compile(r"(?m)^X-Spam-Status: \w+, score=(-?[\d.]+) required=[\d.]+ tests=((?:[^=]|\n\t)*?)\s+autolearn=")


class Verdict(NamedTuple):
    score: float
    rules: tuple[str, ...]
    """Those that spoke."""


def verdicts(letters: Mapping[str, bytes]) -> dict[str, Verdict]:
    """By the names of the letters. They are judged in one go, since the program takes a second to read its rules."""
    with tempfile.TemporaryDirectory(prefix="publisher-spamassassin-") as home:
        files = [Path(home) / f"{number}.eml" for number in range(len(letters))]
        for file, letter in zip(files, letters.values(), strict=True):
            file.write_bytes(letter)
        options = ["--local", "--test-mode", "--nocreate-prefs"]
        command: list[str | Path] = [program("spamassassin") or "spamassassin", *options, *files]
        done = subprocess.run(command, env={"HOME": home, "PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
    found = _STATUS.findall(done.stdout.decode(errors="replace"))
    assert len(found) == len(letters), done
    return {
        name: Verdict(float(score), tuple(re.split(r",\s*", rules)))
        for name, (score, rules) in zip(letters, found, strict=True)
    }
