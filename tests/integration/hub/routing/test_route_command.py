from contextlib import closing
from pathlib import Path

import pytest

from hub.people.accounts import Accounts, Role
from tests.integration.conftest import Command

DOCUMENT = """
failsafe = "giam-doc"
[units.tw]
name = "Trung ương"
hotline = "1900 9095"
[units.xa]
name = "Côn Đảo"
parent = "tw"
[stations]
con-dao-01 = "xa"
[[groups]]
unit = "xa"
members = ["lan"]
hours = ["mon-fri 07:00-17:00"]
[[groups]]
members = ["minh"]
[[on_call]]
name = "BS. Hoa"
phone = "0912 345 679"
[[sms]]
name = "modem"
port = "/dev/ttyUSB0"
"""


@pytest.fixture(scope="module")
def accounts_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts.db"
    with closing(Accounts(path)) as accounts:
        for name, role in (
            ("lan", Role.OPERATOR),
            ("minh", Role.OPERATOR),
            ("giam-doc", Role.ADMIN),
            ("bs", Role.DOCTOR),
        ):
            accounts.add(name, "mat khau rat dai", role=role, now_utc_s=0.0)
    return path


@pytest.fixture
def config(tmp_path: Path, accounts_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    text = f'[folders]\nrouting = "routing.toml"\naccounts = "{accounts_path}"\n'
    path.write_text(text, encoding="utf-8")
    (tmp_path / "routing.toml").write_text(DOCUMENT, encoding="utf-8")
    return path


def test_it_says_who_would_ring_at_three_on_sunday(config: Path, command: Command) -> None:
    said = command("route", "con-dao-01", "--at", "2026-11-29T03:00", "--config", config)
    assert said.status == 0
    assert (
        "a press of con-dao-01, Sunday 2026-11-29 03:00 (Asia/Ho_Chi_Minh) Côn Đảo < Trung ương" in said.out
    )
    assert "0 s unit nobody - 0 s parent minh - 30 s supervisor as before -" in said.out
    assert "60 s doctor as before SMS 0912345679 (BS. Hoa) by modem" in said.out
    assert (
        "nobody answers for 120 s: missed; minh owns the callback hotline at the station: 1900 9095"
        in said.out
    )


def test_a_moment_with_its_own_offset_is_the_same_everywhere(config: Path, command: Command) -> None:
    said = command("route", "con-dao-01", "--at", "2026-11-28T20:00+00:00", "--config", config)
    assert "Sunday 2026-11-29 03:00" in said.out


def test_it_counts_on_the_ready_consoles_that_it_is_told_of(config: Path, command: Command) -> None:
    monday = ("route", "con-dao-01", "--at", "2026-11-30T08:00", "--config", config)
    assert "0 s unit lan - 15 s parent minh" in command(*monday).out
    assert "0 s unit nobody ready - 0 s parent minh" in command(*monday, "--ready", "MINH").out
    nobody = command(*monday, "--ready", "").out
    assert "0 s doctor nobody ready SMS" in nobody
    assert "giam-doc owns the callback" in nobody
    assert "an emergency of con-dao-01" in (urgent := command(*monday, "--emergency").out)
    assert "0 s supervisor as before" in urgent


def test_without_a_moment_it_is_about_now(config: Path, command: Command) -> None:
    assert "a press of unheard-of" in command("route", "unheard-of", "--config", config).out


def test_a_station_that_the_document_does_not_name_is_noted_in_one_line(
    config: Path, command: Command
) -> None:
    (note,) = [
        line
        for line in command("route", "con-dao-10", "--config", config).err.splitlines()
        if "con-dao-10" in line
    ]
    assert note.startswith("note: ")
    assert "names no station con-dao-10: Trung ương, the unit without a parent, answers for it" in note
    assert "names no station" not in command("route", "con-dao-01", "--config", config).err


def test_without_a_document_no_station_is_noted(config: Path, command: Command) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace('routing = "routing.toml"\n', ""), "utf-8")
    assert "names no station" not in command("route", "con-dao-10", "--config", config).err


def test_check_says_whether_the_document_can_be_used(config: Path, command: Command) -> None:
    said = command("route", "--check", "--config", config)
    assert (said.status, said.err) == (0, "")
    assert "routing.toml: can be used; 2 units, 1 stations, 2 groups" in said.out
    document = config.with_name("routing.toml")
    document.write_text(DOCUMENT.replace('"minh"', '"hoa"'), encoding="utf-8")
    said = command("route", "--check", "--config", config)
    assert said.status == 0
    assert "note:" in said.err
    assert "there is no account hoa that may answer" in said.err
    document.write_text(
        DOCUMENT.replace("giam-doc", "bs"), encoding="utf-8"
    )  # a doctor does not answer calls
    said = command("route", "--check", "--config", config)
    assert said.status == 1
    assert "routing.toml: failsafe = 'bs': expected the account" in said.err


def test_without_a_document_everybody_rings(config: Path, accounts_path: Path, command: Command) -> None:
    config.write_text(f'[folders]\naccounts = "{accounts_path}"\n', encoding="utf-8")
    assert (
        "no routing document: everybody who may answer" in command("route", "--check", "--config", config).out
    )
    assert "0 s unit giam-doc, lan, minh" in command("route", "con-dao-01", "--config", config).out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "name a station"),
        (("con-dao-01", "--at", "yesterday"), "--at 'yesterday' is no date and time"),
        (("con-dao-01", "--ready", "lan,hoa"), "--ready: no account hoa may answer"),
        (("Côn Đảo",), "station name 'Côn Đảo' is not"),
    ],
)
def test_a_slip_at_the_command_line_is_told(
    config: Path, command: Command, arguments: tuple[str, ...], complaint: str
) -> None:
    said = command("route", *arguments, "--config", config)
    assert said.status == 1
    assert complaint in said.err
