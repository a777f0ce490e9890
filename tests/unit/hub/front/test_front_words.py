"""What HAProxy and coturn are told, and what the front says of who asks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import Config, FrontConfig, parse_config
from hub.front.coturn import coturn_config
from hub.front.haproxy import haproxy_config
from hub.front.proxy_header import SIGNATURE, NoHeaderError, parse_proxy_header
from hub.toml_table import ConfigError

PATH = Path("/srv/haidang/hub.toml")
CONSOLE = '[console]\nnames = ["hub.example.vn"]\n'


def front_of(text: str, *, console: str = CONSOLE) -> tuple[Config, FrontConfig]:
    config = parse_config(f"{console}\n[front]\n{text}", path=PATH)
    assert config.front is not None
    return config, config.front


def test_a_hub_has_no_front_unless_it_is_told_so() -> None:
    assert parse_config(CONSOLE, path=PATH).front is None
    assert parse_config(CONSOLE, path=PATH).media.turn == ()


def test_a_hub_with_a_front_offers_its_relay_at_the_name_that_the_certificate_has() -> None:
    config, front = front_of('address = "10.1.2.3"')
    assert front == FrontConfig(address="10.1.2.3")
    assert config.media.turn == ("turns:hub.example.vn:443?transport=tcp",)
    config, _ = front_of('address = "::1"\nport = 444', console='[console]\nnames = ["2001:db8::1"]\n')
    assert config.media.turn == ("turns:[2001:db8::1]:444?transport=tcp",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (CONSOLE + "[front]", "front.address is missing"),
        (CONSOLE + "[front]\naddress = 'hub'", "front.address = 'hub': expected an address of this machine"),
        (CONSOLE + "[front]\naddress = '0.0.0.0'", "expected an address of this machine"),
        (CONSOLE + "[front]\naddress = '10.1.2.3'\nport = 0", "front.port = '0': expected a TCP port"),
        (CONSOLE + "[front]\naddress = '10.1.2.3'\nprot = 1", "front.prot = '1': expected no such key"),
        (
            CONSOLE + "[front]\naddress = '10.1.2.3'\noutside = 'x'",
            "front.outside = 'x': expected an address",
        ),
        ("[front]\naddress = '10.1.2.3'", "expected a console with https and names"),
        (CONSOLE + "https = false\n[front]\naddress = '10.1.2.3'", "expected a console with https and names"),
        (
            CONSOLE + "[media]\nturn = ['turn:h']\n[front]\naddress = '10.1.2.3'",
            "media.turn = \"['turn:h']\": expected nothing: [front] has a relay of its own",
        ),
    ],
)
def test_a_wrong_front_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, path=PATH)
    assert complaint in str(caught.value)


def test_the_front_knows_where_everybody_is() -> None:
    text = '[broker]\nhost = "0.0.0.0"\nport = 8884\n' + CONSOLE
    config, front = front_of('address = "2001:db8::5"', console=text)
    words = haproxy_config(config, front)
    assert "bind [2001:db8::5]:443 tcp-ut 20s\n" in words
    assert "server broker 127.0.0.1:8884\n" in words
    assert "server console 127.0.0.1:8444 send-proxy-v2\n" in words
    assert "server relay 127.0.0.1:5349\n" in words


def test_a_relay_behind_a_router_says_by_which_address_the_world_knows_it() -> None:
    words = coturn_config(FrontConfig(address="10.1.2.3", outside="203.0.113.7"), secret="abc")
    assert "relay-ip=10.1.2.3\nexternal-ip=203.0.113.7/10.1.2.3\n" in words
    assert "static-auth-secret=abc\n" in words
    assert "external-ip" not in coturn_config(FrontConfig(address="10.1.2.3"), secret="abc")


@pytest.mark.parametrize("address", ["10.1.2.3", "2001:db8::5"])
def test_a_relay_is_told_of_forbidden_addresses_of_its_own_family_alone(address: str) -> None:
    denied = [
        line
        for line in coturn_config(FrontConfig(address=address), secret="abc").splitlines()
        if line.startswith("denied-peer-ip=")
    ]
    assert denied
    assert {("::" in line) or (":" in line) for line in denied} == {":" in address}


IPV4 = SIGNATURE + bytes.fromhex("2111000c 7f00004d 0a010203 d431 01bb")
IPV6 = SIGNATURE + bytes.fromhex("21210024" + "20010db8" + "00" * 11 + "05" + "00" * 15 + "01" + "d431 01bb")


def test_the_front_says_who_asks() -> None:
    assert parse_proxy_header(IPV4 + b"\x16\x03\x01") == (28, ("127.0.0.77", 54_321))
    assert parse_proxy_header(IPV6) == (52, ("2001:db8::5", 54_321))
    longer = IPV4[:14] + b"\x00\x10" + IPV4[16:] + b"\x04\x00\x01\x00"  # with something behind the addresses
    assert parse_proxy_header(longer + b"\x16") == (32, ("127.0.0.77", 54_321))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        IPV4[:27],
        IPV4[:12] + b"\x20" + IPV4[13:],
        IPV4[:13] + b"\x12" + IPV4[14:],
    ],
    ids=["nothing", "a browser", "cut short", "of itself", "over UDP"],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(NoHeaderError):
        parse_proxy_header(data)


@given(st.binary(max_size=60))
def test_no_bytes_are_a_fault(data: bytes) -> None:
    for raw in (data, SIGNATURE + data, IPV4[:16] + data):
        try:
            length, _ = parse_proxy_header(raw)
        except NoHeaderError:
            continue
        assert length <= len(raw)
