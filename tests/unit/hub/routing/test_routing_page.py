"""docs/routing.md is what the code does."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from contract.ids import StationId
from hub.routing.dry_run import describe, tell_text
from hub.routing.ladder import list_owner, rungs
from hub.routing.outside_service import WAITS_S
from hub.routing.policy import LAST_RUNG, Limits, Policy
from hub.routing.policy_document import parse_policy, warnings
from hub.routing.webhook_signing import signed_headers

PAGE = (Path(__file__).parents[4] / "docs" / "routing.md").read_text(encoding="utf-8")
ACCOUNTS = ("giam-doc", "lan", "minh", "thu", "truong-kip")


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (found,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    for name in ("mien-trung.secret", "mien-trung-ca.crt"):
        (tmp_path / name).write_text("ca thu mot nang", encoding="utf-8")
    return parse_policy(found, path=tmp_path / "routing.toml", accounts=ACCOUNTS)


def test_the_example_can_be_used_as_it_stands(policy: Policy) -> None:
    assert warnings(policy, ACCOUNTS) == []
    assert policy.limits == Limits()
    assert policy.unit_of(StationId("con-dao-01")).may_answer_by_itself


def test_the_dry_run_on_the_page_is_that_of_its_example(policy: Policy) -> None:
    (shown,) = re.findall(r"```\n\$ hub route (.*?)```", PAGE, flags=re.DOTALL)
    arguments, _, table = shown.partition("\n")
    station, at, ready = re.findall(r"^(\S+) --at (\S+) --ready (\S+)", arguments)[0]
    there, name = frozenset(ready.split(",")), StationId(station)
    at_utc = datetime.fromisoformat(at).replace(tzinfo=policy.unit_of(name).zone)
    ladder = rungs(policy, name, at_utc, is_emergency=False, accounts=ACCOUNTS)
    said = " ".join(table.split())
    for row in describe(ladder, ready=there):
        assert f"{row.after_s:.0f} s {row.rung.name.lower()} " in said
        assert all(tell_text(tell) in said for tell in row.tells)
    assert len(ladder.tells(LAST_RUNG)) == table.count("webhook ") + table.count("SMS ")
    owner = list_owner(policy, name, at_utc, there, accounts=ACCOUNTS)
    assert f"missed; {owner} owns the callback hotline at the station: {ladder.unit.hotline}" in said


def test_the_page_names_the_limits_the_headers_and_the_waits() -> None:
    limits = Limits()
    for key in ("widen_s", "supervisor_s", "doctor_s"):
        assert f"`{key}`, {getattr(limits, key):.0f} s" in PAGE
    assert f"`missed_s` ({limits.missed_s:.0f} s)" in PAGE
    assert all(f"`{name}`" in PAGE for name in signed_headers(b"s", b"", message="m", utc_s=0))
    assert "after 2, 4, 8, 15, 30 s, then each minute, for six" in PAGE
    assert WAITS_S[:5] == (2.0, 4.0, 8.0, 15.0, 30.0)
    assert set(WAITS_S[5:]) == {60.0}
    assert 350 <= sum(WAITS_S) <= 390
