import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.people.accounts import SESSION_IDLE_S, SESSION_MAX_S, Account, AccountError, Accounts, Role
from hub.people.deeds import Deed
from hub.people.passwords import make_password

NOW_S = 1_790_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people" / "accounts.db"


@pytest.fixture
def accounts(path: Path) -> Iterator[Accounts]:
    with closing(Accounts(path)) as accounts:
        yield accounts


def test_only_the_right_password_of_the_right_name_is_taken(accounts: Accounts) -> None:
    accounts.add("Lan", "mot hai ba bon", now_utc_s=NOW_S)
    assert accounts.check("lan", "mot hai ba bon") == Account("Lan", Role.OPERATOR)
    assert accounts.check("Lan", "mot hai ba bốn") is None
    assert accounts.check("Minh", "mot hai ba bon") is None


def test_the_file_is_the_owners_alone_and_holds_neither_password_nor_token(
    path: Path, accounts: Accounts
) -> None:
    account = accounts.add("Lan", "mot hai ba bon", now_utc_s=NOW_S)
    token = accounts.open_session(account, now_utc_s=NOW_S)
    accounts.close()
    assert path.stat().st_mode & 0o077 == 0
    kept = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert b"mot hai ba bon" not in kept
    assert token.encode() not in kept


@pytest.mark.parametrize("name", ["", " ", "a/b", "<b>", "x" * 41, ".lan"])
def test_a_name_that_pages_or_logs_could_stumble_over_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountError, match="account name"):
        accounts.add(name, "mot hai ba bon", now_utc_s=NOW_S)


def test_a_short_password_and_a_name_taken_are_refused(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="has 5 characters: use 10 to 200"):
        accounts.add("Lan", "12345", now_utc_s=NOW_S)
    accounts.add("Lan", "mot hai ba bon", now_utc_s=NOW_S)
    with pytest.raises(AccountError, match="already"):
        accounts.add("LAN", "mot hai ba bon", now_utc_s=NOW_S)


def test_a_session_ends_at_logout_and_knows_no_other_token(accounts: Accounts) -> None:
    account = accounts.add("Lan", "mot hai ba bon", now_utc_s=NOW_S)
    token = accounts.open_session(account, now_utc_s=NOW_S)
    assert accounts.session(token, now_utc_s=NOW_S) == account
    assert accounts.session(token + "x", now_utc_s=NOW_S) is None
    accounts.end_session(token)
    assert accounts.session(token, now_utc_s=NOW_S) is None


def test_an_unused_session_ends_after_a_shift_and_a_used_one_after_a_day(accounts: Accounts) -> None:
    account = accounts.add("Lan", "mot hai ba bon", now_utc_s=NOW_S)
    idle = accounts.open_session(account, now_utc_s=NOW_S)
    assert accounts.session(idle, now_utc_s=NOW_S + SESSION_IDLE_S + 1) is None
    used = accounts.open_session(account, now_utc_s=NOW_S)
    assert accounts.session(used, now_utc_s=NOW_S + SESSION_IDLE_S) == account
    assert accounts.session(used, now_utc_s=NOW_S + SESSION_MAX_S) == account
    assert accounts.session(used, now_utc_s=NOW_S + SESSION_MAX_S + 1) is None


def test_removing_an_account_ends_its_sessions(accounts: Accounts) -> None:
    token = accounts.open_session(accounts.add("Lan", "mot hai ba bon", now_utc_s=NOW_S), now_utc_s=NOW_S)
    accounts.remove("Lan")
    assert accounts.session(token, now_utc_s=NOW_S) is None
    with pytest.raises(AccountError, match="no account Lan"):
        accounts.remove("Lan")


def test_what_somebody_did_is_there_for_whoever_opens_the_file_next(path: Path, accounts: Accounts) -> None:
    first, second = (Deed(n, "Lan", "close", "con-dao-01.0000000000000007.3", f"lý do {n}") for n in (1, 2))
    accounts.deeds.note(first)
    accounts.deeds.note(second)
    with closing(Accounts(path)) as other:
        assert other.deeds.about("con-dao-01.0000000000000007.3") == [second, first]
        assert other.deeds.about("con-dao-01") == []


def test_a_file_of_a_later_version_is_refused_and_left_alone(path: Path, accounts: Accounts) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(AccountError, match="of version 7, this program knows 5: update the program"):
        Accounts(path)


def test_made_passwords_are_long_and_differ() -> None:
    made = {make_password() for _ in range(100)}
    assert len(made) == 100
    assert {len(one) for one in made} == {19}
