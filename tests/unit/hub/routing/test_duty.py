import pytest

from hub.routing.duty import (
    CONSOLES_MAX,
    GOODBYE_S,
    LEASE_S,
    PROOF_EVERY_S,
    DutyChange,
    DutyRegister,
    Proof,
)

ALL = Proof(sound=True, microphone=True, clock_offset_ms=0.0)


def heard(register: DutyRegister) -> list[DutyChange]:
    changes: list[DutyChange] = []
    register.on_change(changes.append)
    return changes


def test_a_console_that_proves_all_three_is_ready_for_its_lease_and_not_longer() -> None:
    register = DutyRegister()
    assert register.hear("c1", "lan", ALL, now_s=100.0) == ()
    assert register.ready_accounts(now_s=100.0 + LEASE_S - 0.001) == {"lan"}
    assert register.ready_accounts(now_s=100.0 + LEASE_S) == frozenset()


def test_proofs_every_five_seconds_keep_it_ready_though_one_is_lost() -> None:
    register = DutyRegister()
    for beat in (0, 1, 3, 4, 6):
        assert beat == 0 or register.ready_accounts(now_s=beat * PROOF_EVERY_S) == {"lan"}
        register.hear("c1", "lan", ALL, now_s=beat * PROOF_EVERY_S)
    assert register.on_duty_since_s(now_s=31.0) == {"lan": 0.0}


@pytest.mark.parametrize(
    ("proof", "missing"),
    [
        (Proof(sound=False, microphone=True, clock_offset_ms=3.0), ("sound",)),
        (Proof(sound=True, microphone=False, clock_offset_ms=3.0), ("microphone",)),
        (Proof(sound=True, microphone=True, clock_offset_ms=None), ("clock",)),
        (Proof(sound=False, microphone=False, clock_offset_ms=None), ("sound", "microphone", "clock")),
    ],
)
def test_a_proof_that_lacks_one_of_the_three_does_not_count_and_says_which(
    proof: Proof, missing: tuple[str, ...]
) -> None:
    register = DutyRegister()
    assert register.hear("c1", "lan", proof, now_s=0.0) == missing
    assert register.ready_accounts(now_s=0.0) == frozenset()


def test_a_console_that_loses_its_microphone_is_off_duty_at_once() -> None:
    register = DutyRegister()
    register.hear("c1", "lan", ALL, now_s=0.0)
    changes = heard(register)
    register.hear("c1", "lan", Proof(sound=True, microphone=False, clock_offset_ms=0.0), now_s=5.0)
    assert register.ready_accounts(now_s=5.0) == frozenset()
    assert changes == [DutyChange("lan", False, "microphone", 5.0)]


def test_a_console_that_says_goodbye_is_gone_soon() -> None:
    register = DutyRegister()
    changes = heard(register)
    register.hear("c1", "lan", ALL, now_s=0.0)
    register.goodbye("c1", now_s=1.0)
    register.goodbye("never seen", now_s=1.0)
    assert register.ready_accounts(now_s=1.0 + GOODBYE_S) == frozenset()
    assert changes[-1] == DutyChange("lan", False, "said goodbye", 1.0 + GOODBYE_S)


def test_who_goes_from_one_page_to_the_next_stays_on_duty() -> None:
    register = DutyRegister()
    changes = heard(register)
    register.hear("c1", "lan", ALL, now_s=0.0)
    register.goodbye("c1", now_s=1.0)
    register.hear("c2", "lan", ALL, now_s=3.5)
    assert register.ready_accounts(now_s=6.0) == {"lan"}
    assert changes == [DutyChange("lan", True, "proved", 0.0)]


def test_a_goodbye_makes_no_lease_longer() -> None:
    register = DutyRegister()
    register.hear("c1", "lan", ALL, now_s=0.0)
    register.goodbye("c1", now_s=LEASE_S - 1.0)
    assert register.ready_accounts(now_s=LEASE_S) == frozenset()


def test_an_account_with_two_pages_stays_on_duty_until_the_second_goes() -> None:
    register = DutyRegister()
    changes = heard(register)
    register.hear("c1", "lan", ALL, now_s=0.0)
    register.hear("c2", "lan", ALL, now_s=3.0)
    register.goodbye("c1", now_s=4.0)
    assert register.ready_accounts(now_s=4.0) == {"lan"}
    register.expire(now_s=60.0)
    assert changes == [
        DutyChange("lan", True, "proved", 0.0),
        DutyChange("lan", False, "fell silent", 3.0 + LEASE_S),
    ]


def test_who_logs_in_on_the_page_of_another_takes_its_place() -> None:
    register = DutyRegister()
    register.hear("c1", "lan", ALL, now_s=0.0)
    register.hear("c1", "minh", ALL, now_s=1.0)
    assert register.ready_accounts(now_s=1.0) == {"minh"}


def test_the_first_lease_to_end_says_when_to_look_again() -> None:
    register = DutyRegister()
    assert register.next_change_s() is None
    register.hear("c1", "lan", ALL, now_s=0.0)
    register.hear("c2", "minh", ALL, now_s=2.0)
    assert register.next_change_s() == LEASE_S


def test_pages_that_invent_names_do_not_fill_the_memory() -> None:
    register = DutyRegister()
    for number in range(CONSOLES_MAX):
        register.hear(f"c{number}", "lan", ALL, now_s=0.0)
    assert register.hear("one more", "minh", ALL, now_s=0.0) == ("too many consoles",)
    assert register.ready_accounts(now_s=0.0) == {"lan"}
    assert register.hear("c5", "lan", ALL, now_s=1.0) == ()
