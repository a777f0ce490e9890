import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import pytest

from firmware_bridge.board.messages import MessageType
from firmware_bridge.drivers.berry import DRIVERS as BERRY_DRIVERS
from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.drivers.driver import Driver, Line
from firmware_bridge.frames import Frame, encode
from firmware_bridge.ports.probing import (
    BOARD_LINE,
    LISTEN_MAX_S,
    Outcome,
    Probe,
    ProbeResult,
    family_of,
)
from tests.simulators.devices.catalogue import all_simulators

STEP_S = 0.05
BERRY = BERRY_DRIVERS[0]
TALKATIVE = sorted(  # the others say something when they are asked, or when somebody measures
    name for name in all_simulators() if all_drivers()[name].talk is None and all_drivers()[name].is_steady
)
Bytes = Callable[[Line, float], bytes]  # what is heard at a line setting since the last call, at this time


def listen(sends: Bytes, drivers: Mapping[str, Driver] | None = None) -> ProbeResult:
    """Listen until there is a result; the time is literal."""
    probe = Probe(drivers if drivers is not None else all_drivers())
    opened = None
    for step in range(1, int(30 * LISTEN_MAX_S / STEP_S)):
        if probe.result is not None:
            return probe.result
        now_s = step * STEP_S
        if probe.line != opened:
            opened = probe.line
            probe.opened(now_s=now_s)
        probe.hear(sends(probe.line, now_s), now_s=now_s)
    raise AssertionError("it listens for ever")


def noise(rng: random.Random, _line: Line, _now_s: float) -> bytes:
    return rng.randbytes(100)


def instrument(name: str, *, has_real_line: bool = False) -> Bytes:
    device = all_simulators()[name](random.Random(7), now_s=0.0)
    rng = random.Random(8)

    def sends(line: Line, now_s: float) -> bytes:
        data = b"".join(device.advance(now_s=now_s))
        is_understood = not has_real_line or line in all_drivers()[name].lines
        return data if is_understood else rng.randbytes(len(data))

    return sends


@pytest.mark.parametrize("has_real_line", [False, True], ids=["usb", "uart"])
@pytest.mark.parametrize("name", TALKATIVE)
def test_every_instrument_that_speaks_by_itself_is_found_by_listening(name: str, has_real_line: bool) -> None:
    result = listen(instrument(name, has_real_line=has_real_line))
    family = family_of(name, all_drivers())
    assert name in result.drivers
    assert set(result.drivers) == family
    assert result.outcome is (Outcome.FOUND if len(family) == 1 else Outcome.AMBIGUOUS)
    if has_real_line:
        assert result.line in all_drivers()[name].lines


def test_drivers_that_read_the_same_bytes_are_named_and_none_is_chosen() -> None:
    twin = replace(BERRY, name="twin", looks_like=("berry-bm1000",))
    result = listen(instrument("berry-bm1000"), {"twin": twin, BERRY.name: BERRY})
    assert result.outcome is Outcome.AMBIGUOUS
    assert set(result.drivers) == {"twin", "berry-bm1000"}
    assert "say which in the configuration" in result.text


def test_a_stream_that_is_too_slow_or_too_quick_for_a_driver_is_not_its() -> None:
    stream = replace(BERRY.streams[0], rate_mhz=60_000)
    slow = replace(BERRY, name="slow", looks_like=(), streams=(stream, *BERRY.streams[1:]))
    assert listen(instrument("berry-bm1000"), {"slow": slow}).outcome is Outcome.UNKNOWN


def test_an_instrument_that_names_itself_is_named_in_the_result() -> None:
    class Named(BERRY.decoder):  # type: ignore[misc, name-defined]
        def feed(self, data: bytes) -> list[object]:
            return [one._replace(facts={"serial": "SN7"}) for one in super().feed(data)]

    alone = replace(BERRY, looks_like=(), decoder=Named)
    result = listen(instrument("berry-bm1000"), {BERRY.name: alone})
    assert (result.outcome, result.own) == (Outcome.FOUND, "SN7")


@pytest.mark.parametrize("seed", range(2))
def test_noise_is_no_instrument(seed: int) -> None:
    result = listen(partial(noise, random.Random(seed)))
    assert result.outcome is Outcome.UNKNOWN
    assert result.drivers == ()


def test_a_few_frames_in_noise_are_no_instrument() -> None:
    rng, berry = random.Random(1), instrument("berry-bm1000")
    result = listen(lambda line, now_s: berry(line, now_s) + rng.randbytes(20))
    assert result.outcome is Outcome.UNKNOWN


def test_silence_is_told_without_trying_every_line() -> None:
    tried = set()

    def sends(line: Line, _: float) -> bytes:
        tried.add(line)
        return b""

    assert listen(sends).outcome is Outcome.SILENT
    assert len(tried) == 1


def test_every_line_setting_of_every_driver_is_tried() -> None:
    tried = set()

    def sends(line: Line, _: float) -> bytes:
        tried.add(line)
        return b"\xff" * 10

    listen(sends)
    assert tried == {line for driver in all_drivers().values() for line in driver.lines} | {BOARD_LINE}


def test_our_own_board_is_recognised_by_its_heartbeat_at_once() -> None:
    beat = encode(Frame(MessageType.HEARTBEAT, bytes(32), seq=1, boot_id=7, t_us=5))
    result = listen(lambda _, now_s: beat if now_s > 0.4 else b"")
    assert result.outcome is Outcome.BOARD


def test_a_flood_ends_the_listening_of_a_line_early() -> None:
    times = []

    def sends(_: Line, now_s: float) -> bytes:
        times.append(now_s)
        return b"\x55" * 40_000

    assert listen(sends, {BERRY.name: BERRY}).outcome is Outcome.UNKNOWN
    assert times[-1] < 1.0  # two line settings


def test_a_family_is_the_same_whoever_of_it_is_asked() -> None:
    drivers = {
        "a": replace(BERRY, name="a", looks_like=("b", "unknown")),
        "b": replace(BERRY, name="b", looks_like=()),
        "c": replace(BERRY, name="c", looks_like=("b",)),
        "d": replace(BERRY, name="d", looks_like=()),
    }
    assert {name: family_of(name, drivers) for name in "abc"} == dict.fromkeys("abc", frozenset("abc"))
    assert family_of("d", drivers) == {"d"}
