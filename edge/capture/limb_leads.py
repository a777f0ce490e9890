"""Ten seconds of limb leads at a time, for the watch over changed electrodes (core)."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.codes import ECG_I, ECG_II
from contract.events import Stream
from edge.capture.lead_reversal import WINDOW_S, LeadReversal, Suspicion
from firmware_bridge.events import SampleBlock

KEPT_WINDOWS: Final = 2  # of a lead that waits for the other, which may be off for hours
_MICROVOLTS: Final = {"uV": 1.0, "mV": 1000.0}  # a lead in another unit says nothing of its size


class _Lead:
    """One lead's samples since the window began, without a gap."""

    def __init__(self, stream: Stream) -> None:
        self.rate_hz = stream.rate_mhz / 1000
        self._scale_uv = stream.scale * _MICROVOLTS[stream.unit]
        self._blocks: list[NDArray[np.float64]] = []
        self.first_index = self.end_index = 0

    def add(self, block: SampleBlock) -> None:
        """Add the next samples; where they do not follow on, the lead begins anew with them."""
        kept_max = KEPT_WINDOWS * WINDOW_S * self.rate_hz
        is_following = self._blocks and block.first_index == self.end_index
        if not is_following or self.end_index - self.first_index > kept_max:
            self._blocks, self.first_index = [], block.first_index
        self._blocks.append(block.samples[:, 0].astype(np.float64) * self._scale_uv)
        self.end_index = block.first_index + len(block.samples)

    def cut(self, first_index: int, count: int) -> NDArray[np.float64]:
        """Return `count` samples from `first_index` on, and forget them and what was before."""
        whole = np.concatenate(self._blocks)
        start = first_index - self.first_index
        self._blocks = [whole[start + count :]]
        self.first_index = first_index + count
        return whole[start : start + count]


class LimbLeads:
    """Leads I and II of one device, as far as it has them: `streams` by the device's stream id."""

    def __init__(self, streams: Mapping[int, Stream]) -> None:
        self._streams = streams
        self.restart()

    def restart(self) -> None:
        """Another person, or nobody: what was seen says nothing any more."""
        self._watch = LeadReversal()
        self._leads = {
            stream_id: _Lead(stream)
            for stream_id, stream in self._streams.items()
            if stream.mdc in (ECG_I, ECG_II) and stream.unit in _MICROVOLTS
        }
        self._mdc_of = {stream_id: self._streams[stream_id].mdc for stream_id in self._leads}

    @property
    def suspected(self) -> Suspicion | None:
        """Which electrodes seem to be changed over."""
        return self._watch.told

    def add(self, block: SampleBlock) -> bool:
        """Take samples that have contact; return whether `suspected` changed."""
        lead = self._leads.get(block.stream_id)
        if lead is None:
            return False
        if block.is_settling or block.is_clipped:
            return False  # no size, no direction: the hole that it leaves begins the window anew
        lead.add(block)
        rates = {one.rate_hz for one in self._leads.values()}
        count = round(WINDOW_S * lead.rate_hz)
        start = max(one.first_index for one in self._leads.values())
        end = min(one.end_index for one in self._leads.values())
        if len(rates) > 1 or end - start < count:
            return False
        window = {self._mdc_of[name]: one.cut(start, count) for name, one in self._leads.items()}
        return self._watch.judge(lead.rate_hz, window.get(ECG_I), window.get(ECG_II))
