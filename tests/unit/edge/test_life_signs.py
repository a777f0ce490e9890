from edge.life_service import UPLINK_MAX_S, LifeSigns, status_line
from supervisor.notify import Supervisor


class Heard(Supervisor):
    """Counts what is said."""

    def __init__(self, *, takes_ready: bool = True) -> None:
        super().__init__()
        self.takes_ready, self.ready, self.alive = takes_ready, 0, 0

    def say_ready(self, status: str) -> bool:
        self.ready += 1
        return self.takes_ready

    def say_alive(self) -> None:
        self.alive += 1


def test_a_turn_is_a_sign_of_life_and_the_first_says_ready() -> None:
    heard = Heard()
    life = LifeSigns(heard, now_s=lambda: 0.0)
    assert (heard.ready, heard.alive) == (0, 0)
    for turn in range(3):
        life.on_turn("", uplink_turns=turn)
    assert (heard.ready, heard.alive) == (1, 3)


def test_ready_that_was_not_heard_is_said_again() -> None:
    heard = Heard(takes_ready=False)
    life = LifeSigns(heard, now_s=lambda: 0.0)
    life.on_turn("", uplink_turns=1)
    heard.takes_ready = True
    life.on_turn("", uplink_turns=2)
    life.on_turn("", uplink_turns=3)
    assert heard.ready == 2


def test_an_uplink_that_does_not_turn_ends_the_signs_of_life() -> None:
    heard, now_s = Heard(), 0.0
    life = LifeSigns(heard, now_s=lambda: now_s)
    life.on_turn("", uplink_turns=7)
    now_s = UPLINK_MAX_S - 1
    life.on_turn("", uplink_turns=7)
    assert heard.alive == 2
    now_s = UPLINK_MAX_S + 1
    life.on_turn("", uplink_turns=7)
    assert heard.alive == 2
    life.on_turn("", uplink_turns=8)
    assert heard.alive == 3


def test_the_line_tells_a_person_how_it_is() -> None:
    well = status_line(has_samples=True, is_connected=True, trouble=None)
    assert well == "samples come; the hub has us"
    ill = status_line(has_samples=False, is_connected=False, trouble="the card is full")
    assert ill == "nothing can be stored: the card is full; the hub is away, all is kept"
    idle = status_line(has_samples=False, is_connected=False, trouble=None)
    assert idle == "no device sends samples; the hub is away, all is kept"
