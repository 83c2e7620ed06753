"""Pictures, films and quotes as plain HTML: what shortcodes and components of many names come down to."""

import re
from collections.abc import Callable, Mapping

from publisher.core.dialects.scan import attribute

_MARKUP = re.compile(r"[*_`\[<&]")
_ARGUMENT = re.compile(
    r"""(?:(?P<key>[A-Za-z_][\w-]*)\s*(?:=|:(?!//))\s*)?(?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>[^']*+)'|`(?P<raw>[^`]*+)`"""
    r"""|(?P<bare>[^\s,"'`]+))\s*,?\s*""",
    re.DOTALL,
)
_GIST = re.compile(r"https://gist\.github\.com/[\w./-]+")


def arguments(text: str) -> tuple[dict[str, str], list[str]]:
    """Those with a name, and those without: `src="a.png" 640`."""
    named: dict[str, str] = {}
    bare: list[str] = []
    for found in _ARGUMENT.finditer(text):
        double, single, raw = found.group("double", "single", "raw")
        value = re.sub(r"\\(.)", r"\1", double) if double is not None else single if single is not None else raw
        if found["key"]:
            named[found["key"].lower()] = value if value is not None else found["bare"]
        else:
            bare.append(value if value is not None else found["bare"])
    return named, bare


def figure(values: Mapping[str, str], *, is_alone: bool) -> str | None:
    """A picture by `src`, with its `alt`, `caption` or `title`, `link`, `width`, `height`; None without an address.

    A caption that holds Markdown stands between empty lines, where it is read as such, if the figure stands alone.
    """
    source = next((values[key] for key in ("src", "url", "path", "image_path", "image", "file") if values.get(key)), "")
    if not source:
        return None
    caption = values.get("caption") or values.get("title") or ""
    alt = values.get("alt") or ("" if caption else values.get("name", ""))
    size = "".join(
        f' {key}="{value}"'
        for key in ("width", "height")
        if (value := values.get(key, "").removesuffix("px")).isdecimal()
    )
    html = f'<img src="{attribute(source)}" alt="{attribute(alt)}"{size} />'
    if values.get("link"):
        html = f'<a href="{attribute(values["link"])}">{html}</a>'
    if not caption:
        return html if not is_alone else f"<figure>{html}</figure>"
    words = f"\n\n{' '.join(caption.split())}\n\n" if is_alone and _MARKUP.search(caption) else attribute(caption)
    return f"<figure>{html}<figcaption>{words}</figcaption></figure>"


def link(url: str, label: str = "") -> str:
    """Without a label it shows the address, but not so that a Markdown parser makes a link of it once more."""
    label = label or url.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return f'<a href="{attribute(url)}">{attribute(label)}</a>'


def _youtube(values: Mapping[str, str], bare: list[str]) -> str | None:
    name = (
        values.get("id") or values.get("videoid") or values.get("v") or values.get("url") or (bare[0] if bare else "")
    )
    found = re.search(r"(?:v=|youtu\.be/|/embed/|/shorts/|\A)([\w-]{6,20})(?=[?&#]|\Z)", name)
    return f"https://www.youtube.com/watch?v={found[1]}" if found else None


def _vimeo(values: Mapping[str, str], bare: list[str]) -> str | None:
    found = re.search(r"(?:\A|/)(\d{4,12})\Z", values.get("id") or (bare[0] if bare else ""))
    return f"https://vimeo.com/{found[1]}" if found else None


def _tweet(values: Mapping[str, str], bare: list[str]) -> str | None:
    text = values.get("id") or values.get("url") or (bare[-1] if bare else "")
    if re.fullmatch(r"https://(?:www\.)?(?:twitter|x)\.com/[\w/?=&.-]+", text):
        return text
    user = values.get("user") or (bare[0] if len(bare) > 1 else "i")
    return f"https://x.com/{user}/status/{text}" if text.isdecimal() and re.fullmatch(r"@?\w{1,20}", user) else None


def _gist(values: Mapping[str, str], bare: list[str]) -> str | None:
    text = values.get("url") or "/".join([*filter(None, [values.get("user")]), *filter(None, [values.get("id")])])
    text = text or "/".join(bare[:2] if len(bare) > 1 and re.fullmatch(r"[0-9a-f]+", bare[1]) else bare[:1])
    text = re.sub(r"\.js\Z", "", text)
    url = text if text.startswith("https://") else f"https://gist.github.com/{text}"
    return url if text and _GIST.fullmatch(url) else None


def _instagram(values: Mapping[str, str], bare: list[str]) -> str | None:
    name = values.get("id") or (bare[0] if bare else "")
    return f"https://www.instagram.com/p/{name}/" if re.fullmatch(r"[\w-]{5,40}", name) else None


_PLACES: dict[str, Callable[[Mapping[str, str], list[str]], str | None]] = {
    "youtube": _youtube, "youtubelite": _youtube, "youtube-lite": _youtube, "yt": _youtube, "youtubevideo": _youtube,
    "vimeo": _vimeo, "vimeo_simple": _vimeo,
    "tweet": _tweet, "twitter": _tweet, "twitter_simple": _tweet, "x": _tweet, "x_simple": _tweet,
    "gist": _gist,
    "instagram": _instagram, "instagram_simple": _instagram,
}  # fmt: skip


def is_place(name: str) -> bool:
    return name.lower() in _PLACES


def address(name: str, values: Mapping[str, str], bare: list[str]) -> str | None:
    """Of what a page would embed from another site; None where it can't be told what is meant."""
    return _PLACES[name.lower()](values, bare)


def place(name: str, values: Mapping[str, str], bare: list[str]) -> str | None:
    """A link to it."""
    url = address(name, values, bare)
    return link(url, values.get("title", "")) if url else None
