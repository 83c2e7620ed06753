"""`publisher subscribers`: who gets the digest."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from publisher.actions import subscribe
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say
from publisher.cli.outcome import told
from publisher.core.subscription import Subscriber

app = typer.Typer(help="Who gets the digest.", no_args_is_help=True)
Address = Annotated[str, typer.Argument(help="A mail address.")]


@app.command("list")
@told
def list_(site: SiteFolder = Path(), json: Json = False) -> int:
    """Everybody, in the order of their coming."""
    found = subscribe.everybody(open_app(site).publication)
    lines = (f"{reader.address}  {reader.standing}" for reader in found)
    put([_value(reader) for reader in found], as_json=json, text="\n".join(lines) or "no subscribers yet")
    return 0


@app.command()
@told
def add(address: Address, site: SiteFolder = Path(), now: Now = None) -> int:
    """Add somebody who asked you for it: active at once, from the next post on."""
    opened = open_app(site, now=now)
    is_new = subscribe.add(opened.publication, address, secrets.token_hex(8), opened.clock.now())
    say(f"{address} gets the digest." if is_new else f"{address} was there before and stays as it is.")
    return 0


@app.command()
@told
def remove(address: Address, site: SiteFolder = Path(), now: Now = None) -> int:
    """As if they had left themselves."""
    opened = open_app(site, now=now)
    subscribe.leave(opened.publication, subscribe.find(opened.publication, address), opened.clock.now())
    say(f"{address} gets no more mail.")
    return 0


@app.command()
@told
def show(address: Address, site: SiteFolder = Path(), json: Json = False) -> int:
    """One subscriber, and whether mail to the address is stopped."""
    publication = open_app(site).publication
    reader = subscribe.find(publication, address)
    stopped = subscribe.suppression(publication, reader)
    value = _value(reader) | {"suppressed": f"{stopped.reason}: {stopped.detail}" if stopped else None}
    put(value, as_json=json, text="\n".join(f"{name}: {shown}" for name, shown in value.items() if shown is not None))
    return 0


def _value(reader: Subscriber) -> dict[str, object]:
    return {
        "address": reader.address,
        "standing": reader.standing,
        "source": reader.source,
        "created_at": reader.created_at.isoformat(),
        "confirmed_at": reader.confirmed_at and reader.confirmed_at.isoformat(),
        "left_at": reader.left_at and reader.left_at.isoformat(),
        "last_letter_at": reader.last_letter_at and reader.last_letter_at.isoformat(),
        "next_due_at": reader.next_due_at and reader.next_due_at.isoformat(),
    }
