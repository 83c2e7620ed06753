"""The picture and the recording of a post, in the many shapes that generators and themes give them."""

from collections.abc import Iterator, Mapping
from typing import Any

PICTURE_KEYS = (
    "image", "cover", "banner", "featured_image", "featuredimage", "feature_image", "heroimage", "hero_image",
    "hero", "coverimage", "cover_image", "header", "images", "thumbnail", "og_image", "ogimage",
)  # fmt: skip
RECORDING_KEYS = ("enclosure", "audio", "podcast")
_PLACES = ("url", "src", "path", "feature", "file", "href", "image", "filename", "teaser", "overlay_image", "og_image")
"""Where in a mapping the address stands: minimal-mistakes has `header: {teaser}`, PaperMod `cover: {image}`."""
_ALT = ("alt", "image_alt", "alttext", "image_description")
_FLAGS = frozenset({"true", "false", "yes", "no", ""})


def parts_of(value: Any) -> dict[str, str] | None:
    """A text or a mapping as one flat mapping with the address as `url`; of a list, the first. Empty for a mere flag, None
    where no address can be found.

    Some exporters write address, length and type of a recording below each other into one text.
    """
    if isinstance(value, list):
        return parts_of(value[0]) if value else {}
    if isinstance(value, str):
        return {} if value.strip().lower() in _FLAGS else _of_text(value)
    if not isinstance(value, dict):
        return None
    parts = {str(key).lower(): str(each).strip() for key, each in value.items() if isinstance(each, str)}
    nested = next((each for key in _PLACES if isinstance(each := value.get(key), (dict, list))), None)
    url = next((parts[key] for key in _PLACES if parts.get(key, "").lower() not in _FLAGS), None)
    if url is None:
        return parts_of(nested) if nested is not None else {} if not value or _is_only_flags(value) else None
    alt = next((parts[key] for key in _ALT if parts.get(key)), "")
    return parts | {"url": url} | ({"alt": alt} if alt else {})


def _of_text(text: str) -> dict[str, str]:
    url, *rest = text.split("\n") if "\n" in text.strip() else [text]
    found = {"url": url.strip()}
    if rest and rest[0].strip().isdecimal():
        found["length"] = rest[0].strip()
    if len(rest) > 1 and "/" in rest[1]:
        found["type"] = rest[1].strip()
    return found


def _is_only_flags(value: Mapping[str, Any]) -> bool:
    """Whether a mapping says how to show a picture, but names none: `header: {overlay_color: ...}`."""
    return not any(key in _PLACES and value[key] for key in value)


def alt_keys(key: str) -> Iterator[str]:
    """Where the words for those who don't see the picture may stand beside it: `image_alt`, `coverAlt`."""
    for name in dict.fromkeys((key, "image")):
        yield from (f"{name}_alt", f"{name}alt", f"{name}_description")
