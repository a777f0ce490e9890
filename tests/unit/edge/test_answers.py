"""A link that died without a word is told by the age of what was last heard, and by what is owed."""

from edge.uplink.answers import Answers


def test_nothing_asked_is_nothing_owed_however_long_ago_the_other_end_was_heard() -> None:
    answers = Answers()
    answers.look(heard_ago_s=70.0, is_asked=False, now_s=100.0)
    assert answers.heard_ago_s(now_s=101.0) == 71.0
    assert answers.unanswered_s(now_s=101.0) is None


def test_an_answer_is_owed_from_the_question_on_and_not_from_what_was_heard_before() -> None:
    answers = Answers()
    answers.look(heard_ago_s=70.0, is_asked=False, now_s=100.0)
    answers.look(heard_ago_s=71.0, is_asked=True, now_s=101.0)
    answers.look(heard_ago_s=80.0, is_asked=True, now_s=110.0)
    assert answers.unanswered_s(now_s=121.0) == 20.0


def test_whatever_is_heard_meanwhile_is_a_sign_of_life() -> None:
    answers = Answers()
    answers.look(heard_ago_s=0.0, is_asked=True, now_s=100.0)
    answers.look(heard_ago_s=0.5, is_asked=True, now_s=130.0)  # more was sent and some of it acknowledged
    assert answers.unanswered_s(now_s=131.0) == 1.5
    answers.look(heard_ago_s=0.0, is_asked=False, now_s=132.0)
    assert answers.unanswered_s(now_s=150.0) is None
    answers.look(heard_ago_s=18.0, is_asked=True, now_s=150.0)  # another question: its own time
    assert answers.unanswered_s(now_s=153.0) == 3.0


def test_without_a_connection_nothing_is_known_and_a_new_one_owes_nothing_of_the_old() -> None:
    answers = Answers()
    answers.look(heard_ago_s=5.0, is_asked=True, now_s=100.0)
    answers.look(heard_ago_s=None, is_asked=True, now_s=140.0)
    assert (answers.heard_ago_s(now_s=140.0), answers.unanswered_s(now_s=140.0)) == (None, None)
    answers.look(heard_ago_s=0.0, is_asked=True, now_s=150.0)
    assert answers.unanswered_s(now_s=152.0) == 2.0
