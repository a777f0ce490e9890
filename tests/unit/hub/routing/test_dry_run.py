from datetime import UTC, datetime
from pathlib import Path

from contract.ids import StationId
from hub.routing.dry_run import Row, describe, tell_text
from hub.routing.ladder import rungs
from hub.routing.policy import Rung
from hub.routing.policy_document import parse_policy

NIGHT = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
ACCOUNTS = ("lan", "minh")
DOCUMENT = """
failsafe = "lan"
[units.tw]
[units.xa]
parent = "tw"
[stations]
s1 = "xa"
[[groups]]
unit = "xa"
members = ["lan"]
[[groups]]
members = ["minh"]
[[supervisors]]
account = "minh"
phone = "0912345678"
[[on_call]]
name = "BS. Hoa"
phone = "0912345679"
[[sms]]
name = "modem"
port = "/dev/ttyUSB0"
[[webhooks]]
name = "bên cạnh"
url = "https://h/"
secret_file = "s"
"""


def rows(tmp_path: Path, *, is_emergency: bool = False, ready: set[str] | None = None) -> tuple[Row, ...]:
    (tmp_path / "s").write_text("12345678", encoding="utf-8")
    policy = parse_policy(DOCUMENT, path=tmp_path / "routing.toml", accounts=ACCOUNTS)
    ladder = rungs(policy, StationId("s1"), NIGHT, is_emergency=is_emergency, accounts=ACCOUNTS)
    return describe(ladder, ready=ready)


def test_each_rung_says_who_joins_and_when(tmp_path: Path) -> None:
    found = rows(tmp_path)
    assert [(row.rung, row.after_s, row.joining, row.ready) for row in found] == [
        (Rung.UNIT, 0.0, ("lan",), ("lan",)),
        (Rung.PARENT, 15.0, ("minh",), ("lan", "minh")),
        (Rung.SUPERVISOR, 30.0, (), ("lan", "minh")),
        (Rung.DOCTOR, 60.0, (), ("lan", "minh")),
    ]
    assert [tell_text(tell) for row in found for tell in row.tells] == [
        "webhook bên cạnh (minh)",
        "SMS 0912345678 (minh) by modem",
        "SMS 0912345679 (BS. Hoa) by modem",
    ]


def test_a_rung_without_a_ready_console_takes_no_time(tmp_path: Path) -> None:
    assert [(row.after_s, row.is_passed) for row in rows(tmp_path, ready={"minh"})] == [
        (0.0, True),
        (0.0, False),
        (30.0, False),
        (60.0, False),
    ]
    assert [(row.after_s, row.is_passed) for row in rows(tmp_path, ready=set())] == [
        (0.0, True),
        (0.0, True),
        (0.0, True),
        (0.0, False),
    ]


def test_an_emergency_is_at_the_third_rung_at_once(tmp_path: Path) -> None:
    assert [row.after_s for row in rows(tmp_path, is_emergency=True)] == [0.0, 0.0, 0.0, 60.0]
