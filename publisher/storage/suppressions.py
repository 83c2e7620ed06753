"""Addresses that must never be mailed. They outlive their subscriber, and they always win."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from publisher.core.address import address_key
from publisher.core.subscription import Suppression
from publisher.storage.schema import suppressions


class Suppressions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, address: str, reason: str, detail: str, now: datetime) -> None:
        """Safe to repeat: the first reason stays."""
        if not self.find(address):
            self._connection.execute(
                insert(suppressions).values(
                    address_key=address_key(address), reason=reason, detail=detail, created_at=now
                )
            )

    def find(self, address: str) -> Suppression | None:
        row = (
            self._connection.execute(select(suppressions).where(suppressions.c.address_key == address_key(address)))
            .mappings()
            .first()
        )
        return Suppression(**row) if row else None
