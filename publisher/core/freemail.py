"""Domains in which anybody may have an address: nobody but their provider can add to what the DNS says of them."""

_FREE_MAIL = (
    ("gmail.com googlemail.com", "gmail.com googlemail.com google.com"),
    ("outlook.com outlook.de hotmail.com hotmail.co.uk hotmail.fr live.com msn.com", "outlook.com office365.com"),
    ("yahoo.com yahoo.co.uk yahoo.de yahoo.fr ymail.com rocketmail.com", "yahoo.com"),
    ("icloud.com me.com mac.com", "me.com icloud.com"),
    ("gmx.net gmx.de gmx.at gmx.ch gmx.com", "gmx.net gmx.com"),
    ("proton.me protonmail.com pm.me", "protonmail.ch proton.me"),
    ("aol.com", "aol.com"),
    ("web.de", "web.de"),
    ("mail.com", "mail.com"),
    ("mail.ru bk.ru list.ru inbox.ru", "mail.ru"),
    ("yandex.ru yandex.com ya.ru", "yandex.ru yandex.com"),
    ("qq.com foxmail.com", "qq.com"),
    ("163.com 126.com", "163.com 126.com"),
    ("t-online.de", "t-online.de"),
    ("freenet.de", "freenet.de"),
    ("orange.fr wanadoo.fr", "orange.fr"),
    ("laposte.net", "laposte.net"),
    ("libero.it", "libero.it"),
    ("fastmail.com", "fastmail.com messagingengine.com"),
    ("posteo.de", "posteo.de"),
    ("zoho.com", "zoho.com"),
)
"""Such domains, and those of the servers that sign for them."""


def free_mail_servers(domain: str) -> tuple[str, ...]:
    """Whose servers may send for this domain, if it is one in which anybody has an address; else nothing."""
    return next((tuple(hosts.split()) for domains, hosts in _FREE_MAIL if domain in domains.split()), ())
