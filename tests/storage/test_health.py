"""What a database says of itself, and when everything that was due was last planned."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

from publisher.actions.tick import plan
from publisher.storage import Storage
from publisher.storage.schema import REVISION
from tests.storage.worlds import START, CuedRelay, library, publication


def test_a_sound_database_names_its_kind_its_version_and_its_step(storage: Storage, database_url: str) -> None:
    with storage.read() as tx:
        found = tx.health()
    assert (found.kind.lower(), found.revision, found.damage) == (database_url.partition(":")[0], REVISION, None)
    assert found.version >= (3,)


def test_a_plan_leaves_its_time_for_whoever_asks_whether_anybody_plans(storage: Storage, tmp_path: Path) -> None:
    site = publication(storage, tmp_path, CuedRelay())
    plan(site, library().library, START)
    with storage.read() as tx:
        assert tx.marks.get("ticked_at") == START.isoformat()


def test_two_may_put_the_same_mark_for_the_first_time_at_once(storage: Storage) -> None:
    def put(value: str) -> None:
        with storage.write() as tx:
            tx.marks.put("ticked_at", value)

    with ThreadPoolExecutor(1) as pool:
        with storage.write() as tx:
            tx.marks.put("ticked_at", "first")
            second = pool.submit(put, "second")
            sleep(0.5)  # by now it has seen that there is no such mark, and waits for us
        second.result(30)
    with storage.read() as tx:
        assert tx.marks.get("ticked_at") == "second"
