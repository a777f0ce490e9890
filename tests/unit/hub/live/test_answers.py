"""What an operator said of a device, until the station confirms it."""

from contract.events import DeviceQuestion
from contract.ids import NO_VISIT, StationId
from contract.signals import ConfirmDevice
from hub.live.answers import HOLDS_S, SAY_AGAIN_S, Answers
from hub.live.device_now import Told

STATION = StationId("con-dao-01")
QUESTION = Told(DeviceQuestion(device="port-1", candidates=("usb-1",), port="1-1"), (1, 10), NO_VISIT)
IT_IS = ConfirmDevice(device="port-1", is_device="usb-1", by="Lan")


def given(answers: Answers, *open_: Told[DeviceQuestion], now_s: float) -> list[ConfirmDevice]:
    return [signal for _, signal in answers.due(lambda _: list(open_), now_s=now_s)]


def test_an_answer_is_said_at_once_and_again_until_the_question_is_gone() -> None:
    answers = Answers()
    answers.give(STATION, QUESTION, IT_IS, now_s=100.0)
    assert given(answers, QUESTION, now_s=100.0) == [IT_IS]
    answers.said(STATION, "port-1", now_s=100.0)
    assert given(answers, QUESTION, now_s=100.0 + SAY_AGAIN_S - 0.1) == []
    assert given(answers, QUESTION, now_s=100.0 + SAY_AGAIN_S) == [IT_IS]
    assert given(answers, now_s=110.0) == []
    assert answers.to(STATION, QUESTION) is None


def test_an_answer_that_could_not_be_sent_is_tried_at_every_turn() -> None:
    answers = Answers()
    answers.give(STATION, QUESTION, IT_IS, now_s=100.0)
    assert [given(answers, QUESTION, now_s=at_s) for at_s in (100.0, 100.5)] == [[IT_IS], [IT_IS]]


def test_an_answer_holds_a_minute_and_may_be_given_again() -> None:
    answers = Answers()
    answers.give(STATION, QUESTION, IT_IS, now_s=100.0)
    assert given(answers, QUESTION, now_s=100.0 + HOLDS_S + 0.1) == []
    answer = answers.to(STATION, QUESTION)
    assert answer is not None
    assert not answer.holds(now_s=100.0 + HOLDS_S + 0.1)
    new = ConfirmDevice(device="port-1", by="Minh")
    answers.give(STATION, QUESTION, new, now_s=200.0)
    assert given(answers, QUESTION, now_s=200.0) == [new]


def test_an_answer_is_never_given_to_a_later_question_about_the_same_port() -> None:
    answers = Answers()
    answers.give(STATION, QUESTION, IT_IS, now_s=100.0)
    later = Told(QUESTION.event, (1, 20), NO_VISIT)
    assert answers.to(STATION, later) is None
    assert given(answers, later, now_s=100.5) == []
