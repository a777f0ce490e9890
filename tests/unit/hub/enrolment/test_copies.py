"""Two machines with one key are found out by taking turns; nothing that one machine does looks so."""

import random

import pytest

from contract.ids import BoxName, BoxNo, StationId
from contract.signals import BoxState
from hub.enrolment.copies import FRESH_S, STARTS_MAX, Copies, Doubled

STATION = StationId("con-dao-01")
BOX, SPARE = BoxName(STATION, BoxNo(1)), BoxName(STATION, BoxNo(2))
SPOOLS = {"a": "a" * 16, "b": "b" * 16}


def hello(machine: str | None, boot_name: str | None, *, spool: str = "a", boot: int = 1) -> BoxState:
    return BoxState(
        connected=True, spool=SPOOLS[spool], boot=boot, t_us=0, machine=machine, boot_name=boot_name
    )


@pytest.fixture
def found() -> list[Doubled]:
    return []


@pytest.fixture
def copies(found: list[Doubled]) -> Copies:
    copies = Copies()
    copies.on_found(found.append)
    return copies


def hear(copies: Copies, *states: BoxState, box: BoxName = BOX, now_s: float = 100.0) -> None:
    for state in states:
        copies.hear(box, state, now_s=now_s)


def test_who_takes_turns_is_two_and_both_are_named(copies: Copies, found: list[Doubled]) -> None:
    ours, theirs = hello("10000000abcdef01", "6f1a0c1e-0d0f"), hello("100000001234", "0b5c7e1f-4a53")
    hear(copies, ours, theirs)
    assert not found  # as yet it may have been moved
    hear(copies, ours)
    assert [str(one) for one in found] == [
        "con-dao-01.1: 100000001234 (0b5c7e1f), 10000000abcdef01 (6f1a0c1e)"
    ]
    assert copies.of(STATION, now_s=100.0) == found[0]


def test_who_goes_on_taking_turns_is_told_once(copies: Copies, found: list[Doubled]) -> None:
    ours, theirs, third = hello("m", "1"), hello("n", "2"), hello("o", "3")
    hear(copies, ours, theirs, ours, theirs, ours, theirs)
    assert len(found) == 1
    hear(copies, third, ours)
    assert len(found) == 2


def test_it_is_over_an_hour_after_they_last_took_turns(copies: Copies) -> None:
    ours, theirs = hello("m", "1"), hello("n", "2")
    hear(copies, ours, theirs, ours)
    hear(copies, theirs, now_s=200.0)
    assert copies.of(STATION, now_s=199.0 + FRESH_S) is not None
    assert copies.of(STATION, now_s=200.0 + FRESH_S) is None
    assert copies.of(StationId("phu-quy-01"), now_s=200.0) is None


def test_restarts_moves_and_a_spool_that_is_replaced_are_one_machine_after_the_other(
    copies: Copies, found: list[Doubled]
) -> None:
    hear(copies, hello("m", "1"), hello("m", "1"), hello("m", "1", spool="b", boot=1))
    hear(copies, hello("m", "2", boot=2), hello("n", "3"), hello("m", "4"), hello("m", "4"))
    assert not found


def test_two_starts_of_one_machine_at_once_are_two_all_the_same(copies: Copies, found: list[Doubled]) -> None:
    hear(copies, hello("m", "1"), hello("m", "2"), hello("m", "1"))  # a virtual one was copied
    assert len(found) == 1


def test_a_box_of_before_is_known_by_its_spool_and_its_count_of_starts(
    copies: Copies, found: list[Doubled]
) -> None:
    hear(copies, hello(None, None, boot=7), hello(None, None, boot=8), hello(None, None, boot=9))
    assert not found
    hear(copies, hello(None, None, boot=8))
    assert [str(one) for one in found] == ["con-dao-01.1: ? (aaaaaaaa), ? (aaaaaaaa)"]


def test_the_boxes_of_a_station_are_not_copies_of_one_another(copies: Copies, found: list[Doubled]) -> None:
    for _ in range(3):
        hear(copies, hello("m", "1"), box=BOX)
        hear(copies, hello("n", "2"), box=SPARE)
    assert not found


@pytest.mark.parametrize("seed", range(20))
def test_however_often_both_restart_they_are_found_and_the_memory_stays_small(seed: int) -> None:
    rng, copies, found = random.Random(seed), Copies(), list[Doubled]()
    copies.on_found(found.append)
    starts, spoken, due = [0, 1000], list[int](), 0
    for turn in range(300):
        which = rng.randrange(2)
        if rng.random() < 0.3:
            starts[which] += 1
        start = starts[which]
        due += start in spoken and spoken[-1] != start  # it spoke, another did, and it speaks again
        spoken.append(start)
        hear(copies, hello(f"m{which}", str(start)), now_s=turn * FRESH_S)
    assert due and len(found) == due
    assert all(len(one) <= STARTS_MAX for one in copies._starts.values())


@pytest.mark.parametrize("seed", range(20))
def test_no_life_of_one_card_is_ever_taken_for_two(seed: int) -> None:
    rng, copies, found = random.Random(seed), Copies(), list[Doubled]()
    copies.on_found(found.append)
    machine, start = 0, 0
    for _ in range(300):
        if rng.random() < 0.4:
            machine, start = rng.randrange(3), start + 1  # another machine, or the same, started anew
        hear(copies, hello(f"m{machine}", f"start-{start}"))
    assert not found
