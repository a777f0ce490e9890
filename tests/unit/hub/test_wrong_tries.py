from hub.people.tries import FORGOTTEN_AFTER_S, KEYS_MAX, WAIT_MAX_S, WrongTries


def test_nobody_waits_before_the_first_wrong_try() -> None:
    assert WrongTries().wait_s(address="10.0.0.1", name="lan", now_s=5.0) == 0.0


def test_each_wrong_try_doubles_the_wait_up_to_the_limit() -> None:
    tries, now_s, waits = WrongTries(), 100.0, []
    for _ in range(9):
        tries.wrong(address="10.0.0.1", name="", now_s=now_s)
        waits.append(tries.wait_s(address="10.0.0.1", name="", now_s=now_s))
        now_s += waits[-1]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_who_tries_for_days_waits_as_long_as_the_limit_says() -> None:
    tries, now_s = WrongTries(), 100.0
    for _ in range(2_000):
        now_s += 60.0
        tries.wrong(address="10.0.0.1", name="lan", now_s=now_s)
        assert tries.wait_s(address="10.0.0.1", name="lan", now_s=now_s) <= WAIT_MAX_S["address"]
    assert tries.wait_s(address="10.0.0.1", name="", now_s=now_s) == WAIT_MAX_S["address"]


def test_tries_sent_at_once_wait_for_one_another() -> None:
    tries = WrongTries()
    for _ in range(3):
        tries.wrong(address="10.0.0.1", name="lan", now_s=100.0)
    assert tries.wait_s(address="10.0.0.1", name="lan", now_s=100.0) == 0.5 + 1.0 + 2.0


def test_a_stranger_slows_a_name_only_a_little_for_other_addresses() -> None:
    tries, now_s = WrongTries(), 100.0
    for _ in range(20):
        tries.wrong(address="10.0.0.9", name="Lan", now_s=now_s)
        now_s += 60.0
    assert 0.0 <= tries.wait_s(address="10.0.0.1", name="lan", now_s=now_s) <= WAIT_MAX_S["name"]


def test_a_right_password_clears_what_was_held_against_them() -> None:
    tries = WrongTries()
    tries.wrong(address="10.0.0.1", name="lan", now_s=1.0)
    tries.right(address="10.0.0.1", name="LAN")
    assert tries.wait_s(address="10.0.0.1", name="lan", now_s=1.0) == 0.0


def test_old_wrong_tries_are_forgotten() -> None:
    tries = WrongTries()
    for _ in range(5):
        tries.wrong(address="10.0.0.1", name="lan", now_s=1.0)
    later_s = 2.0 + FORGOTTEN_AFTER_S
    tries.wrong(address="10.0.0.1", name="lan", now_s=later_s)
    assert tries.wait_s(address="10.0.0.1", name="lan", now_s=later_s) == 0.5


def test_memory_is_bounded_whoever_tries() -> None:
    tries = WrongTries()
    for number in range(KEYS_MAX):
        tries.wrong(address=str(number), name=str(number), now_s=1.0)
    assert len(tries._tries) == KEYS_MAX
