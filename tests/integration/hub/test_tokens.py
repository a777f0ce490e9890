"""Tokens in the accounts' file: what opens, what ends, and what somebody who reads the file learns."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.people.accounts import Accounts
from hub.people.tokens import DAYS_MAX, Scope, TokenError

NOON_S = 1_800_000_000.0
DAY_S = 86_400


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with closing(Accounts(tmp_path / "accounts.db")) as accounts:
        yield accounts


def test_a_token_opens_until_its_last_day(accounts: Accounts) -> None:
    made, text = accounts.tokens.make("Grafana", [Scope.FLEET_READ], days=30, by="Chi", now_utc_s=NOON_S)
    opened = accounts.tokens.open(text, now_utc_s=NOON_S + 30 * DAY_S - 1)
    assert opened is not None
    assert (opened.no, opened.name, opened.by) == (made.no, "Grafana", "Chi")
    assert opened.scopes == {Scope.FLEET_READ}
    assert accounts.tokens.open(text, now_utc_s=NOON_S + 30 * DAY_S) is None


def test_what_nobody_made_opens_nothing(accounts: Accounts) -> None:
    _, text = accounts.tokens.make("A", [Scope.HUB_READ], days=1, by="Chi", now_utc_s=NOON_S)
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    for wrong in (
        "",
        "hd1_",
        other,
        text + "A",
        text.replace("hd1_", "hd2_"),
        "hd99999999999_" + text[4:],
        "’",
    ):
        assert accounts.tokens.open(wrong, now_utc_s=NOON_S) is None, wrong


def test_one_that_was_ended_opens_nothing_and_stays_in_the_book(accounts: Accounts) -> None:
    made, text = accounts.tokens.make("A", [Scope.HUB_READ], days=9, by="Chi", now_utc_s=NOON_S)
    assert accounts.tokens.end(made.no, by="Lan").ended_by == "Lan"
    assert accounts.tokens.end(made.no, by="Minh").ended_by == "Lan"
    assert accounts.tokens.open(text, now_utc_s=NOON_S) is None
    assert [one.no for one in accounts.tokens.all()] == [made.no]
    with pytest.raises(TokenError, match="there is no token 7"):
        accounts.tokens.end(7, by="Lan")


def test_the_last_use_is_written_down_once_a_minute(accounts: Accounts) -> None:
    _, text = accounts.tokens.make("A", [Scope.HUB_READ], days=9, by="Chi", now_utc_s=NOON_S)
    for after_s, used_s in ((0, 0), (60, 0), (61, 61)):
        accounts.tokens.open(text, now_utc_s=NOON_S + after_s)
        assert accounts.tokens.all()[0].used_utc_s == NOON_S + used_s


@pytest.mark.parametrize(
    ("name", "scopes", "days", "text"),
    [
        ("", [Scope.HUB_READ], 1, "token name ''"),
        ("a\u202eb", [Scope.HUB_READ], 1, "token name"),
        ("A", [], 1, "has no scope: there are fleet:read"),
        ("A", [Scope.HUB_READ], 0, "would last 0 days: use 1 to 400"),
        ("A", [Scope.HUB_READ], DAYS_MAX + 1, "would last 401 days"),
    ],
)
def test_what_cannot_be_made_says_why(
    accounts: Accounts, name: str, scopes: list[Scope], days: int, text: str
) -> None:
    with pytest.raises(TokenError, match=text):
        accounts.tokens.make(name, scopes, days=days, by="Chi", now_utc_s=NOON_S)
    assert accounts.tokens.all() == []


def test_who_reads_the_file_cannot_use_it(accounts: Accounts, tmp_path: Path) -> None:
    _, text = accounts.tokens.make("A", [Scope.HUB_READ], days=1, by="Chi", now_utc_s=NOON_S)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert text.split("_", 1)[1].encode() not in kept
