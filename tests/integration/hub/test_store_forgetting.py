"""What is not kept for ever: closed alerts, old versions of documents, more views than one may have."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from contract.desired import settings_hash
from contract.ids import StationId
from hub.forgetting_service import (
    ALERTS_KEPT_DAYS,
    DAY_US,
    FORGOTTEN_AT_ONCE,
    VERSIONS_KEPT,
    VERSIONS_KEPT_DAYS,
    Forgetter,
)
from hub.hub import Hub
from hub.store.alert_book import AlertDraft, AlertLine, AlertRow
from hub.store.sqlite import SqliteStore
from hub.store.threads import StoreThread
from hub.store.view_book import VIEWS_MAX, TooManyViewsError

CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
NOW_US = 2_000 * DAY_US


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path, is_writer=True) as opened:
        yield opened


def alert(no: int, *, closed_days: float | None, changed_days: float = 900.0) -> AlertDraft:
    changed_us = NOW_US - round((changed_days if closed_days is None else closed_days) * DAY_US)
    row = AlertRow(
        no=no, rule="silent", place="unit:1", severity=2, state="CLOSED", is_closed=closed_days is not None,
        revision=1, owner=None, raised_utc_us=1, changed_utc_us=changed_us, kept="{}",
    )  # fmt: skip
    line = AlertLine(no=1, utc_us=1, by=None, input="RAISE", from_state=None, to_state="OPEN", detail="{}")
    return AlertDraft(row=row, line=line, joined=("con-dao-01",))


def document(number: int) -> tuple[str, str]:
    return settings_hash({"volume_pct": number}), f'{{"volume_pct": {number}}}'


def forget(folder: Path) -> tuple[int, int]:
    return forget_at(folder, [(0.0, NOW_US)])[0]


def forget_at(folder: Path, moments: Sequence[tuple[float, int]]) -> list[tuple[int, int]]:
    """Have one forgetter turn at each of these moments: of the hub's line in seconds, and by the wall clock.
    It begins at the first.
    """

    async def turns() -> list[tuple[int, int]]:
        async with StoreThread(folder, is_writer=True) as writer:
            hub = SimpleNamespace(run_read=writer.run, run_write=writer.run)
            forgetter, counts = None, []
            for now_s, utc_us in moments:
                hub.now_s, hub.utc_now_us = (lambda now_s=now_s: now_s), (lambda utc_us=utc_us: utc_us)
                forgetter = forgetter or Forgetter(cast(Hub, hub))
                counts.append(await forgetter.turn())
            return counts

    return asyncio.run(turns())


def test_alerts_go_so_long_after_they_were_closed_and_their_numbers_are_given_once(tmp_path: Path) -> None:
    old = FORGOTTEN_AT_ONCE + 3
    with SqliteStore(tmp_path, is_writer=True) as store:
        store.alerts.keep_alerts(
            [
                *(alert(no, closed_days=ALERTS_KEPT_DAYS + 1) for no in range(1, old + 1)),
                alert(old + 1, closed_days=ALERTS_KEPT_DAYS - 1),
                alert(old + 2, closed_days=None),
                alert(old + 3, closed_days=ALERTS_KEPT_DAYS + 1),
            ]
        )
    assert forget(tmp_path) == (old, 0)
    assert forget(tmp_path) == (0, 0)
    with SqliteStore(tmp_path, is_writer=True) as store:
        assert [row.no for row in store.alerts.closed_alerts(newest=500)] == [old + 1, old + 3]
        assert [row.no for row in store.alerts.open_alerts()] == [old + 2]
        assert store.alerts.alert(1) is None and store.alerts.alert_journal(1) == []
        assert len(store.alerts.alert_journal(old + 1)) == 1
        assert store.alerts.next_alert() == old + 4


def test_a_clock_that_was_set_makes_nothing_old_before_somebody_could_see_it(tmp_path: Path) -> None:
    day_s, years_us = 86_400.0, 1_000 * DAY_US
    with SqliteStore(tmp_path, is_writer=True) as store:
        store.alerts.keep_alerts([alert(1, closed_days=0), alert(2, closed_days=0)])

    def at(days: float, *, ahead_us: int = 0) -> tuple[float, int]:
        return days * day_s, NOW_US + round(days * DAY_US) + ahead_us

    set_back = [at(0), at(1, ahead_us=years_us), at(7, ahead_us=years_us), at(7.5), at(14), at(15)]
    assert forget_at(tmp_path, set_back) == [(0, 0)] * 6
    stays = [at(0), at(1, ahead_us=years_us), at(7, ahead_us=years_us), at(8, ahead_us=years_us)]
    assert forget_at(tmp_path, stays) == [(0, 0)] * 3 + [(1, 0)]  # the last number stays


def test_versions_go_when_they_are_old_and_enough_came_after_them(tmp_path: Path) -> None:
    old_us, new_us = NOW_US - (VERSIONS_KEPT_DAYS + 1) * DAY_US, NOW_US - (VERSIONS_KEPT_DAYS - 1) * DAY_US
    with SqliteStore(tmp_path, is_writer=True) as store:
        for number in range(VERSIONS_KEPT + 10):
            store.settings.bring_up({CON_DAO: document(number)}, by="", utc_us=old_us)
            store.settings.bring_up({LY_SON: document(1_000 + number)}, by="", utc_us=new_us)
        store.settings.bring_up({CON_DAO: document(3)}, by="", utc_us=new_us)  # content 3 again
    assert forget(tmp_path) == (0, 11)
    assert forget(tmp_path) == (0, 0)
    with SqliteStore(tmp_path, is_writer=True) as store:
        kept = [row.version for row in store.settings.versions(CON_DAO, newest=500)]
        assert kept == list(range(VERSIONS_KEPT + 11, 11, -1))
        assert len(store.settings.versions(LY_SON, newest=500)) == VERSIONS_KEPT + 10
        contents = store.settings.contents([document(number)[0] for number in range(VERSIONS_KEPT + 10)])
        gone = [n for n in range(VERSIONS_KEPT + 10) if document(n)[0] not in contents]
        assert gone == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]


def test_an_account_has_so_many_views_and_one_of_a_name_is_replaced(store: SqliteStore) -> None:
    def keep(name: str, *, by: str = "Lan") -> int:
        return store.views.keep_view(name, "sort=unit", by=by, is_shared=False, utc_us=1).no

    numbers = [keep(f"{number}") for number in range(VIEWS_MAX)]
    with pytest.raises(TooManyViewsError):
        keep("one more")
    assert keep("0") not in numbers
    assert keep("one", by="Minh")
    assert len(store.views.views("Lan")) == VIEWS_MAX
    assert store.views.drop_view(numbers[1], by="Lan") and not store.views.drop_view(numbers[1], by="Lan")
    assert keep("one more")
    assert len(store.views.views("Lan")) == VIEWS_MAX
