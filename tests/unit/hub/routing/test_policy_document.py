from pathlib import Path
from typing import Any

import pytest

from hub.routing.policy import ROOT, Modem, Rung, SmsCommand, UnitId, Webhook
from hub.routing.policy_document import parse_policy, read_policy, warnings
from hub.toml_table import ConfigError

PATH = Path("/srv/haidang/routing.toml")
ACCOUNTS = ("Lan", "minh", "giam-doc")
WEBHOOK = 'failsafe="lan"\n[[webhooks]]\nname="w"\nsecret_file="s"\n'
TREE = """
failsafe = "giam-doc"
time_zone = "Asia/Ho_Chi_Minh"
[units.tw]
name = "Trung ương"
hotline = "1900 9095"
drill_hours = ["mon 08:00-10:00"]
[units.xa]
parent = "tinh"
emergency_auto_answer = true
[units.tinh]
name = "Lâm Đồng"
parent = "tw"
hotline = "0263 3822 115"
failsafe = "LAN"
time_zone = "Asia/Bangkok"
[stations]
con-dao-01 = "xa"
"""


def parsed(text: str, path: Path = PATH) -> Any:
    return parse_policy(text, path=path, accounts=ACCOUNTS)


def test_the_smallest_document_is_one_unit_and_a_failsafe() -> None:
    policy = parsed('failsafe = "giam-doc"')
    assert policy.units[policy.root].failsafe == "giam-doc"
    assert policy.units[policy.root].zone.key == "Asia/Ho_Chi_Minh"
    assert policy.way_up("any-station") == (policy.units[policy.root],)


def test_a_unit_takes_what_it_leaves_out_from_above_in_whatever_order_they_stand() -> None:
    policy = parsed(TREE)
    xa, tinh, tw = policy.way_up("con-dao-01")
    assert (xa.name, xa.hotline, xa.failsafe, xa.zone.key) == ("xa", "0263 3822 115", "LAN", "Asia/Bangkok")
    assert (tw.hotline, tw.failsafe, tw.parent) == ("1900 9095", "giam-doc", None)
    assert [unit.may_answer_by_itself for unit in (xa, tinh, tw)] == [True, False, False]
    assert xa.drill_hours == tw.drill_hours
    assert policy.unit_of("nobody-named-it") is tw


def test_a_tree_may_be_as_deep_as_it_likes() -> None:
    units = "".join(f'[units.u{no}]\nparent = "u{no + 1}"\n' for no in range(300))
    policy = parsed(f'failsafe = "lan"\n{units}[units.u300]\n[stations]\ns1 = "u0"')
    assert len(policy.way_up("s1")) == 301


