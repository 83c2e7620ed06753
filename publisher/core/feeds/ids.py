"""The ids that stand in a finished feed, ours or another: enough to tell whose it is, and how new."""

import json
import re


def atom_id(feed: bytes) -> bytes | None:
    """Of an Atom feed itself: what stands before its first entry."""
    found = re.search(rb"<id>([^<]+)</id>", feed.partition(b"<entry")[0])
    return found[1] if found else None


def item_ids(file: str, data: bytes) -> list[str] | None:
    """The ids of a feed's items; None where it is no feed."""
    if file.endswith(".json"):
        try:
            return [str(item["id"]) for item in json.loads(data)["items"]]
        except (ValueError, LookupError, TypeError):
            return None
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return None
    tags = ("{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}id", "channel/item/guid")
    return [found.text or "" for tag in tags for found in root.findall(tag)]
