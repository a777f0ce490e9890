"""Hours of capture in a spool that no hub has seen, made by the real capture and spool in a time of its own.

One lead at 250 Hz, pleth at 75 Hz, SpO2 and pulse once a second, as a quiet box stores them: a record of 30 s
for each class. Every hour the box loses its power in the middle of a draft and starts as another boot, with
another key.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.ids import StationId
from contract.sealing import HubKey, read_hub_key
from edge.capture.capture import BOARD, Capture
from edge.spool.spool import Spool
from firmware_bridge.events import (
    BoardConnected,
    SampleBlock,
    StreamDescription,
    StreamKind,
    StreamUnit,
)
from tests.bench.report import progress
from tests.drain.held import Backlog
from tests.simulators.board import recordings
from tests.simulators.board.recordings import ECG, PLETH, PULSE, SPO2
from tests.village.station import Station
from tests.village.village import Village

RATES_HZ: Final = {ECG: 250, PLETH: 75, SPO2: 1, PULSE: 1}
STREAMS: Final = (
    StreamDescription(ECG, StreamKind.ECG, 131329, 250_000, 1, 24, 5.0, StreamUnit.MICROVOLT),
    StreamDescription(PLETH, StreamKind.PPG, 150452, 75_000, 1, 24, 1.0, StreamUnit.COUNT),
    StreamDescription(SPO2, StreamKind.NUMERIC, 150456, 1_000, 1, 8, 1.0, StreamUnit.PERCENT),
    StreamDescription(PULSE, StreamKind.NUMERIC, 149530, 1_000, 1, 16, 1.0, StreamUnit.PER_MINUTE),
)
UID: Final = bytes.fromhex("4844424c00000001")
QUOTA_BYTES: Final = 2_000_000_000
BOOT_S: Final = 3_600
RECORD_S: Final = 30
FIRST_RECORD_AT_S: Final = 5  # of a boot: the board has introduced itself


def fill_spool(village: Village, station: Station, *, hours: float) -> Backlog:
    """Fill the spool of a station that has not started yet, and say how far it is."""
    path = station.folder / "data" / "spool.db"
    path.parent.mkdir(parents=True)
    make_backlog(
        path,
        read_hub_key(village.broker.boxes[station.name].seal_key.read_bytes()),
        station=station.name,
        hours=hours,
        said=lambda made: progress(f"backlog: {made:.1f} of {hours:g} h "),
    )
    progress("\n")
    return Backlog.of_spool(path)


def make_backlog(
    path: Path,
    hub_key: HubKey,
    *,
    station: StationId,
    hours: float,
    said: Callable[[float], None],
) -> None:
    """Fill the file. `said` hears how many hours are made."""
    signal = _Signal()
    left_s, boot_count = round(hours * BOOT_S), 0
    while left_s > 0:
        spool = Spool(path, quota_bytes=QUOTA_BYTES)
        try:
            _one_boot(spool, hub_key, signal, station, boot_count, min(left_s, BOOT_S))
        finally:
            spool.close()
        left_s -= BOOT_S
        boot_count += 1
        said(min(hours, boot_count * BOOT_S / 3_600))


def _one_boot(
    spool: Spool, hub_key: HubKey, signal: "_Signal", station: StationId, number: int, seconds: int
) -> None:
    boot = spool.begin_boot(f"boot {number} of the backlog")
    spool.begin_sealing(hub_key, station=station, boot=boot, t_us=1_000_000, software="bench")
    facts = {name: spool.fact(name) for name in ("visit", "stream set")}
    capture = Capture(boot=boot, facts=facts)
    capture.handle(_board(number), source=BOARD, now_us=2_000_000)
    for start_s in range(0, seconds, RECORD_S):
        _feed(capture, signal, number, start_s, RECORD_S)
        _store(spool, capture, at_s=FIRST_RECORD_AT_S + start_s + RECORD_S, is_draft=False)
    _feed(capture, signal, number, seconds, 1)
    _store(spool, capture, at_s=FIRST_RECORD_AT_S + seconds + 1, is_draft=True)  # and then the power goes


def _store(spool: Spool, capture: Capture, *, at_s: int, is_draft: bool) -> None:
    """Drafts that records replace at once are left out."""
    for cut in capture.cut(now_us=at_s * 1_000_000, is_live=False):
        batch = capture.batch(cut, cut.coded()) if cut.is_draft == is_draft else None
        if batch is not None:
            spool.commit(batch)


def _feed(capture: Capture, signal: "_Signal", board_boot: int, start_s: int, length_s: int) -> None:
    t_us = (FIRST_RECORD_AT_S + start_s) * 1_000_000
    for stream_id, rate_hz in RATES_HZ.items():
        block = SampleBlock(
            stream_id=stream_id,
            board_boot=board_boot,
            first_index=start_s * rate_hz,
            samples=signal.take(stream_id, length_s * rate_hz),
            board_t_us=t_us,
            box_t_us=t_us,
            lead_off_mask=0,
            is_settling=False,
            is_clipped=False,
        )
        capture.handle(block, source=BOARD, now_us=t_us + length_s * 1_000_000)


def _board(boot: int) -> BoardConnected:
    return BoardConnected(
        uid=UID,
        board_boot=boot,
        reset_cause=1,
        firmware="0.1.0",
        hw_model=1,
        hw_revision=2,
        build_hash=0,
        streams=STREAMS,
        has_button=True,
        has_button_loop=True,
        has_buzzer=True,
        is_schema_known=True,
        box_t_us=2_000_000,
    )


class _Signal:
    """A recording in a loop that goes on from boot to boot."""

    def __init__(self) -> None:
        recording = recordings.load("an")
        pleth = recording.loops[PLETH]
        at = np.arange(0, len(pleth) - 1, recording.pleth_hz / RATES_HZ[PLETH])
        resampled = np.interp(at, np.arange(len(pleth)), pleth / 4).astype(
            np.int32
        )  # of 8 bits, as oximeters
        self._loops = {**recording.loops, PLETH: resampled}
        self._taken = dict.fromkeys(RATES_HZ, 0)

    def take(self, stream_id: int, count: int) -> NDArray[np.int32]:
        first, loop = self._taken[stream_id], self._loops[stream_id]
        self._taken[stream_id] += count
        taken: NDArray[np.int32] = loop[np.arange(first, first + count) % len(loop)].reshape(-1, 1)
        return taken
