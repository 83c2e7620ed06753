"""What can go wrong, as one tree. Every error says what is wrong and what is wanted.

    PublisherError                 exit 1: something failed that the owner can mend
    ├── ConfigurationError         exit 78: one or more settings, all told at once
    ├── Busy                       exit 75: another process is at it, or a server asks to come back
    ├── TemplateBroken             a template of the site, with file and line
    ├── FrontMatterError           a post's head, with the line; becomes a Problem of the Library
    ├── AddressError               what was typed is no mail address
    ├── TokenError                 a link's proof is forged or expired
    ├── HeaderError                a value that would break a mail header
    ├── RelayDown                  no letter can leave through the mail server now
    └── StorageError               the database refuses, is newer than we are, or can't be reached

Expected outcomes (a refused recipient, a bad post among good ones) are values, not errors: see `Reply` and `Problem`.
"""


class PublisherError(Exception):
    """Told to the owner as it stands."""


class ConfigurationError(PublisherError):
    def __init__(self, *complaints: str) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class Busy(PublisherError):
    """Nothing is broken: try again later."""


class TemplateBroken(PublisherError):
    def __init__(self, file: str, line: int | None, what: str) -> None:
        super().__init__(f"{file}:{line}: {what}" if line else f"{file}: {what}")
        self.file, self.line, self.what = file, line, what

    def __reduce__(self) -> tuple[type["TemplateBroken"], tuple[str, int | None, str]]:
        return type(self), (self.file, self.line, self.what)  # it may come from another process


class FrontMatterError(PublisherError):
    def __init__(self, line: int | None, what: str, wanted: str) -> None:
        super().__init__(f"line {line}: {what}, {wanted}")
        self.line, self.what, self.wanted = line, what, wanted


class AddressError(PublisherError):
    """The address can't be written to; the text says why, fit for the reader's eyes."""


class TokenError(PublisherError):
    def __init__(self, what: str, *, is_expired: bool = False) -> None:
        super().__init__(what)
        self.is_expired = is_expired


class HeaderError(PublisherError):
    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"the header {name} can't hold {value!r}: control characters end a header early")
        self.name, self.value = name, value


class RelayDown(PublisherError):
    """No letter can leave through this server now; the text says what to change."""


class StorageError(PublisherError):
    """The database failed; the text says which and what to do."""
