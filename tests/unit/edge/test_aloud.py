from edge.call.aloud import SAID_WITHIN_S, STARTS_WITHIN_S, STAYS_S, Aloud
from edge.call.video_messages import Say, Spoke

FIRST = Say(number=1, prompt="hub calls", file="/a.wav")
SECOND = Say(number=2, prompt="ended", file="/b.wav")


def test_nobody_is_wanted_while_nothing_is_to_be_said() -> None:
    assert not Aloud().wants_video(now_s=5.0)
    assert Aloud().greeting(now_s=5.0) == []


def test_who_comes_is_told_the_newest_while_it_is_news() -> None:
    aloud = Aloud()
    aloud.say(FIRST, now_s=10.0)
    aloud.say(SECOND, now_s=11.0)
    assert aloud.greeting(now_s=11.0 + STARTS_WITHIN_S) == [SECOND]
    assert aloud.greeting(now_s=11.1 + STARTS_WITHIN_S) == []


def test_what_was_said_is_not_said_again_by_the_next_one() -> None:
    aloud = Aloud()
    aloud.say(FIRST, now_s=10.0)
    aloud.on_spoke(Spoke(number=1), now_s=12.0)
    assert aloud.greeting(now_s=12.0) == []


def test_it_is_wanted_until_a_while_after_the_last_word() -> None:
    aloud = Aloud()
    aloud.say(FIRST, now_s=10.0)
    assert aloud.wants_video(now_s=12.0)
    aloud.on_spoke(Spoke(number=1), now_s=12.0)
    assert aloud.wants_video(now_s=11.9 + STAYS_S)
    assert not aloud.wants_video(now_s=12.1 + STAYS_S)


def test_one_that_never_answers_is_not_wanted_for_ever() -> None:
    aloud = Aloud()
    aloud.say(FIRST, now_s=10.0)
    assert not aloud.wants_video(now_s=10.0 + SAID_WITHIN_S)


def test_the_end_of_an_older_one_is_not_that_of_the_newer() -> None:
    aloud = Aloud()
    aloud.say(SECOND, now_s=10.0)
    aloud.on_spoke(Spoke(number=1), now_s=10.1)
    assert aloud.greeting(now_s=10.2) == [SECOND]


def test_for_a_silence_nobody_is_started() -> None:
    aloud = Aloud()
    aloud.say(Say(number=3, prompt="ended"), now_s=10.0)
    assert not aloud.wants_video(now_s=10.0)
    assert aloud.greeting(now_s=10.0) == []
