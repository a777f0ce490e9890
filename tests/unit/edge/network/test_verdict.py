from dataclasses import replace

import pytest

from edge.network.told import Ailment
from edge.network.verdict import Answer, Seen, portal_of, verdict_of

HUB = Seen(where="hub.example.vn:8883", main=Answer.HUB)


def named(seen: Seen) -> list[Ailment]:
    return [one.ailment for one in verdict_of(seen).ailments]


@pytest.mark.parametrize(
    ("seen", "is_reached", "ailments"),
    [
        (HUB, True, []),
        (replace(HUB, full=Answer.HUB), True, []),
        (replace(HUB, full=Answer.STUCK), True, [Ailment.LARGE_LOST]),
        (replace(HUB, is_over=True), True, [Ailment.HUB_CERTIFICATE]),
        (replace(HUB, is_name_dead=True), True, [Ailment.DNS_DEAD]),
        (replace(HUB, main=None, is_name_dead=True), False, [Ailment.DNS_DEAD]),
        (replace(HUB, main=Answer.STUCK, small=Answer.HUB), True, [Ailment.LARGE_LOST]),
        (replace(HUB, main=Answer.STUCK, small=Answer.STUCK), False, [Ailment.HUB_SILENT]),
        (replace(HUB, main=Answer.SILENT, https=Answer.HUB), True, [Ailment.ONLY_443]),
        (replace(HUB, main=Answer.SILENT, https=Answer.CONSOLE), False, [Ailment.ONLY_443]),
        (
            replace(HUB, main=Answer.SILENT, https=Answer.STRANGER, portal="x"),
            False,
            [Ailment.CAPTIVE_PORTAL],
        ),
        (replace(HUB, main=Answer.STRANGER, portal="x"), False, [Ailment.CAPTIVE_PORTAL]),
        (replace(HUB, main=Answer.STRANGER), False, [Ailment.STRANGER]),
        (replace(HUB, main=Answer.REFUSED, https=Answer.STRANGER), False, [Ailment.STRANGER]),
        (replace(HUB, main=Answer.OTHER_NAME), False, [Ailment.HUB_CERTIFICATE]),
        (replace(HUB, main=Answer.UNREACHABLE), False, [Ailment.ROUTER_SILENT]),
        (replace(HUB, main=Answer.REFUSED, https=Answer.SILENT), False, [Ailment.HUB_SILENT]),
        (replace(HUB, main=Answer.CUT), False, [Ailment.HUB_SILENT]),
    ],
)
def test_each_case_has_a_name(seen: Seen, is_reached: bool, ailments: list[Ailment]) -> None:
    assert (verdict_of(seen).is_reached, named(seen)) == (is_reached, ailments)


def test_only_small_packets_make_a_link_narrow() -> None:
    assert verdict_of(replace(HUB, main=Answer.STUCK, small=Answer.HUB)).is_narrow
    assert not verdict_of(replace(HUB, small=Answer.HUB)).is_narrow


@pytest.mark.parametrize(
    ("answer", "portal"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://login.hotel.test/a?b\r\n\r\n", "login.hotel.test"),
        (b"HTTP/1.0 307 x\r\nlocation:https://u@Login.Test:8080/\r\n\r\n", "login.test"),
        (b"HTTP/1.1 301 Moved\r\nLocation: https://HUB.example.vn/\r\n\r\n", None),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", None),
        (b"HTTP/1.1 302 Found\r\n\r\n", None),
        (b"HTTP/1.1 511 Login\r\n\r\n", "a login page"),
        (b"HTTP/1.1 200 OK\r\nLocation: http://a.test/\r\n\r\n", None),
        (b"HTTP/1.1 \r\n\r\n", None),
        (b"\xff\xfe\r\n\r\n", None),
        (b"", None),
    ],
)
def test_a_portal_is_who_leads_elsewhere(answer: bytes, portal: str | None) -> None:
    assert portal_of(answer, host="hub.example.vn") == portal
