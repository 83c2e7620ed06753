"""Envelopes to mail servers, and their answers back. Decides nothing.

`relay` opens a connection, `line` is one, with a letter on its way or none, and `switchboard` waits for many at a time.
"""

from publisher.smtp.line import Line
from publisher.smtp.relay import Relay
from publisher.smtp.switchboard import Answered, Down, Lost, Opened, Switchboard

__all__ = ["Answered", "Down", "Line", "Lost", "Opened", "Relay", "Switchboard"]
