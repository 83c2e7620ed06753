"""The same letters by smtplib or aiosmtplib, as they are meant to be used: `python smtp_peers.py LIBRARY HOST PORT COUNT FILE`.

It imports nothing of ours. The file holds a finished letter, in which the reader's address and token are replaced for each:
whoever sends a newsletter with these libraries can do no better.
"""

import asyncio
import smtplib
import sys
from collections.abc import Iterator
from pathlib import Path

CONNECTIONS = 8
"""Of aiosmtplib."""
SENDER = "digest@example.org"
READER = "reader{:013}@example.org"
ADDRESS, TOKEN = READER.format(0), "0" * 32
"""What stands in the file where the reader's own goes."""


def letters(path: Path, count: int) -> Iterator[tuple[str, bytes]]:
    pattern, slots = path.read_bytes(), (ADDRESS.encode(), TOKEN.encode())
    for number in range(1, count + 1):
        address = READER.format(number)
        yield address, pattern.replace(slots[0], address.encode()).replace(slots[1], f"{number:032x}".encode())


def send_by_smtplib(host: str, port: int, todo: Iterator[tuple[str, bytes]]) -> None:
    with smtplib.SMTP(host, port, local_hostname="localhost") as smtp:
        for address, letter in todo:
            smtp.sendmail(SENDER, [address], letter)


async def send_by_aiosmtplib(host: str, port: int, todo: Iterator[tuple[str, bytes]]) -> None:
    from aiosmtplib import SMTP

    async def work() -> None:
        async with SMTP(hostname=host, port=port, local_hostname="localhost", start_tls=False) as smtp:
            for address, letter in todo:
                await smtp.sendmail(SENDER, [address], letter)

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def main(library: str, host: str, port: str, count: str, file: str) -> None:
    todo = letters(Path(file), int(count))
    if library == "smtplib":
        send_by_smtplib(host, int(port), todo)
    else:
        asyncio.run(send_by_aiosmtplib(host, int(port), todo))


if __name__ == "__main__":
    main(*sys.argv[1:])
