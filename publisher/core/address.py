"""Mail addresses: the spelling under which one is kept, and the one that mail servers take.

The library that knows all their rules is slow to import, so that is left until an address is looked at.
"""

import re

from publisher.core.errors import AddressError

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@localhost")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_ADDRESS = re.compile(r"""[\s()<>\[\],;:\\"@]|^\.|\.\.|\.$""")
"""RFC 5322, 3.2.3: what would want quotes, or end the address."""


def normalise(address: str, *, is_local_allowed: bool = False) -> str:
    """The one spelling under which an address is kept: domain in lower case, Unicode in NFC.

    The part before the @ keeps its case, since only its own server knows what case means there (RFC 5321, 2.4).
    Raises AddressError with the reason in words for whoever typed it. Nothing is asked of the network.
    """
    text = address.strip()
    if is_local_allowed and _LOCAL.fullmatch(text):
        return text
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False, test_environment=True, strict=True).normalized
    except EmailNotValidError as error:
        raise AddressError(str(error)) from error


def address_key(address: str) -> str:
    """Under which key two spellings of one address are the same: in practice no server tells letter case apart."""
    return address.casefold()


def ascii_address(address: str) -> str:
    """The address as it stands in SMTP: its domain in ASCII (RFC 5891). A local part beyond ASCII stays (RFC 6531)."""
    local, _, domain = address.rpartition("@")
    if any(not part or _CONTROL.search(part) or _NOT_IN_ADDRESS.search(part) for part in (local, domain)):
        raise AddressError(f"{address!r} is no mail address")
    if domain.isascii():
        return address
    from email_validator import EmailNotValidError, validate_email

    try:
        return (
            f"{local}@{validate_email(f'x@{domain}', check_deliverability=False, test_environment=True).ascii_domain}"
        )
    except EmailNotValidError as error:
        raise AddressError(f"{address!r} is no mail address") from error
