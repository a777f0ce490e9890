from pathlib import Path

import pytest

from hub.config import CONFIG_TEMPLATE, parse_config
from hub.toml_table import ConfigError

PATH = Path("/srv/haidang/hub.toml")


def test_an_empty_file_gives_a_hub_on_this_machine_only() -> None:
    config = parse_config("", path=PATH)
    assert config.store_folder == Path("/srv/haidang/store")
    assert (config.broker.host, config.console.address) == ("127.0.0.1", "127.0.0.1")
    assert config.console.is_https
    assert config.console.url == "https://127.0.0.1:8443/"


def test_the_template_is_a_configuration() -> None:
    text = CONFIG_TEMPLATE.format(
        broker_host="127.0.0.1", broker_port=8884, address="::1", port=80, https="false", names='["a.vn"]'
    )
    config = parse_config(text, path=PATH)
    assert config.broker.port == 8884
    assert config.console.names == ("a.vn",)
    assert config.console.url == "http://[::1]:80/"
    assert config.console.far_url == "http://a.vn:80/"


def test_stations_have_the_names_that_people_use() -> None:
    config = parse_config('[stations]\ncon-dao-01 = "Trạm y tế Côn Đảo"', path=PATH)
    assert config.station_names == {"con-dao-01": "Trạm y tế Côn Đảo"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[broker]\nport = 0", "broker.port = '0': expected a TCP port, 1 … 65535"),
        ("[broker]\nport = true", "broker.port = 'True': expected a TCP port"),
        ("[broker]\nhost = ' '", "broker.host = ' ': expected a text"),
        ("[console]\nhttps = 'yes'", "console.https = 'yes': expected true or false"),
        ("[console]\nnames = ['a', 3]", "console.names = \"['a', 3]\": expected a list of texts"),
        ("[console]\nprot = 1", "console.prot = '1': expected no such key"),
        ("console = 3", "console = '3': expected a table"),
        ("[media]\nstun = ['stun:h'] \nturn_secret = 'x'", "media.turn_secret = 'x': expected no such key"),
        ("[media]\nstun = ['turn:h:3478']", "media.stun = 'turn:h:3478': expected STUN servers, such as"),
        ("[media]\nturn = ['turn:a b']", "media.turn = 'turn:a b': expected TURN servers, such as"),
        ("[media]\nturn = ['turn:h?transport=sctp']", "expected TURN servers"),
        (
            "[media]\nturn = ['turn:h', 'turn:h', 'turn:h', 'turn:h', 'turn:h']",
            "expected at most 4 TURN servers",
        ),
        ("[media]\nturn = ['turn:h']", "media.turn_secret_file is missing: expected the file with the TURN"),
        (
            "[media]\nturn_secret_file = 'none'",
            "media.turn_secret_file = 'none': expected a file that can be read",
        ),
        ("[colour]", "colour = '{}': expected no such key"),
        ("[stations]\nHUB = 'x'", "stations.HUB = 'x': expected a station's id"),
        ("[stations]\na1 = 3", "stations.a1 = '3': expected a text"),
        ("= 3", "not TOML"),
    ],
)
def test_a_wrong_value_is_named_with_file_key_and_what_is_expected(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, path=PATH)
    assert str(caught.value).startswith("/srv/haidang/hub.toml: ")
    assert complaint in str(caught.value)


def test_picture_and_voice_find_their_way_by_these_servers(tmp_path: Path) -> None:
    (tmp_path / "turn.secret").write_text("cá thu một nắng\n", encoding="utf-8")
    text = """[media]
stun = ["stun:h.vn:3478", "stun:[2001:db8::1]:3478"]
turn = ["turn:h.vn", "turns:h.vn:443?transport=tcp"]
turn_secret_file = "turn.secret"
"""
    media = parse_config(text, path=tmp_path / "hub.toml").media
    assert media.stun == ("stun:h.vn:3478", "stun:[2001:db8::1]:3478")
    assert media.turn == ("turn:h.vn", "turns:h.vn:443?transport=tcp")
    assert media.turn_secret.decode() == "cá thu một nắng"
    assert parse_config("", path=PATH).media.turn == ()


def test_a_secret_that_is_none_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "turn.secret").write_text("ngan\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"turn_secret_file = 'turn\.secret': .* at least 8") as caught:
        parse_config("[media]\nturn_secret_file = 'turn.secret'", path=tmp_path / "hub.toml")
    assert "ngan" not in str(caught.value)
