"""Hugo's shortcodes, `{{< name words >}}`, and Zola's, `{{ name(key="value") }}` and `{% name() %} ... {% end %}`."""

import re
from html import escape

from publisher.core.dialects import embeds
from publisher.core.dialects.code import put_code, shown
from publisher.core.dialects.embeds import arguments
from publisher.core.dialects.scan import NOWHERE, Scan, attribute

_LENGTH = 5000
_INSIDE = re.compile(r"(?P<slash>/?)\s*(?P<name>[A-Za-z_][\w./-]*)\s*(?P<words>.*)", re.DOTALL)
_PICTURES = frozenset({"figure", "img", "image", "picture", "imgproc", "resize_image", "responsive_image"})
_QUIET = frozenset({"toc", "clear", "br"})
_QUOTES = frozenset({"quote", "blockquote"})


def shortcode(scan: Scan, start: int) -> int | None:
    """Read what begins at `{{<` or `{{%`. Returns where to go on; None where it is no shortcode."""
    closing = ">}}" if scan.text[start + 2] == "<" else "%}}"
    end = scan.find(closing, start + 3)
    if not 0 <= end < start + _LENGTH:
        return None
    inside = scan.text[start + 3 : end].strip()
    end += len(closing)
    if inside.startswith("/*") and inside.endswith("*/"):
        opening = scan.text[start : start + 3]
        scan.put(f"{escape(opening)} {escape(inside[2:-2].strip())} {escape(closing)}")
        return end
    found = _INSIDE.fullmatch(inside)
    if not found or "{{" in inside:
        return None
    name = found["name"].lower()
    if found["slash"]:
        return end if scan.close(name) else scan.drop(start, end)
    return _open(scan, start, end, name, found["words"].removesuffix("/").rstrip())


def _open(scan: Scan, start: int, end: int, name: str, words: str) -> int:
    if name in ("ref", "relref"):
        named, bare = arguments(words)
        scan.put(_reference(scan, start, named.get("path") or (bare[0] if bare else "")))
        return end
    if name == "more":
        scan.put("<!--more-->\n\n")
        return scan.past_line_end(end) if scan.is_alone(start, end) else end
    if name in ("highlight", "comment"):
        return _verbatim(scan, start, end, name, words)
    named, bare = arguments(words)
    if name == "details":
        _details(scan, named, bare)
        return scan.past_line_end(end) if scan.is_alone(start, end) else end
    return _common(scan, start, end, name, named, bare)


def _reference(scan: Scan, start: int, reference: str) -> str:
    path, sign, fragment = reference.partition("#")
    if not path:
        return f"#{fragment}"
    address = scan.address(start, path.lstrip("/"), "ref")
    return address if address == NOWHERE else address + sign + fragment


def _verbatim(scan: Scan, start: int, end: int, name: str, words: str) -> int:
    found = scan.find_end(re.compile(rf"\{{\{{[<%]\s*/\s*{name}\s*[>%]\}}\}}"), end)
    if not found:
        scan.left_out(start, scan.text[start:end])
        return scan.drop(start, end)
    if name == "comment":
        return scan.drop(start, found.end())
    _, bare = arguments(words)
    put_code(scan, start, bare[0] if bare else "", shown(scan.text[end : found.start()]))
    return found.end()


def _details(scan: Scan, named: dict[str, str], bare: list[str]) -> None:
    state = " open" if named.get("open") == "true" else ""
    summary = attribute(named.get("summary") or named.get("title") or " ".join(bare) or "Details")
    scan.open("details", f"<details{state}>\n<summary>{summary}</summary>\n\n", "\n\n</details>\n\n")


def call(scan: Scan, start: int, end: int, name: str, words: str, *, has_body: bool) -> int:
    """Zola's shortcodes: `name(key="value")`; one with a body goes on up to `{% end %}`."""
    named, bare = arguments(words)
    if has_body and name in _QUOTES:
        by = attribute(named.get("author") or named.get("by") or (bare[0] if bare else ""))
        scan.open("end", "<blockquote>\n\n", quote_end(by))
        return scan.past_line_end(end) if scan.is_alone(start, end) else end
    if has_body and name == "details":
        scan.closers.append(("end", ""))
        _details(scan, named, bare)
        after = scan.closers.pop()[1]
        scan.closers[-1] = ("end", after)
        return scan.past_line_end(end) if scan.is_alone(start, end) else end
    if has_body:
        scan.closers.append(("end", ""))
    return _common(scan, start, end, name, named, bare)


def quote_end(by: str) -> str:
    """What closes a quote; `by` is HTML, or empty."""
    return f"\n\n<p>— {by}</p>\n</blockquote>\n\n" if by else "\n\n</blockquote>\n\n"


def close_any(scan: Scan, start: int, end: int) -> int:
    """Zola's `{% end %}`."""
    is_alone = scan.is_alone(start, end)
    scan.close("end")
    return scan.past_line_end(end) if is_alone else end


def _common(scan: Scan, start: int, end: int, name: str, named: dict[str, str], bare: list[str]) -> int:
    """What both have, under whatever name; the tags of an unknown one are left out, and what stands between them stays."""
    if name in _PICTURES:
        values = named if named or not bare else {"src": bare[0], "alt": " ".join(bare[1:])}
        if html := embeds.figure(values, is_alone=scan.is_alone(start, end) and not scan.is_html):
            return scan.block(html, start, end)
    if embeds.is_place(name) and (html := embeds.place(name, named, bare)):
        scan.put(html)
        return end
    if name not in _QUIET:
        scan.left_out(start, scan.text[start:end])
    return scan.drop(start, end)
