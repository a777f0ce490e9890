"""How much the link carries (core): a target from the queue that our own packets find.

The target grows while the queue is shorter than it should be, slower where the link was full before; it falls
gently above that, and below what arrives where the queue is long. So much may be on its way as the shortest
round trip and a little queue hold: more waits with us, where voice passes. Trains of padding look for room.
Loss alone, up to a seventh, says nothing: radio links lose. Under somebody else's upload a share is held.
Without feedback the link is out. A peer that knows none is followed by its receiver reports and its REMB.
Source: docs/adr/0035-congestion-control.md; the ideas are NADA's (RFC 8698), SCReAM's (RFC 8298) and GCC's.
"""

from collections.abc import Sequence
from typing import Final

from edge.video.transport.competition import Competition
from edge.video.transport.path import FLAT_S, Departure, Path
from edge.video.transport.probing import Probing, Train
from edge.video.transport.twcc import Arrival

START_BPS: Final = 80_000
MIN_BPS: Final = 12_000  # the least voice; below there is no call
MAX_BPS: Final = 4_000_000
QUEUE_TARGET_S: Final = 0.02
QUEUE_TARGET_BYTES: Final = 300  # and the time of so much: on a narrow link one packet is no queue
QUEUE_TARGET_MAX_S: Final = 0.1
QUEUE_HARD: Final = 2.5  # times the target, and the time of OTHERS_BYTES: falls at once
OTHERS_BYTES: Final = 1_000  # a parcel of vitals that has come between: no queue that lasts
LANDED_SHARE: Final = 0.9  # of what arrives, then
GROWTH: Final = 0.5  # a second, without any queue
GROWTH_NEAR: Final = 0.05  # where the link was full before
NEAR: Final = (0.88, 1.08)  # times that rate; above it the link has become another one
FULL_SMOOTHED: Final = 0.2
GROWTH_BPS: Final = 15_000  # and so much: of two calls the smaller one gains on the other
FALL: Final = 0.6  # a second, at twice the target
CALM_S: Final = 0.3  # round trip from which on all that is gradual is slower
IN_FLIGHT_S: Final = 0.12  # beyond the shortest round trip
LONG_QUEUE_S: Final = 0.25  # from which on nothing is added to it
IN_FLIGHT_MIN_BYTES: Final = 1_500
FEEDBACK_S: Final = 0.1  # between two of them
SENT_SHARE: Final = 1.5  # the target never grows by itself beyond so many times what is sent
SENT_SPARE_BPS: Final = 20_000
LOSS_IGNORED: Final = 0.15
LOSS_OF_QUEUE: Final = 0.1  # where there is a queue: it may be a short one that overflows
AFTER_OUTAGE: Final = 0.5  # what the outage held back must drain beside it
SAME_OUTAGE_S: Final = 10.0  # a gap so soon after another costs nothing more: the queue decides then
# A receiver's own estimate follows what it is sent: of a picture that is held back it says ever less, and
# would never let it begin again. Below this, loss and round trip decide.
REMB_LEAST_BPS: Final = 80_000
BLIND_BPS: Final = 48_000  # before the first feedback, when it is late: a guess that fits a 64 kbit/s link
BLIND_AFTER_S: Final = 1.5
REPORTED_QUEUE_LONG_S: Final = 0.2
REPORTED_LOSS: Final = 0.1
REPORTED_GROWTH: Final = 0.35  # a second
SAME_FALL_S: Final = 2.0  # a decrease so soon after another belongs to it
FALLEN: Final = 0.5  # of the rate before: a fade
_HOLD_S: Final = 0.3


