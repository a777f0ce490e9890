"""A short `./run bench button`, and the same with something wrong in it: real firmware, link and spool."""

from pathlib import Path

from edge.call.station_table import State
from edge.spool.batch import Batch
from firmware_bridge.events import ButtonPressed, Event
from firmware_bridge.firmware.board import Board
from tests.bench.button import MEANINGS, measure
from tests.button.accounts import Judgement, Name
from tests.button.board import BoardInRoom
from tests.button.box import Box
from tests.button.campaign import Campaign


class HastyBox(Box):
    """Says "stored", and lights the lamp, when it has heard."""

    def _hear(self, event: Event, now_s: float) -> None:
        super()._hear(event, now_s)
        if isinstance(event, ButtonPressed):
            self._link.press_stored(event.identity)
            if self._call is State.IDLE:
                self._move_call(State.REGISTERED, now_s)


class ForgetfulBox(Box):
    """Does not look whether a press is there already."""

    def _is_on_disk(self, name: tuple[str, int, int]) -> bool:
        return False

    def _batch(self, press: ButtonPressed, name: tuple[str, int, int]) -> Batch:
        batch = super()._batch(press, name)
        return Batch(entries=batch.entries, facts_of_seq=batch.facts_of_seq)


class LosingBox(Box):
    """Believes of every tenth press that it is stored."""

    def _commit(self, press: ButtonPressed, now_s: float) -> None:
        if press.press_count % 10 == 3:
            self._accounts.stored(Name(press.origin_boot_id, press.press_count), now_s=now_s)
        else:
            super()._commit(press, now_s)


class ForgetfulBoard(BoardInRoom):
    """Its RAM does not outlive a reset."""

    def _keep(self, program: Board) -> None:
        self._kept = b""


def judged(folder: Path, presses: int, **others: object) -> Judgement:
    return Campaign(folder, presses=presses, seed=7, **others).run().judgement  # type: ignore[arg-type]


def test_no_press_is_lost_none_doubled_and_the_lamp_does_not_lie(tmp_path: Path) -> None:
    result = measure(tmp_path, 250, loss_ratio=0.2, seed=3)
    assert [result[key] for key in ("presses", "lost", "doubled", "led_lied")] == [250, 0, 0, 0]
    assert min(result[key] for key in ("resets", "power_cuts", "kills", "unplugs")) >= 3
    assert 0.15 < result["lost_frames"] / result["frames"] < 0.25
    assert set(result) == set(MEANINGS)


def test_a_box_that_says_stored_too_early_is_found_out(tmp_path: Path) -> None:
    assert judged(tmp_path, 200, make_box=HastyBox).led_lied


def test_a_box_that_stores_what_it_has_is_found_out(tmp_path: Path) -> None:
    assert judged(tmp_path, 200, make_box=ForgetfulBox).doubled


def test_a_box_whose_disk_loses_is_found_out(tmp_path: Path) -> None:
    assert judged(tmp_path, 100, make_box=LosingBox).lost >= 5


def test_a_board_that_forgets_in_a_reset_is_found_out(tmp_path: Path) -> None:
    assert judged(tmp_path, 300, make_board=ForgetfulBoard).lost
