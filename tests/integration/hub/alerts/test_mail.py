"""Letters by a real SMTP server, and every way to be refused."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.alerts.mail import send
from hub.config import MailConfig, parse_config
from hub.pki.authority import Authority
from hub.routing.outside import OutsideError
from hub.toml_table import ConfigError
from tests.broker import free_port
from tests.simulators.mail_server import PASSWORD, MailServer

LETTER: dict[str, Any] = {
    "to": "truc@soyte.example.vn", "subject": "[Hải đăng] ** Trạm im lặng: Lý Sơn", "text": "Chưa ai nhận.\n",
    "message_id": "msg_1", "utc_us": 1_790_000_000_000_000,
}  # fmt: skip


def config(port: int, **more: Any) -> MailConfig:
    return MailConfig(host="127.0.0.1", port=port, sender="hai-dang@example.vn", **{"tls": "none", **more})


def test_a_letter_arrives_as_it_was_written() -> None:
    with MailServer() as server:
        send(config(server.port), **LETTER)
        (letter,) = server.letters
    assert (letter.sender, letter.to) == ("hai-dang@example.vn", ["truc@soyte.example.vn"])
    assert letter.subject == "[Hải đăng] ** Trạm im lặng: Lý Sơn"
    assert letter.text.replace("\r\n", "\n") == "Chưa ai nhận.\n"
    assert letter.message["Message-ID"] == "<msg_1@example.vn>"
    assert letter.message["Date"] == "Mon, 21 Sep 2026 14:13:20 +0000"


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(OutsideError, match="cannot be reached") as found:
        send(config(free_port()), **LETTER)
    assert not found.value.is_final


@pytest.mark.parametrize(
    ("reply", "said"), [("451 later", "451"), ("552 full", "552"), ("421 going away", "421")]
)
def test_what_it_does_not_take_is_said(reply: str, said: str) -> None:
    with MailServer() as server:
        server.replies = [reply]
        with pytest.raises(OutsideError, match=said):
            send(config(server.port), **LETTER)


def test_a_server_without_tls_is_not_given_a_letter_that_wants_it() -> None:
    with MailServer() as server, pytest.raises(OutsideError, match=r"is mail\.tls right"):
        send(config(server.port, tls="starttls"), **LETTER)
    assert server.letters == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    authority = Authority(tmp_path_factory.mktemp("pki"))
    authority.make(names=(), now=datetime.now(UTC))
    return authority


def test_with_starttls_and_a_password_it_is_sealed_and_ours(authority: Authority) -> None:
    with MailServer(certificate=authority.pair("console"), user="hai-dang") as server:
        sealed = config(server.port, tls="starttls", ca_path=authority.ca, user="hai-dang", password=PASSWORD)
        send(sealed, **LETTER)
        assert [letter.was_sealed for letter in server.letters] == [True]
        with pytest.raises(OutsideError, match="is the password right"):
            send(replace(sealed, password=b"another one"), **LETTER)
        with pytest.raises(OutsideError, match=r"mail\.ca_file"):
            send(replace(sealed, ca_path=None), **LETTER)
        assert len(server.letters) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mail]\nhost = "mail.example.vn"\nfrom = "a@b.vn"\ntls = "none"', "may be read on the way"),
        ('[mail]\nhost = "mail.example.vn"\nfrom = "a@b.vn"\ntls = "ssl"', "one of starttls, tls, none"),
        ('[mail]\nhost = "mail.example.vn"\nfrom = "nobody"', "an address such as"),
        ('[mail]\nhost = "mail.example.vn"\nfrom = "a@b.vn"\nuser = "x"', "password_file is missing"),
        ('[mail]\nhost = "m"\nfrom = "a@b.vn"\nca_file = "none.crt"', "a file with certificates"),
        ('[mail]\nhost = "m"\nfrom = "a@b.vn"\nprot = 25', "slip in its name"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(text, path=tmp_path / "hub.toml")
