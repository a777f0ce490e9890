import pytest

from contract.claims import make_code
from edge.enrolment.box_file import BoxFile, parse_box_file
from edge.errors import EnrolmentError
from hub.enrolment.box_file import HubPin, box_file

PIN = "0123456789abcdef" * 4
CODE = make_code(b"1234567")


@pytest.mark.parametrize("host", ["hub.example.vn", "10.0.0.1", "2001:db8::1"])
def test_what_the_hub_writes_the_box_reads(host: str) -> None:
    text = box_file(HubPin(host, 8443, PIN), CODE, words=("station con-dao-01",))
    assert parse_box_file(text.encode()) == BoxFile(host, 8443, PIN, CODE.replace("-", ""))


def test_a_file_edited_anywhere_is_read() -> None:
    lines = (
        "\ufeff# Hộp của trạm",
        "",
        " HUB = hub.vn ",
        "wifi.ssid=Trạm",
        f"Pin={PIN[:32].upper()} {PIN[32:]}",
    )
    assert parse_box_file("\r\n".join(lines).encode()) == BoxFile("hub.vn", 8443, PIN, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "hub: expected"),
        ("hub=a b\npin=" + PIN, "hub: expected"),
        ("hub=a:70000\npin=" + PIN, "hub: expected"),
        ("hub=a\npin=" + PIN[1:], "pin: expected the 64 digits"),
        ("hub=a", "pin: expected"),
        (f"hub=a\npin={PIN}\nclaim=7K3M-Q0WX-ZB5R", "claim: malformed: .* mistyped"),
        ("hub", "line 1: expected key=value"),
        ("#" * 20_000, "the limit is"),
    ],
)
def test_what_is_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(EnrolmentError, match=why):
        parse_box_file(text.encode())


def test_another_code_page_is_said_to_be_one() -> None:
    with pytest.raises(EnrolmentError, match="not UTF-8"):
        parse_box_file("hub=Trạm".encode("utf-16"))
