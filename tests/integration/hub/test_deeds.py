"""The book of deeds: what is looked for is found, page by page, and nothing else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.people.accounts import AccountError, AccountFault, Accounts, Role
from hub.people.deeds import KINDS, Deed, DeedSearch, search_sql

CALL = "con-dao-01.0000000000000007.3"


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with closing(Accounts(tmp_path / "accounts.db")) as accounts:
        yield accounts


def numbers(accounts: Accounts, *, newest: int = 10, **wanted: object) -> list[int]:
    search = DeedSearch(**wanted)  # type: ignore[arg-type]
    return [one.no for one in accounts.deeds.search(search, newest=newest)]


def test_deeds_are_found_by_who_what_to_whom_and_when(accounts: Accounts) -> None:
    for utc_us, name, deed, subject in (
        (1_000, "Lan", "claim", CALL),
        (2_000, "Minh", "ring", "con-dao-01"),
        (3_000, "lan", "ring", "con-dao-011"),
        (4_000, "Lan", "close", CALL),
    ):
        accounts.deeds.note(Deed(utc_us, name, deed, subject, ""))
    assert numbers(accounts) == [4, 3, 2, 1]
    assert numbers(accounts, newest=2) == [4, 3]
    assert numbers(accounts, newest=2, before=3) == [2, 1]
    assert numbers(accounts, name="LAN") == [4, 3, 1]
    assert numbers(accounts, subject="con-dao-01") == [4, 2, 1]  # its calls too, another's never
    assert numbers(accounts, subject=CALL) == [4, 1]
    assert numbers(accounts, deed="ring") == [3, 2]
    assert numbers(accounts, from_utc_us=2_000, until_utc_us=4_000) == [3, 2]
    assert numbers(accounts, subject="%") == []
    assert accounts.deeds.kinds() == ["claim", "close", "ring"]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (DeedSearch(subject="con-dao-01"), "deed_subject"),
        (DeedSearch(subject=CALL, name="lan", deed="ring", before=500), "deed_subject"),
        (DeedSearch(name="LAN"), "deed_name"),
        (DeedSearch(name="lan", before=500), "deed_name"),
        (DeedSearch(deed="ring", before=500), "deed_kind"),
    ],
)
def test_a_search_reads_what_its_index_finds_and_not_the_whole_book(
    accounts: Accounts, tmp_path: Path, wanted: DeedSearch, index: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "accounts.db")) as db:
        sql, values = search_sql(wanted, newest=50)
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert any(index in step for step in plan), plan
        assert not any(step.startswith("SCAN deed") for step in plan), plan
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {KINDS}")]
        assert not any(step.startswith("SCAN deed") for step in plan), plan


def test_somebody_can_always_change_accounts(accounts: Accounts) -> None:
    accounts.add("Chi", "mot hai ba bon nam", role=Role.ADMIN, now_utc_s=0.0)
    accounts.add("Lan", "mot hai ba bon nam", now_utc_s=0.0)
    for deed in (
        lambda: accounts.set_role("chi", Role.OPERATOR),
        lambda: accounts.remove_but_the_last_admin("Chi"),
    ):
        with pytest.raises(AccountError, match="Chi is the only admin") as caught:
            deed()
        assert caught.value.why is AccountFault.LAST_ADMIN
    accounts.set_role("Lan", Role.ADMIN)
    accounts.remove_but_the_last_admin("Chi")
    assert [one.name for one in accounts.all()] == ["Lan"]


def test_another_password_ends_the_sessions_of_the_old_one(accounts: Accounts) -> None:
    lan = accounts.add("Lan", "mot hai ba bon nam", now_utc_s=0.0)
    token = accounts.open_session(lan, now_utc_s=0.0)
    accounts.set_password("lan", "sau bay tam chin muoi")
    assert accounts.session(token, now_utc_s=1.0) is None
    assert accounts.check("Lan", "mot hai ba bon nam") is None
    assert accounts.check("Lan", "sau bay tam chin muoi") == lan
    with pytest.raises(AccountError, match="use 10 to 200"):
        accounts.set_password("Lan", "ngan")
    with pytest.raises(AccountError, match="there is no account Hoa"):
        accounts.set_password("Hoa", "sau bay tam chin muoi")
