"""One instrument behind one port (core): bytes and their times of arrival in, events and bytes to send out.

It is there once its frames prove it: as many in a row as make PROOF_BITS bits that had to be right, or a few
with nothing between them for a while. What it is told is its driver's `talk` and nothing else.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from firmware_bridge.drivers.driver import Counts, Driver, Reading
from firmware_bridge.events import Event, InstrumentConnected, InstrumentLost, InstrumentSilent
from firmware_bridge.instruments.conditions import is_number
from firmware_bridge.instruments.instrument_life import InstrumentLife, Timed
from firmware_bridge.instruments.instrument_presence import Input, State, after

PROOF_BITS: Final = 32  # noise of a wrong line makes frames of a weak structure now and then
PROOF_FRAMES: Final = 3  # of one that speaks each second, as long as …
PROOF_S: Final = 1.5


class Instrument:
    """The session with one instrument.

    The caller passes bytes to `on_bytes`, calls `tick` at `next_wake_s`, and writes `data_to_send()` after
    each call. `device`: its name at this station. `first_life`: number of its first life, 1 or more; greater
    than any that an earlier process gave in this boot of the box. All times are the box's CLOCK_BOOTTIME in
    seconds and never go back.
    """

    def __init__(self, driver: Driver, *, device: str, first_life: int) -> None:
        if first_life < 1:
            raise ValueError(f"a life's number is 1 or more, not {first_life}")
        self.driver, self.device = driver, device
        self.state = State.CLOSED
        self.life = first_life  # the number of this life, or of the one to come
        self._life: InstrumentLife | None = None
        self._decoder = driver.decoder()
        self._proof_frames = -(-PROOF_BITS // max(1, driver.check_bits + driver.structure_bits))
        self._proof: list[Timed] = []
        self._clocking = next((stream for stream in driver.streams if not is_number(stream)), None)
        self._arrived_s = float("-inf")
        self._silent_at_s: float | None = None
        self._ask_at_s: float | None = None
        self._keep_alive_at_s: float | None = None
        self._to_send = bytearray()
        self._refused = 0  # of former lives …
        self._lost: Counter[str] = Counter()

    @property
    def next_wake_s(self) -> float | None:
        """When to call `tick`; None: only bytes can change anything."""
        life_s = self._life.next_wake_s if self._life is not None else None
        times = (life_s, self._silent_at_s, self._ask_at_s, self._keep_alive_at_s)
        return min((at_s for at_s in times if at_s is not None), default=None)

    @property
    def counts(self) -> Counts:
        """What the decoder has counted; what was lost stands in `lost_samples`."""
        return self._decoder.counts

    @property
    def lost_samples(self) -> Mapping[str, int]:
        """Samples of each waveform that never came, those estimated included."""
        return self._lost + Counter(self._life.lost_samples if self._life is not None else {})

    @property
    def refused_numbers(self) -> int:
        """Numbers that were out of range, or jumped and were not borne out."""
        return self._refused + (self._life.refused_numbers if self._life is not None else 0)

    @property
    def farewell(self) -> bytes:
        """What to write before the port is closed by us."""
        return self.driver.talk.closing if self.driver.talk is not None else b""

    def data_to_send(self) -> bytes:
        """Return what the instrument must be told now; once."""
        data = bytes(self._to_send)
        self._to_send.clear()
        return data

    def opened(self, *, now_s: float) -> None:
        """The port was opened, for the first time, again, or anew with another line."""
        if self.state is State.CLOSED and self.driver.is_steady:
            self._silent_at_s = now_s + self.driver.silence_s
        self.state = after(self.state, Input.OPEN)
        self._end_life()  # there is none; what was left of a frame is not continued
        self._ask(now_s)
        if self.driver.talk is not None and self.driver.talk.keep_alive:
            self._keep_alive_at_s = now_s + self.driver.talk.keep_alive_s

    def closed(self, reason: str, remedy: str, *, now_s: float) -> list[Event]:
        """The port went away."""
        told = self._end_life()
        self.state = after(self.state, Input.CLOSE)
        self._silent_at_s = self._ask_at_s = self._keep_alive_at_s = None
        self._to_send.clear()
        return [*told, InstrumentLost(self.device, reason, remedy, round(now_s * 1e6))]

    def on_bytes(self, data: bytes, *, now_s: float) -> list[Event]:
        """Take what has arrived by `now_s`."""
        lost_before = dict(self._decoder.counts.lost_samples)
        readings = self._decoder.feed(data)
        if not readings:
            return []
        timed = self._timed(readings, lost_before, now_s)
        self._arrived_s = now_s
        if self.driver.talk is not None:
            self._ask_at_s = now_s + self.driver.talk.silence_s
        if self._life is not None:
            self._wait_again(now_s)
            return self._life.take(timed, arrival_s=now_s)
        self._prove(timed)
        return self._begin_life(now_s) if self._is_proven() else []

    def tick(self, *, now_s: float) -> list[Event]:
        """Time has passed, and nothing waits to be read."""
        told = self._life.tick(now_s=now_s) if self._life is not None else []
        if self._silent_at_s is not None and now_s >= self._silent_at_s:
            silent = InstrumentSilent(self.device, self.life, round(now_s * 1e6))
            told += [*self._end_life(), silent] if self._life is not None else [silent]
            self.state = after(self.state, Input.DEADLINE)
            self._silent_at_s = None
        if self._ask_at_s is not None and now_s >= self._ask_at_s:
            self._ask(now_s)
        if self._keep_alive_at_s is not None and now_s >= self._keep_alive_at_s:
            self._keep_alive(now_s)
        return told

    def _timed(
        self, readings: Sequence[Reading], lost_before: Mapping[str, int], now_s: float
    ) -> list[Timed]:
        """Put readings that came together where they belong in time: the last was sent just now."""
        lost_frames = sum(reading.lost for reading in readings)
        lost = {
            name: (count - lost_before.get(name, 0)) // lost_frames
            for name, count in self._decoder.counts.lost_samples.items()
            if lost_frames
        }
        clocking = self._clocking
        behind_s, timed = 0.0, []
        for reading in reversed(readings):
            at_s = max(now_s - behind_s, min(self._arrived_s, now_s))
            lost_here = {name: reading.lost * samples for name, samples in lost.items() if reading.lost}
            timed.append(Timed(reading, at_s, lost_here))
            if clocking is not None:
                behind_s += len(reading.samples.get(clocking.name, ())) * 1000.0 / clocking.rate_mhz
        return timed[::-1]

    def _prove(self, timed: Sequence[Timed]) -> None:
        for one in timed:
            last = self._proof[-1].reading if self._proof else None
            if last is not None and last.offset + last.size != one.reading.offset:
                self._proof = []
            self._proof.append(one._replace(lost={}))  # before it began

    def _is_proven(self) -> bool:
        frames, lasted_s = len(self._proof), self._proof[-1].at_s - self._proof[0].at_s
        return frames >= self._proof_frames or (frames >= PROOF_FRAMES and lasted_s >= PROOF_S)

    def _begin_life(self, now_s: float) -> list[Event]:
        self.state = after(self.state, Input.FRAMES)
        self._wait_again(now_s)
        proof, self._proof = self._proof, []
        self._life = InstrumentLife(self.driver, device=self.device, life=self.life, began_s=proof[0].at_s)
        connected = InstrumentConnected(
            device=self.device,
            life=self.life,
            driver=self.driver.name,
            model=self.driver.model,
            unverified=self.driver.unverified,
            streams=self.driver.streams,
            box_t_us=round(now_s * 1e6),
        )
        return [connected, *self._life.take(proof, arrival_s=now_s)]

    def _end_life(self) -> list[Event]:
        """No more bytes will come of this life: what the decoder held back is of it."""
        told: list[Event] = []
        lost_before = dict(self._decoder.counts.lost_samples)
        readings = self._decoder.finish()
        self._proof = []
        if self._life is not None:
            timed = self._timed(readings, lost_before, self._arrived_s)
            told += self._life.take(timed, arrival_s=self._arrived_s)
            told += self._life.flush()
            self._refused += self._life.refused_numbers
            self._lost.update(self._life.lost_samples)
            self._life = None
            self.life += 1
        return told

    def _wait_again(self, now_s: float) -> None:
        if self.driver.is_steady:
            self._silent_at_s = now_s + self.driver.silence_s

    def _ask(self, now_s: float) -> None:
        """Say what makes it send; again after a silence."""
        talk = self.driver.talk
        if talk is not None and talk.opening:
            self._to_send += talk.opening
            self._ask_at_s = now_s + talk.silence_s

    def _keep_alive(self, now_s: float) -> None:
        talk = self.driver.talk
        if talk is not None and talk.keep_alive:
            self._to_send += talk.keep_alive
            self._keep_alive_at_s = now_s + talk.keep_alive_s
