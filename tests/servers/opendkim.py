"""opendkim as a judge of signatures: it takes a letter as if a mail server handed it in, and keys from a file, not the DNS."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.servers.packages import program

_CONFIGURATION = """\
Mode v
Syslog no
Socket local:{folder}/never-opened
TestPublicKeys {folder}/records
AlwaysAddARHeader yes
AuthservID judge
"""
_VERDICT = re.compile(r"dkim=(\w+) .*header\.s=(\S+)")


def verdicts(letter: bytes, records: Mapping[str, str]) -> dict[str, str]:
    """For the selector of each signature `pass`, or what else opendkim says. `records` are TXT records by their names."""
    with tempfile.TemporaryDirectory(prefix="publisher-opendkim-") as name:
        folder = Path(name)
        (folder / "letter.eml").write_bytes(letter)
        (folder / "records").write_text("".join(f"{name} {text}\n" for name, text in records.items()))
        (folder / "conf").write_text(_CONFIGURATION.format(folder=folder))
        command = [program("opendkim") or "opendkim", "-x", f"{folder}/conf", "-vv", "-t", f"{folder}/letter.eml"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {selector: verdict for verdict, selector in _VERDICT.findall(said)}
    assert found or b"DKIM-Signature" not in letter, said
    return found