class RateController:
    """The target for one connection's way up, all media and headers together. Times are monotonic.

    Tell it of each packet sent and each feedback; call `on_tick` when `next_check_s` is past. Send no paced
    packet while `room_bytes` is spent, and the padding that `take_train` asks for.
    """

    def __init__(self, *, now_s: float) -> None:
        self.has_feedback = False
        self.is_out = False  # an outage: sent, and nothing heard
        self._path = Path()
        self._probing = Probing(now_s=now_s)
        self._competition = Competition(now_s=now_s)
        self._rate_bps = float(START_BPS)
        self._remb_bps: int | None = None
        self._full_bps: float | None = None  # what arrived when there last was a queue
        self._waiting_since_s: float | None = None  # sent since the last word of the other side
        self._changed_s = now_s
        self._decreased_s = now_s - 60.0
        self._before_bps = self._rate_bps  # when it began to fall last
        self._resumed_s = now_s - 60.0
        self._reported_lost = 0.0
        self._least_report_s: float | None = None

    @property
    def target_bps(self) -> int:
        """What to send at most, in bit/s, MIN_BPS … MAX_BPS. In an outage: what it will begin with again."""
        capped = self._rate_bps if self._remb_bps is None else min(self._rate_bps, self._remb_bps)
        return round(max(MIN_BPS, min(MAX_BPS, capped)))

    @property
    def round_trip_s(self) -> float | None:
        """Smoothed; of feedback it has the receiver's wait in it."""
        return self._path.round_trip_s

    @property
    def lost_share(self) -> float:
        """Of the last seconds of feedback, or of the last report."""
        lost = self._path.lost_share
        return self._reported_lost if lost is None else lost

    @property
    def room_bytes(self) -> float | None:
        """How much may still go on its way; negative: too much is. None: not limited."""
        least_s = self._path.least_round_trip_s
        if not self.has_feedback or least_s is None or self.is_out:
            return None
        held_s = least_s + FEEDBACK_S + (0.0 if self._path.queue_s > LONG_QUEUE_S else IN_FLIGHT_S)
        if self._competition.is_on:
            held_s = max(held_s, (self.round_trip_s or 0.0) + FEEDBACK_S + IN_FLIGHT_S)
        return max(IN_FLIGHT_MIN_BYTES, self._rate_bps / 8 * held_s) - self._path.in_flight_bytes

    @property
    def next_check_s(self) -> float | None:
        """When to call `on_tick`; None: not before something is sent."""
        if self._waiting_since_s is None or self.is_out:
            return None
        return self._waiting_since_s + self._patience_s

    def on_sent(self, sequence: int, *, size_bytes: int, now_s: float, train: int | None = None) -> None:
        """A packet with this transport-wide sequence number (16 bits) left; size on the wire. `train`: of
        padding, its number."""
        self._path.on_sent(sequence, Departure(now_s, size_bytes, train))
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s

    def on_feedback(self, arrivals: Sequence[Arrival], *, now_s: float) -> None:
        """The other side told which packets came."""
        self._on_life(now_s)  # first: what an outage held back or lost says nothing of the link that is back
        landings = self._path.on_feedback(arrivals, rate_bps=self._rate_bps, now_s=now_s)
        if not landings:
            return
        self.has_feedback = True
        self._follow_queue(now_s)
        is_first = self._probing.is_only_first
        found_bps = self._probing.on_landings(landings, self._rate_bps, now_s=now_s)
        if is_first and found_bps is not None and found_bps < self._rate_bps:  # less than we began with
            self._decrease(found_bps, now_s)
        if found_bps is not None:
            self._competition.on_train(found_bps)
        if found_bps is not None and found_bps > self._rate_bps and self._is_empty:
            self._rate_bps = min(MAX_BPS, found_bps)
            if self._full_bps is not None and found_bps > NEAR[1] * self._full_bps:
                self._full_bps = None

    def take_train(self, *, now_s: float) -> Train | None:
        """Return the train of padding that should leave now, after which it counts as under way."""
        if self.has_feedback and not self.is_out and not self._is_empty:
            asked_bps = self._competition.ask(self._rate_bps, now_s=now_s)
            if asked_bps is not None:
                return self._probing.ask(asked_bps, now_s=now_s)
        if self.is_out or not (self._probing.is_first or (self.has_feedback and self._is_empty)):
            return None
        return self._probing.train(self._rate_bps, now_s=now_s)

    def on_remb(self, bps: int, *, now_s: float) -> None:
        """The other side's own estimate: a cap, down to REMB_LEAST_BPS, whatever else is known."""
        self._remb_bps = max(bps, REMB_LEAST_BPS)
        self._on_life(now_s)

    def on_report(self, lost_share: float, *, round_trip_s: float | None, now_s: float) -> None:
        """A receiver report. Without transport-wide feedback it decides, by loss and by round trip."""
        if round_trip_s is not None:
            self._path.smooth_round_trip(round_trip_s, now_s=now_s)
        self._reported_lost = lost_share
        if self.has_feedback:
            return
        self._on_life(now_s)
        queue_s = 0.0
        if round_trip_s is not None:
            least_s = round_trip_s if self._least_report_s is None else self._least_report_s
            self._least_report_s = min(least_s, round_trip_s)
            queue_s = round_trip_s - self._least_report_s
        if queue_s > REPORTED_QUEUE_LONG_S or lost_share > REPORTED_LOSS:
            if now_s - self._decreased_s > self._step_s:
                share = 0.8 if queue_s > REPORTED_QUEUE_LONG_S else 1 - lost_share / 2
                sent_bps = self._path.sent_bps(now_s) or self._rate_bps
                self._decrease(share * min(self._rate_bps, sent_bps), now_s)
        else:
            self._grow(REPORTED_GROWTH, min(2.0, now_s - self._changed_s), now_s)

    def on_tick(self, *, now_s: float) -> None:
        """Look whether the other side has fallen silent."""
        if self.next_check_s is None or now_s < self.next_check_s:
            return
        if not self.has_feedback and self.round_trip_s is None:  # never a word: the path may be long
            self._rate_bps = min(self._rate_bps, BLIND_BPS)
            self._waiting_since_s = now_s
        else:
            self.is_out = True
            if now_s - self._resumed_s > SAME_OUTAGE_S:
                self._rate_bps = max(MIN_BPS, AFTER_OUTAGE * self._rate_bps)

    @property
    def _patience_s(self) -> float:
        if not self.has_feedback:
            return BLIND_AFTER_S if self.round_trip_s is None else 6.0 + 2.5 * self.round_trip_s
        return max(1.0, 2.5 * (self.round_trip_s or 0.0))

    @property
    def _step_s(self) -> float:
        """Between two decreases: the first must have had its effect."""
        round_trip_s = self.round_trip_s or 0.2
        if self._path.trend > 0.1:  # then it certainly was not enough
            return round_trip_s
        return max(round_trip_s, self._path.last_round_trip_s) + _HOLD_S

    @property
    def _target_queue_s(self) -> float:
        return QUEUE_TARGET_S + min(QUEUE_TARGET_MAX_S, QUEUE_TARGET_BYTES * 8 / self._rate_bps)

    @property
    def _is_empty(self) -> bool:
        return self._path.queue_s < 0.5 * self._target_queue_s

    def _is_longer(self, now_s: float) -> bool:
        """Whether what seems a queue is a way that became longer.

        Ours would drain, for we send less than before and than what arrives; that of a TCP goes up and down.
        One that overflows can be flat as well, but loses.
        """
        return (
            not self._is_empty
            and self._competition.has_fallen_for(FLAT_S, now_s=now_s)
            and self._path.is_flat(rate_bps=self._rate_bps, now_s=now_s)
            and self.lost_share < LOSS_OF_QUEUE
        )

    def _on_life(self, now_s: float) -> None:
        """The other side spoke."""
        self._waiting_since_s = None
        if self.is_out:
            self.is_out = False
            self._resumed_s = self._changed_s = now_s
            self._full_bps = None
            self._path.begin_anew(now_s=now_s)
            self._competition.begin_anew(now_s=now_s)
            self._probing.begin_anew(now_s=now_s)

    def _follow_queue(self, now_s: float) -> None:
        path, target_s = self._path, self._target_queue_s
        passed_s, self._changed_s = min(0.5, now_s - self._changed_s), now_s
        sent_bps = path.sent_bps(now_s) or self._rate_bps
        landed_bps = path.landed_bps or sent_bps
        if self._is_longer(now_s):
            path.take_as_longer(now_s=now_s)
            self._full_bps = None
        self._competition.on_queue(
            path.queue_s,
            is_empty=self._is_empty,
            rate_bps=self._rate_bps,
            landed_bps=landed_bps,
            lost_share=self.lost_share,
            now_s=now_s,
        )
        soon_s = path.queue_s + max(0.0, path.trend) * min(0.5, self.round_trip_s or 0.2)
        calm = min(1.0, CALM_S / ((self.round_trip_s or 0.2) + FEEDBACK_S))
        others_s = min(QUEUE_TARGET_MAX_S, OTHERS_BYTES * 8 / self._rate_bps)
        if soon_s > QUEUE_HARD * target_s + others_s:
            if now_s - self._decreased_s > self._step_s:
                self._full_bps = landed_bps
                self._decrease(LANDED_SHARE * min(landed_bps, self._rate_bps), now_s)
        elif self.lost_share > (LOSS_IGNORED if self._is_empty else LOSS_OF_QUEUE):
            if now_s - self._decreased_s > self._step_s:
                self._full_bps = landed_bps  # a queue too short to be seen overflows
                self._decrease(LANDED_SHARE * min(landed_bps, self._rate_bps), now_s)
        elif soon_s > target_s:
            full_bps = self._full_bps or landed_bps
            self._full_bps = full_bps + FULL_SMOOTHED * (landed_bps - full_bps)
            fall = min(1.0, FALL * calm * (soon_s / target_s - 1) * passed_s)
            least_bps = max(self._least_bps, LANDED_SHARE * self._full_bps)
            self._rate_bps = min(self._rate_bps, max(least_bps, self._rate_bps * (1 - fall)))
        else:
            growth = self._growth(sent_bps) * calm * (1 - soon_s / target_s)
            self._grow(growth, passed_s, now_s)

    @property
    def _has_fallen(self) -> bool:
        """Whether the last fall was a deep one: a fade, that may be over at any time."""
        return self._rate_bps < FALLEN * self._before_bps

    def _growth(self, sent_bps: float) -> float:
        """A second, without any queue."""
        near = None if self._full_bps is None else self._rate_bps / self._full_bps
        is_proven = self._has_fallen or sent_bps > (self._full_bps or 0.0)  # what is not sent proves nothing
        if near is not None and near > NEAR[1] and is_proven:
            self._full_bps = near = None
        if near is not None and near > NEAR[0]:
            return GROWTH_NEAR + GROWTH_BPS / self._rate_bps / 4
        return GROWTH + GROWTH_BPS / self._rate_bps

    @property
    def _least_bps(self) -> float:
        return max(MIN_BPS, self._competition.floor_bps)

    def _decrease(self, bps: float, now_s: float) -> None:
        if now_s - self._decreased_s > SAME_FALL_S:
            self._before_bps = self._rate_bps
        self._rate_bps = max(self._least_bps, min(self._rate_bps, bps))
        self._decreased_s = self._changed_s = now_s
        self._path.forget_losses()
        self._probing.wait(has_fallen=self._has_fallen, now_s=now_s)

    def _grow(self, growth: float, passed_s: float, now_s: float) -> None:
        self._changed_s = now_s
        limit = SENT_SHARE * (self._path.sent_bps(now_s) or 0.0) + SENT_SPARE_BPS
        grown = min(MAX_BPS, self._rate_bps * (1 + growth) ** passed_s, limit)
        self._rate_bps = max(self._rate_bps, self._least_bps, grown)
