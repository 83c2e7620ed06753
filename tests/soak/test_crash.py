"""A short one of the long run: `python -m tests.soak.crash`."""

import random
from pathlib import Path

import pytest

from tests.servers.postgresql import PostgreSQL
from tests.soak.crash import crash, table


@pytest.mark.parametrize("name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))])
def test_two_senders_killed_by_turns_reach_everybody(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server: PostgreSQL | None = request.getfixturevalue("postgresql") if name == "postgresql" else None
    url = server.create_database() if server else None
    found = crash(tmp_path / "site", name, url, readers=200, kills=6, chance=random.Random(1))
    assert found.is_well, f"\n{table([found])}"
    assert found.kills, "nobody was killed in time"
