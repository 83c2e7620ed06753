"""Words of addresses, spelt as the site generators spell them.

A style is a generator's name, and behind hyphens what its settings change: `hugo-cased`, `pelican-unicode`.
"""

import re
import unicodedata
from functools import lru_cache
from html import unescape

STYLE = (
    r"(?:jekyll(?:-slug)?|hugo(?:-path)?(?:-ascii)?(?:-cased)?|zola(?:-safe|-off)?|pelican(?:-unicode)?(?:-cased)?"
    r"|astro|eleventy)(?:-dated)?(?:-file)?"
)
"""`-dated`: what stands behind a date in the file's name counts before the title. `-file`: the front matter's slug is of no
account.
"""
_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D", "ð": "d",
    "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "ng", "Ŋ": "NG", "ŧ": "t",
    "Ŧ": "T", "ĸ": "k", "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": ",,", "«": "<<", "»": ">>", "‹": "<",
    "›": ">", "–": "-", "—": "--", "‐": "-", "‑": "-", "−": "-", "…": "...", "€": "EUR", "£": "PS", "°": "deg",
    "©": "(c)", "®": "(r)", "×": "x", "÷": "/", "§": "SS", "¶": "P", "·": "*", "•": "*", "¿": "?", "¡": "!",
    "‒": "-", "―": "--", "⁄": "/", "₹": "Rs", "±": "+-", "ə": "@", "Ə": "@", "¥": "Y=", "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip
_PAIRS = """
а-a б-b в-v г-g д-d е-e ж-zh з-z и-i й-i к-k л-l м-m н-n о-o п-p р-r с-s т-t у-u ф-f х-kh ц-ts ч-ch ш-sh щ-shch ъ-' ы-y ь-'
э-e ю-iu я-ia ё-io є-ie і-i ї-yi ґ-g ў-u ђ-dj ј-j љ-lj њ-nj ћ-tsh џ-dzh ѕ-dz ѓ-gj ќ-kj
α-a β-b γ-g δ-d ε-e ζ-z η-e θ-th ι-i κ-k λ-l μ-m ν-n ξ-x ο-o π-p ρ-r σ-s τ-t υ-u φ-ph χ-kh ψ-ps ω-o ς-s
"""
for _pair in _PAIRS.split():
    _LETTERS[_pair[0].upper()] = _pair[2:].capitalize()
    _LETTERS[_pair[0]] = _pair[2:]
_AFTER_DATE = {
    "jekyll": re.compile(r"\d{2,4}-\d{1,2}-\d{1,2}-(.+)", re.ASCII | re.DOTALL),
    "hugo": re.compile(r"\d{4}-\d{2}-\d{2}[-_ ]*(.+?)(?:\.[^.]*)?", re.ASCII | re.DOTALL),
    "zola": re.compile(
        r"\d{4}-\d{2}-\d{2}(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?\s?[-_](.+)", re.ASCII | re.DOTALL
    ),
    "pelican": re.compile(r"\d{4}-\d{2}-\d{2}[-_](.+)", re.ASCII | re.DOTALL),
}
_NO_FILE_NAME = str.maketrans("", "", '<>:"/\\|?*')
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def after_date(name: str, style: str) -> str | None:
    """What the generator leaves of a file's name that begins with a date; None where it sees none."""
    pattern = _AFTER_DATE.get(style.partition("-")[0])
    found = pattern.fullmatch(name) if pattern else None
    return found[1] if found else None


def is_guess(word: str, style: str) -> bool:
    """Whether the generator would have spelt it in ASCII, in a way that is not known here."""
    return style.startswith(("pelican", "zola")) and not re.search("unicode|safe|off", style) and not word.isascii()


@lru_cache(maxsize=4096)
def spelt(text: str, style: str) -> str:
    """A part of an address, not yet percent-encoded; may be empty."""
    generator, *flags = style.split("-")
    if generator == "jekyll":
        return _jekyll(text, is_slug="slug" in flags)
    if generator == "hugo":
        return _hugo(text, flags)
    if generator == "zola":
        return _zola(text, flags)
    if generator == "pelican":
        return _pelican(text, flags)
    return _astro(text) if generator == "astro" else text


def category(text: str, style: str) -> str:
    """Jekyll's `:categories` are only put into lower case."""
    return text.lower() if style.startswith("jekyll") and "slug" not in style else spelt(text, style)


def _jekyll(text: str, *, is_slug: bool) -> str:
    """Its modes `default` (for `:slug`) and `pretty` (for `:title`), which keeps case and some signs."""
    text = text.rstrip(".")
    allowed = "" if is_slug else "._~!$&'()+,;=@"
    kept = "".join(c if c in allowed or _is_letter(c, "LM") or c.isdecimal() else "-" for c in text)
    name = re.sub("^-|-$", "", re.sub("-+", "-", kept))
    return name.lower() if is_slug else name


def _hugo(text: str, flags: list[str]) -> str:
    """As Hugo makes a path fit for the web; addresses made by a pattern of `permalinks` lose their plus signs as well."""
    text = re.sub(r"[/\\]", "-", text)
    if "ascii" in flags:
        plain = unicodedata.normalize("NFD", text)
        text = unicodedata.normalize("NFC", "".join(c for c in plain if unicodedata.category(c) != "Mn"))
    kept: list[str] = []
    is_space = False
    for c in text:
        if c in "._#+~-@" or _is_letter(c, "LM") or c.isdecimal():
            if is_space and c != "-":
                kept.append("-")
            is_space = False
            kept.append(c)
        elif kept and kept[-1] != "-" and c.isspace():
            is_space = True
    name = "".join(kept) if "path" in flags else re.sub(r"^([^#]*)#\Z", r"\1", "".join(kept).replace("+", ""))
    return name if "cased" in flags else name.lower()


def _zola(text: str, flags: list[str]) -> str:
    if "off" in flags:
        return text
    if "safe" in flags:
        return text.rstrip(" .").translate(_NO_FILE_NAME)
    return "-".join("".join(c if c.isalnum() else " " for c in _latin_letters(text).lower()).split())


def _pelican(text: str, flags: list[str]) -> str:
    text = unicodedata.normalize("NFKC", unescape(" ".join(_TAG.sub("", text).split())))
    if "unicode" not in flags:
        text = _latin_letters(text)
    text = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", text).strip())
    return text if "cased" in flags else text.lower()


def _astro(text: str) -> str:
    return "".join("-" if c == " " else c for c in text.lower() if c in " -" or _is_letter(c, "LM", "Nd", "Nl", "Pc"))


def _is_letter(c: str, classes: str, *categories: str) -> bool:
    kind = unicodedata.category(c)
    return kind[0] in classes or kind in categories


def _latin_letters(text: str) -> str:
    """Those of Latin, Greek and Cyrillic scripts in ASCII; of others the letters stay as they are."""
    return "".join(_LETTERS.get(c) or _plain(c) if ord(c) > 127 else c for c in unicodedata.normalize("NFC", text))


def _plain(c: str) -> str:
    """A sign that is not known is as good as an apostrophe: no part of a word."""
    apart = unicodedata.normalize("NFKD", c)
    bare = "".join(_LETTERS.get(each, each) for each in apart if unicodedata.category(each) not in ("Mn", "Cf"))
    return bare if bare.isascii() or c.isalnum() else "'"