def test_everything_that_a_document_may_hold_is_read(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("whsec_YsOtIG3huq10\n", encoding="utf-8")
    text = """
failsafe = "giam-doc"
holidays = ["2026-09-02"]
[limits]
widen_s = 5
doctor_s = 90
[[groups]]
members = ["lan", "*"]
hours = ["mon-fri 07:00-17:00", "holiday off"]
[[supervisors]]
account = "minh"
phone = "+84 912.345-678"
[[on_call]]
name = "BS. Hoa"
phone = "0912 345 679"
[[roster]]
name = "BS. An"
specialties = ["tim mạch", "nhi"]
account = "an"
[[webhooks]]
name = "mien-trung"
url = "https://hub.mientrung.vn/alarm?x=1"
secret_file = "s"
rungs = ["supervisor", "doctor"]
[[webhooks]]
name = "here"
url = "http://127.0.0.1:8080/"
secret_file = "s"
[[sms]]
name = "modem"
port = "/dev/serial/by-id/usb-gsm"
[[sms]]
name = "gateway"
command = ["sms-send", "--to", "{number}"]
rungs = ["doctor"]
"""
    policy = parsed(text, tmp_path / "routing.toml")
    assert (policy.limits.widen_s, policy.limits.supervisor_s, policy.limits.doctor_s) == (5.0, 30.0, 90.0)
    assert policy.supervisors[ROOT][0].phone == "+84912345678"
    assert policy.on_call[ROOT][0].phone == "0912345679"
    assert policy.roster[ROOT][0].specialties == ("tim mạch", "nhi")
    first, here, modem, gateway = policy.adapters
    assert isinstance(first, Webhook)
    assert first.secret.decode() == "bí mật"
    assert first.rungs == {Rung.SUPERVISOR, Rung.DOCTOR}
    assert "mật" not in repr(first)
    assert here.rungs == {Rung.SUPERVISOR}
    assert isinstance(modem, Modem)
    assert modem.baud == 115_200
    assert modem.rungs == {Rung.SUPERVISOR, Rung.DOCTOR}
    assert isinstance(gateway, SmsCommand)
    assert gateway.rungs == {Rung.DOCTOR}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "failsafe is missing: expected the account that owns a missed call which nobody else does"),
        ('failsafe = "hoa"', "failsafe = 'hoa': expected the account that owns a missed call"),
        ('failsafe="lan"\n[units.a]\nfailsafe="hoa"', "units.a.failsafe = 'hoa': expected the account"),
        ('failsafe="lan"\ncolour=1', "colour = '1': expected no such key"),
        ('failsafe="lan"\nholidays=["tet"]', "holidays = \"['tet']\": expected dates such as"),
        ('failsafe="lan"\ntime_zone="Asia/Saigonn"', "time_zone = 'Asia/Saigonn': expected a time zone"),
        ('failsafe="lan"\ntime_zone="../x"', "time_zone = '../x': expected a time zone such as"),
        ('failsafe="lan"\ntime_zone="Asia"', "time_zone = 'Asia': expected a time zone such as"),
        ('failsafe="lan"\n[units]', "units = 'no such unit': expected exactly one unit without a parent"),
        (
            'failsafe="lan"\n[units.a]\n[units.b]',
            "units = 'a, b': expected exactly one unit without a parent",
        ),
        (
            'failsafe="lan"\n[units.a]\n[units.b]\nparent="c"',
            "units.b.parent = 'c': expected the id of a unit",
        ),
        (
            'failsafe="lan"\n[units.a]\n[units.b]\nparent="c"\n[units.c]\nparent="b"',
            "expected a unit that is not below this one",
        ),
        ('failsafe="lan"\n[units.A]', "units = 'A': expected ids of 1 … 32"),
        ('failsafe="lan"\n[units.a]\ncolor=1', "units.a.color = '1': expected no such key"),
        (f'failsafe="lan"\n[units.a]\nhotline="{"1" * 41}"', "expected a number of at most 40 letters"),
        ('failsafe="lan"\n[units.a]\ndrill_hours=["x"]', 'expected lines such as "mon-fri 07:00-17:00"'),
        ('failsafe="lan"\n[stations]\nHUB="root"', "stations.HUB = 'root': expected a station's id"),
        ('failsafe="lan"\n[stations]\ns1="b"', "stations.s1 = 'b': expected the id of a unit: root"),
        ('failsafe="lan"\n[[groups]]', "groups[1].members is missing: expected a list of accounts"),
        (
            'failsafe="lan"\n[[groups]]\nmembers=["lan"]\n[[groups]]\nmembers=["lan"]\nhours=["all"]',
            "groups[2].hours = \"['all']\": expected lines such as",
        ),
        (
            'failsafe="lan"\n[groups]\nmembers=["lan"]',
            "groups = \"{'members': ['lan']}\": expected tables, each",
        ),
        ('failsafe="lan"\n[[supervisors]]', "supervisors[1].account is missing: expected a text"),
        (
            'failsafe="lan"\n[[supervisors]]\naccount="lan"\nphone="911x"',
            "supervisors[1].phone = '911x': expected a telephone number",
        ),
        ('failsafe="lan"\n[[on_call]]\nname="x"', "on_call[1].phone is missing: expected a telephone number"),
        ('failsafe="lan"\n[[roster]]\nname="x"', "roster[1].specialties is missing: expected a list"),
        ('failsafe="lan"\n[limits]\nwiden_s=0', "limits.widen_s = '0': expected whole seconds, 1 … 3600"),
        ('failsafe="lan"\n[limits]\nwiden_s=40', "limits.supervisor_s = '30': expected whole seconds, 40 …"),
        ('failsafe="lan"\n[limits]\nmissed_s=59', "limits.missed_s = '59': expected whole seconds, 60 …"),
        (WEBHOOK + 'url="http://hub.vn/"', "webhooks[1].url = 'http://hub.vn/': expected an address such as"),
        (WEBHOOK + 'url="https://a:b@hub.vn/"', "expected an address such as"),
        (WEBHOOK + 'url="https://hub.vn:99999/"', "expected an address such as"),
        (WEBHOOK + 'url="https://hub.vn/a b"', "expected an address such as"),
        (
            WEBHOOK + 'url="https://hub.vn/"',
            "webhooks[1].secret_file = 's': expected a file that can be read",
        ),
        (
            WEBHOOK + 'url="https://hub.vn/"\nca_file="c"',
            "webhooks[1].ca_file = 'c': expected a file with cert",
        ),
        (
            WEBHOOK + 'url="https://h/"\nrungs=["boss"]',
            "webhooks[1].rungs = \"['boss']\": expected a list of unit",
        ),
        ('failsafe="lan"\n[[sms]]\nname="m"', "sms[1].port or command is missing: expected one of the two"),
        ('failsafe="lan"\n[[sms]]\nname="m"\nport="p"\ncommand=["{number}"]', "expected one of the two"),
        ('failsafe="lan"\n[[sms]]\nname="m"\ncommand=["sms"]', "expected a list of texts, one with {number}"),
        (
            'failsafe="lan"\n[[sms]]\nname="m"\nport="p"\nbaud=3',
            "sms[1].baud = '3': expected a rate in bit/s",
        ),
        (
            'failsafe="lan"\n[[sms]]\nname="m"\nport="p"\nrungs=["unit"]',
            "expected a list of supervisor, doctor",
        ),
        (
            'failsafe="lan"\n[[sms]]\nname="m"\nport="p"\n[[sms]]\nname="m"\nport="q"',
            "sms[2].name = 'm': expected a name that no other adapter has",
        ),
        ("failsafe", "not TOML"),
    ],
)
def test_a_slip_is_named_with_file_key_and_what_is_expected(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert str(caught.value).startswith(f"{PATH}: ")
    assert complaint in str(caught.value)


def test_a_webhook_without_a_secret_and_one_whose_secret_is_garbled_are_refused(tmp_path: Path) -> None:
    document = 'failsafe="lan"\n[[webhooks]]\nname="w"\nurl="https://hub.vn/"\n'
    with pytest.raises(ConfigError, match=r"webhooks\[1\].secret_file is missing"):
        parsed(document)
    (tmp_path / "s").write_text("whsec_bí-mật-bí-mật", encoding="utf-8")
    with pytest.raises(ConfigError, match="no base64") as caught:
        parsed(document + 'secret_file="s"', tmp_path / "routing.toml")
    assert "bí-mật" not in str(caught.value)


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"routing\.toml: cannot be read .* folders\.routing"):
        read_policy(tmp_path / "routing.toml", accounts=ACCOUNTS)


def test_an_account_that_may_not_answer_is_said_but_refuses_nothing() -> None:
    text = 'failsafe="lan"\n[[groups]]\nmembers=["Minh", "hoa"]\n[[supervisors]]\naccount="ba"'
    assert warnings(parsed(text), ACCOUNTS) == [
        f"{PATH}: there is no account hoa that may answer: nobody rings in its place",
        f"{PATH}: there is no account ba that may answer: nobody rings in its place",
    ]
    assert warnings(parsed('failsafe="lan"'), ACCOUNTS) == [
        f"{PATH}: there are no groups: no console rings before the supervisor's"
    ]
    assert parsed(TREE).units[UnitId("xa")].failsafe == "LAN"
