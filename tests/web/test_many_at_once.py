"""Two hundred requests for one address, on many connections: what they leave behind is one reader."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.site import Answer, Web, served

ANN = "ann@example.org"


def _all(web: Web, asks: list[tuple[str, str, dict[str, str]]]) -> list[Answer]:
    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(lambda ask: web.ask(ask[0], ask[1], form=ask[2]), asks))


def test_of_two_hundred_sign_ups_one_letter_comes(tmp_path: Path) -> None:
    with served(tmp_path / "site") as web:
        form = web.get("/subscribe").form
        names = [ANN, ANN.upper(), "Ann@Example.org", "ANN@example.org"]
        answers = _all(web, [("POST", "/subscribe", form.fields | {"email": names[n % 4]}) for n in range(200)])
        assert Counter(answer.status for answer in answers) == {200: 200}
        with web.publication.storage.read() as tx:
            assert len(list(tx.subscribers.all())) == 1
        assert web.planned(ANN) == {"confirm": 1}
        assert len(web.letters()) == 1


def test_two_hundred_joinings_and_leavings_at_once_end_in_one_standing(tmp_path: Path) -> None:
    with served(tmp_path / "site") as web:
        web.sign_up(ANN)
        path, leave, form = web.confirm_path(ANN), web.leave_path(ANN), web.get("/subscribe").form
        kinds = [
            ("POST", path, {}),
            ("POST", leave, {"List-Unsubscribe": "One-Click"}),
            ("POST", leave, {"action": "undo"}),
            ("POST", "/subscribe", form.fields | {"email": ANN}),
        ]
        answers = _all(web, [kinds[n % 4] for n in range(200)])
        assert Counter(answer.status for answer in answers) == {200: 200}
        assert web.standing(ANN) in ("active", "gone")
        assert web.planned(ANN) == {"confirm": 1}
        assert web.ask("POST", leave, form={"List-Unsubscribe": "One-Click"}).status == 200
        assert web.standing(ANN) == "gone"
        assert web.ask("POST", path).status == 200
        with web.publication.storage.read() as tx:
            (reader,) = tx.subscribers.all()
        assert reader.standing == "active"
        assert reader.left_at is None
        assert reader.next_due_at is not None
