"""What a box stores, second by second, without a board: one lead at 250 Hz, pleth at 75 Hz, SpO2 and pulse.

The batches are those of `edge vitals`: a draft of all streams each second and records every 30 s in their
place, with what a restart must know; or while somebody watches, records each second.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.chunks import Column, encode_chunk
from contract.header import Header, Kind
from contract.ids import CLEAR, BootId, RecordClass, StreamSetNo, VisitNo
from contract.limits import QUIET_CHUNK_S
from edge.spool.batch import Batch, Entry
from tests.simulators.board import recordings

ECG_HZ: Final = 250
PLETH_HZ: Final = 75
VISIT: Final = {"visit": 1, "boot": 1, "last": 1, "asks": False}
RATES: Final = (ECG_HZ, PLETH_HZ, 1, 1)  # of the streams, by number


class BoxDay:
    """A recording in a loop. Times are from the start of the boot."""

    def __init__(self, boot: BootId) -> None:
        self._boot = boot
        loops = recordings.load("an").loops
        pleth = loops[recordings.PLETH]
        at = np.arange(0, len(pleth) - 1, 100 / PLETH_HZ)
        resampled = np.interp(at, np.arange(len(pleth)), pleth / 4).astype(np.int32)
        self._loops = (loops[recordings.ECG], resampled, loops[recordings.SPO2], loops[recordings.PULSE])

    def second(self, number: int, *, is_live: bool) -> Batch:
        """Return what is stored at the end of second `number` (1, 2, 3 …)."""
        if is_live:
            return Batch(entries=self._records(number - 1, 1), drops_drafts=True, facts=self._facts())
        if number % QUIET_CHUNK_S == 0:
            length_s = int(QUIET_CHUNK_S)
            records = self._records(number - length_s, length_s)
            return Batch(entries=records, drops_drafts=True, facts=self._facts())
        return Batch(drafts=[self._entry(RecordClass.WAVEFORM, range(4), number - 1, 1, is_draft=True)])

    def _records(self, start_s: int, length_s: int) -> list[Entry]:
        return [
            self._entry(RecordClass.NUMERIC, (2, 3), start_s, length_s),
            self._entry(RecordClass.WAVEFORM, (0, 1), start_s, length_s),
        ]

    @staticmethod
    def _facts() -> dict[str, object]:
        return {"visit": VISIT, "stream set": 1}

    def _entry(
        self,
        record_class: RecordClass,
        streams: Sequence[int],
        start_s: int,
        length_s: int,
        *,
        is_draft: bool = False,
    ) -> Entry:
        columns = [self._column(stream, start_s, length_s) for stream in streams]
        codec, body = encode_chunk(columns, is_draft=is_draft)
        header = Header(
            kind=Kind.CHUNK,
            record_class=record_class,
            seq=0,
            key_id=CLEAR,
            nonce=0,
            boot=self._boot,
            t_us=columns[0].t_us,
            visit=VisitNo(1),
            stream_set=StreamSetNo(1),
            first_index=columns[0].first_index,
            count=len(columns[0].samples),
            codec=codec,
        )
        return Entry(header, body)

    def _column(self, stream: int, start_s: int, length_s: int) -> Column:
        rate, loop = RATES[stream], self._loops[stream]
        first = start_s * rate
        samples: NDArray[np.int32] = loop[np.arange(first, first + length_s * rate) % len(loop)]
        t_us = 1_000_000 * start_s
        return Column(stream, first, t_us, t_us, samples)
