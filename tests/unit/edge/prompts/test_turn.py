from edge.call.prompts_due import Prompt
from edge.prompts.turn import SAME_S, Turn


def test_the_newest_has_the_word() -> None:
    turn = Turn()
    assert turn.take(Prompt.REGISTERED, now_s=10.0)
    assert turn.take(Prompt.RINGING, now_s=10.1)
    assert (turn.prompt, turn.number, turn.since_s) == (Prompt.RINGING, 2, 10.1)


def test_the_same_is_said_once_within_a_second_and_again_later() -> None:
    turn = Turn()
    assert turn.take(Prompt.RINGING, now_s=10.0)
    assert not turn.take(Prompt.RINGING, now_s=10.0 + SAME_S / 2)
    assert turn.number == 1
    assert turn.take(Prompt.RINGING, now_s=10.0 + SAME_S)
    assert turn.number == 2


def test_news_between_makes_the_same_news_again() -> None:
    turn = Turn()
    turn.take(Prompt.RINGING, now_s=10.0)
    turn.take(Prompt.AT_HUB, now_s=10.1)
    assert turn.take(Prompt.RINGING, now_s=10.2)
