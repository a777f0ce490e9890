from pathlib import Path

import pytest

from hub.config import CONFIG_TEMPLATE, ConfigError, parse_config

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
