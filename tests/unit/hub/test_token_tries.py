"""Wrong tokens wait, each number at each address by itself; what was good is never shut out by others."""

from hub.people.token_tries import TokenTries
from hub.people.tries import WAIT_MAX_S

HOSPITAL, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def text(no: int, letter: str) -> str:
    return f"hd{no}_{letter * 43}"


def test_guessing_one_token_waits_longer_each_time() -> None:
    tries, now_s, waits = TokenTries(), 0.0, []
    for letter in "abcdefghi":
        assert tries.wrong(text(7, letter), address=HOSPITAL, is_number=True, now_s=now_s) == 0.0
        waits.append(tries.wait_s(text(7, "z"), address=HOSPITAL, now_s=now_s))
        now_s += waits[-1]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert max(waits) == WAIT_MAX_S["address"]


def test_a_broken_program_shuts_out_no_other_token_behind_the_same_address() -> None:
    tries = TokenTries()
    for _ in range(50):
        tries.wrong(text(7, "a"), address=HOSPITAL, is_number=True, now_s=0.0)
        tries.wrong("rubbish", address=HOSPITAL, is_number=False, now_s=0.0)
        tries.wrong(text(999, "a"), address=HOSPITAL, is_number=False, now_s=0.0)
    assert tries.wait_s(text(7, "b"), address=HOSPITAL, now_s=0.0) > 0.0
    assert tries.wait_s("rubbish", address=HOSPITAL, now_s=0.0) > 0.0
    assert tries.wait_s(text(8, "b"), address=HOSPITAL, now_s=0.0) == 0.0
    assert tries.wait_s(text(7, "b"), address=ELSEWHERE, now_s=0.0) == 0.0


def test_a_token_that_was_good_does_not_wait_for_who_guesses_at_it() -> None:
    tries = TokenTries()
    tries.good(text(7, "g"))
    tries.wrong(text(7, "a"), address=HOSPITAL, is_number=True, now_s=0.0)
    assert tries.wait_s(text(7, "g"), address=HOSPITAL, now_s=0.0) == 0.0
    assert tries.wait_s(text(7, "a"), address=HOSPITAL, now_s=0.0) > 0.0
    tries.wrong(text(7, "g"), address=HOSPITAL, is_number=True, now_s=60.0)  # it has ended meanwhile
    assert tries.wait_s(text(7, "g"), address=HOSPITAL, now_s=60.0) > 0.0


def test_numbers_that_nobody_made_wait_for_one_another() -> None:
    tries = TokenTries()
    assert tries.wrong(text(1_001, "a"), address=HOSPITAL, is_number=False, now_s=0.0) == 0.0
    assert tries.wrong(text(1_002, "a"), address=HOSPITAL, is_number=False, now_s=0.0) == 0.5
    assert tries.wrong(text(1_003, "a"), address=HOSPITAL, is_number=False, now_s=0.5) == 0.0
