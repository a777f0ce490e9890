import pytest

from contract.ids import BootId
from contract.times import Anchor, TimeExchange

NOON_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000


def test_an_exchange_gives_an_anchor_whose_error_is_half_the_round_trip() -> None:
    exchange = TimeExchange(9_000_000, NOON_US, NOON_US + 20_000, 9_620_000)
    assert exchange.round_trip_us == 600_000
    assert exchange.anchor(BootId(3)) == Anchor(BootId(3), 9_310_000, NOON_US + 10_000, 300_001)


@pytest.mark.parametrize("up_us", [0, 1, 299_999, 600_000])
def test_the_truth_is_within_the_error_however_lopsided_the_way(up_us: int) -> None:
    box_ahead_us = NOON_US - 9_000_000
    received_utc_us = 9_000_000 + up_us + box_ahead_us
    exchange = TimeExchange(9_000_000, received_utc_us, received_utc_us + 20_000, 9_620_000)
    tie = exchange.anchor(BootId(3))
    assert tie is not None
    assert abs(tie.utc_us - tie.t_us - box_ahead_us) <= tie.err_us


def test_an_exchange_over_a_stepped_clock_gives_none() -> None:
    stepped_hub = TimeExchange(9_000_000, NOON_US, NOON_US + HOUR_US, 9_620_000)
    assert stepped_hub.round_trip_us < 0
    assert stepped_hub.anchor(BootId(3)) is None
    echo_of_an_earlier_boot = TimeExchange(90_000_000, NOON_US, NOON_US + 20_000, 9_620_000)
    assert echo_of_an_earlier_boot.anchor(BootId(3)) is None
