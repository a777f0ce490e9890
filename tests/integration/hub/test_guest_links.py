"""Links that let a guest in once: the table, and who may try how often."""

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from contract.ids import CallId, SpoolId, StationId
from hub.people.accounts import SCHEMA, Accounts
from hub.people.guest_links import (
    KEPT_S,
    LINK_LIFE_S,
    MADE_MAX,
    SESSION_MAX_S,
    LinkRefusal,
    LinkRefusedError,
    Visitor,
)
from hub.people.people_service import People, TooManyTriesError

NOW_S = 1_790_000_000.0
HOA = Visitor("BS khách: Hoa", CallId(StationId("con-dao-01"), SpoolId(7), 3), "Lan")


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with closing(Accounts(tmp_path / "accounts.db")) as accounts:
        yield accounts


def refusal(accounts: Accounts, token: str, *, now_s: float = NOW_S) -> LinkRefusal:
    with pytest.raises(LinkRefusedError) as refused:
        accounts.links.use(token, now_utc_s=now_s)
    return refused.value.why


def test_a_link_lets_one_guest_in_once_however_often_it_is_looked_at(accounts: Accounts) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    assert accounts.links.look(token, now_utc_s=NOW_S + 1) == HOA
    assert accounts.links.look(token, now_utc_s=NOW_S + 2) == HOA
    visitor, session = accounts.links.use(token, now_utc_s=NOW_S + 3)
    assert (visitor, accounts.links.visitor(session, now_utc_s=NOW_S + 4)) == (HOA, HOA)
    assert refusal(accounts, token) is LinkRefusal.USED
    with pytest.raises(LinkRefusedError):
        accounts.links.look(token, now_utc_s=NOW_S + 5)


def test_a_link_is_good_for_a_quarter_of_an_hour(accounts: Accounts) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    assert LINK_LIFE_S == 900
    assert refusal(accounts, token, now_s=NOW_S + 901) is LinkRefusal.OVER
    assert refusal(accounts, token, now_s=NOW_S - 60) is LinkRefusal.OVER  # the hub's clock was set back
    assert accounts.links.use(token, now_utc_s=NOW_S + 900)


def test_another_link_for_the_same_guest_ends_the_one_before_and_whoever_came_by_it(
    accounts: Accounts,
) -> None:
    first = accounts.links.make(HOA, now_utc_s=NOW_S)
    second = accounts.links.make(HOA, now_utc_s=NOW_S + 1)
    assert refusal(accounts, first) is LinkRefusal.USED
    _, session = accounts.links.use(second, now_utc_s=NOW_S + 2)
    elsewhere = replace(HOA, call_id=HOA.call_id._replace(seq=4))
    accounts.links.make(elsewhere, now_utc_s=NOW_S + 3)
    assert accounts.links.visitor(session, now_utc_s=NOW_S + 4) == HOA
    accounts.links.make(HOA, now_utc_s=NOW_S + 5)
    assert accounts.links.visitor(session, now_utc_s=NOW_S + 6) is None


def test_a_link_whose_guest_could_not_be_let_in_is_as_good_as_before(accounts: Accounts) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    _, session = accounts.links.use(token, now_utc_s=NOW_S)
    accounts.links.give_back(session)
    assert accounts.links.visitor(session, now_utc_s=NOW_S) is None
    assert accounts.links.use(token, now_utc_s=NOW_S)[0] == HOA


def test_neither_link_nor_session_can_be_read_from_the_file_and_both_have_256_bits(
    tmp_path: Path, accounts: Accounts
) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    _, session = accounts.links.use(token, now_utc_s=NOW_S)
    accounts.close()
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    for secret in (token, session):
        assert len(secret) == 43
        assert secret.encode() not in kept


def test_a_link_is_no_session_and_a_session_no_link_and_neither_opens_an_account(accounts: Accounts) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    assert accounts.links.visitor(token, now_utc_s=NOW_S) is None
    _, session = accounts.links.use(token, now_utc_s=NOW_S)
    assert accounts.links.visitor(token, now_utc_s=NOW_S) is None
    assert refusal(accounts, session) is LinkRefusal.UNKNOWN
    assert accounts.session(session, now_utc_s=NOW_S) is None


def test_a_session_ends_when_its_guest_leaves_and_with_the_day(accounts: Accounts) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    _, session = accounts.links.use(token, now_utc_s=NOW_S)
    assert accounts.links.visitor(session, now_utc_s=NOW_S + SESSION_MAX_S + 1) is None
    accounts.links.end_session(session)
    assert accounts.links.visitor(session, now_utc_s=NOW_S) is None
    assert refusal(accounts, token) is LinkRefusal.USED


def test_old_links_are_forgotten_when_new_ones_are_made(accounts: Accounts) -> None:
    token = accounts.links.make(HOA, now_utc_s=NOW_S)
    accounts.links.make(HOA, now_utc_s=NOW_S + KEPT_S + 1)
    assert refusal(accounts, token, now_s=NOW_S + KEPT_S + 1) is LinkRefusal.UNKNOWN


def test_one_operator_makes_only_so_many_within_a_quarter_of_an_hour(accounts: Accounts) -> None:
    for _ in range(MADE_MAX):
        accounts.links.make(HOA, now_utc_s=NOW_S)
    with pytest.raises(LinkRefusedError) as refused:
        accounts.links.make(HOA, now_utc_s=NOW_S)
    assert refused.value.why is LinkRefusal.TOO_MANY
    accounts.links.make(Visitor(HOA.name, HOA.call_id, "Minh"), now_utc_s=NOW_S)
    accounts.links.make(HOA, now_utc_s=NOW_S + LINK_LIFE_S + 1)


def test_of_two_who_use_a_link_at_once_one_gets_in(tmp_path: Path, accounts: Accounts) -> None:
    def use(token: str) -> bool:
        with closing(Accounts(tmp_path / "accounts.db")) as own:
            try:
                own.links.use(token, now_utc_s=NOW_S)
            except LinkRefusedError:
                return False
            return True

    with ThreadPoolExecutor(2) as two:
        for _ in range(10):
            token = accounts.links.make(Visitor(HOA.name, HOA.call_id, "x"), now_utc_s=NOW_S)
            assert sorted(two.map(use, [token, token])) == [False, True]


def test_a_file_of_before_links_is_taken_up_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"{SCHEMA} PRAGMA user_version = 1;")
        db.execute("INSERT INTO account VALUES ('Lan', 'operator', x'00', x'00', 0)")
        db.commit()
    with closing(Accounts(path)) as accounts:
        assert [one.name for one in accounts.all()] == ["Lan"]
        assert accounts.links.make(HOA, now_utc_s=NOW_S)


def test_who_guesses_links_waits_longer_each_time_and_a_stranger_elsewhere_does_not(tmp_path: Path) -> None:
    now_s = [0.0]

    async def run() -> None:
        people = People(tmp_path / "accounts.db", now_s=lambda: now_s[0], utc_now_us=lambda: int(NOW_S * 1e6))
        try:
            token = await people.make_link(HOA)
            with pytest.raises(LinkRefusedError):
                await people.use_link("guess", address="10.0.0.9")
            with pytest.raises(TooManyTriesError):
                await people.look_at_link(token, address="10.0.0.9")
            assert await people.look_at_link(token, address="10.0.0.10") == HOA
            now_s[0] = 1.0
            assert await people.look_at_link(token, address="10.0.0.9") == HOA
        finally:
            people.close()

    asyncio.run(run())
