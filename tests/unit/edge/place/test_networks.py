"""Networks of an engineer's text, in the words of NetworkManager 1.52: `nmcli --offline` takes them."""

import configparser
from typing import Any

import pytest

from edge.errors import ConfigError
from edge.place.place_file import networks_of


def settings(document: dict[str, Any], name: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read_string(networks_of(document)[f"haidang-{name}.nmconnection"])
    return {title: dict(parser[title]) for title in parser.sections()}


def test_a_wifi_is_named_by_its_bytes_and_its_password_keeps_its_blanks() -> None:
    found = settings({"wifi": [{"name": "Trạm;y tế", "password": " a b;c\\d12"}]}, "wifi-1")
    assert found["connection"]["type"] == "wifi"
    assert found["wifi"]["ssid"] == "84;114;225;186;161;109;59;121;32;116;225;186;191;"
    assert found["wifi-security"] == {"key-mgmt": "wpa-psk", "psk": "\\sa b;c\\\\d12"}
    assert found["ipv4"]["method"] == found["ipv6"]["method"] == "auto"


def test_a_wifi_without_a_password_is_open_and_the_first_is_preferred() -> None:
    document = {"wifi": [{"name": "a"}, {"name": "b", "password": "12345678"}]}
    first, second = settings(document, "wifi-1"), settings(document, "wifi-2")
    assert "wifi-security" not in first
    ranks = [int(one["connection"]["autoconnect-priority"]) for one in (first, second)]
    assert ranks[0] > ranks[1] > 0
    assert first["connection"]["autoconnect-retries"] == "0", "for ever"
    assert first["connection"]["uuid"] != second["connection"]["uuid"]
    assert networks_of(document) == networks_of(document), "the same text, the same files"


def test_a_sim_without_an_apn_is_asked_for_it() -> None:
    assert settings({"mobile": {}}, "mobile")["gsm"] == {"auto-config": "true"}
    said = {"apn": "v-internet", "user": "u", "password": "p w ", "pin": "0123"}
    gsm = settings({"mobile": said}, "mobile")["gsm"]
    assert gsm == {"apn": "v-internet", "username": "u", "password": "p w\\s", "pin": "0123"}


def test_nothing_is_set_where_nothing_is_said() -> None:
    assert networks_of({"board": {"port": "/dev/ttyACM0"}}) == {}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"wifi": {"name": "a"}}, r"wifi: expected tables, each headed \[\[wifi\]\]"),
        ({"wifi": [{}]}, r"\[\[wifi\]\] 1: name: expected"),
        ({"wifi": [{"name": "ế" * 11}]}, r"at most 32 bytes"),
        (
            {"wifi": [{"name": "a"}, {"name": "b", "password": "short"}]},
            r"\[\[wifi\]\] 2: password: expected 8",
        ),
        ({"wifi": [{"name": "a", "password": "mật khẩu dài"}]}, r"password: expected"),
        ({"wifi": [{"name": "a", "password": 12345678}]}, r"password: expected"),
        (
            {"wifi": [{"name": "a", "pasword": "12345678"}]},
            r"pasword is not a setting; there are name, password",
        ),
        ({"wifi": [{"name": "a"}] * 9}, r"expected at most 8, found 9"),
        ({"mobile": {"pin": 1234}}, r"\[mobile\] pin: expected 4 … 8 digits in quotes"),
        ({"mobile": {"apn": "a\nb"}}, r"\[mobile\] apn: expected a text"),
        (
            {"mobile": {"roaming": "no"}},
            r"\[mobile\] roaming is not a setting; there are apn, user, password, pin",
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_password_is_repeated(document: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=rf"^haidang-box\.txt: .*{says}") as refused:
        networks_of(document)
    assert "mật khẩu" not in str(refused.value)
    assert "short" not in str(refused.value)
