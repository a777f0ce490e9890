"""Lamps: told until answered, renewed before they go dark."""

import pytest

from firmware_bridge.board.commands import GIVE_UP_S, RESEND_S, CommandIds
from firmware_bridge.board.messages import Output, OutputId, OutputPattern
from firmware_bridge.board.outputs import RENEW_S, TTL_MS, NotShown, OutputBook

LED = OutputId.CALL_LED
BLINK = OutputPattern.SLOW_BLINK


def due(book: OutputBook, now_s: float) -> list[tuple[Output, bool]]:
    commands, failures = book.due(now_s=now_s)
    assert failures == []
    return commands


def test_a_command_is_repeated_until_it_is_answered_and_then_renewed_before_it_ends() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, BLINK, now_s=10.0)
    assert book.next_wake_s == 10.0
    command = Output(101, LED, BLINK, 255, TTL_MS)
    assert due(book, 10.0) == [(command, False)]
    assert due(book, 10.1) == []
    assert due(book, 10.0 + RESEND_S) == [(command, True)]
    assert book.on_answer(101, is_done=True, now_s=10.3) is None
    assert book.next_wake_s == 10.3 + RENEW_S
    assert 10.3 + RENEW_S < 10.0 + TTL_MS / 1000
    assert due(book, 10.3 + RENEW_S) == [(Output(102, LED, BLINK, 255, TTL_MS), False)]


def test_a_command_without_an_answer_is_given_up_once() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, BLINK, now_s=0.0)
    sent = 0
    while book.next_wake_s is not None and book.next_wake_s < GIVE_UP_S:
        sent += len(due(book, book.next_wake_s))
    assert sent == pytest.approx(GIVE_UP_S / RESEND_S, abs=1)
    assert book.due(now_s=GIVE_UP_S + RESEND_S) == ([], [NotShown(LED, BLINK)])
    assert book.next_wake_s is None
    book.show(LED, BLINK, now_s=20.0)  # asked again, it is tried again
    assert len(due(book, 20.0)) == 1


def test_a_refused_command_is_not_repeated() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, BLINK, now_s=0.0)
    due(book, 0.0)
    assert book.on_answer(1, is_done=False, now_s=0.1) == NotShown(LED, BLINK)
    assert book.next_wake_s is None


def test_a_newer_wish_replaces_the_older_and_its_late_answer_is_nothing() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, BLINK, now_s=0.0)
    due(book, 0.0)
    book.show(LED, OutputPattern.STEADY, now_s=0.1)
    assert due(book, 0.1) == [(Output(2, LED, OutputPattern.STEADY, 255, TTL_MS), False)]
    book.on_answer(1, is_done=True, now_s=0.2)
    assert book.next_wake_s == 0.1 + RESEND_S


def test_the_same_wish_again_sends_nothing_more() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, BLINK, now_s=0.0)
    due(book, 0.0)
    book.show(LED, BLINK, now_s=0.05)
    assert due(book, 0.05) == []


def test_off_is_renewed_so_that_the_boards_own_lamp_cannot_shine_after_a_call() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, OutputPattern.OFF, now_s=0.0)
    assert due(book, 0.0) == [(Output(1, LED, OutputPattern.OFF, 255, TTL_MS), False)]
    book.on_answer(1, is_done=True, now_s=0.1)
    assert book.next_wake_s == 0.1 + RENEW_S


def test_a_pulse_is_not_renewed_and_does_not_survive_a_restart() -> None:
    book = OutputBook(CommandIds())
    book.pulse(OutputId.BUZZER, OutputPattern.STEADY, 200, 150, now_s=0.0)
    assert due(book, 0.0) == [(Output(1, OutputId.BUZZER, OutputPattern.STEADY, 200, 150), False)]
    book.on_answer(1, is_done=True, now_s=0.1)
    assert book.next_wake_s is None
    book.start_over(now_s=1.0)
    assert due(book, 1.0) == []


def test_a_lasting_wish_is_told_again_to_a_board_that_restarted() -> None:
    book = OutputBook(CommandIds())
    book.show(LED, BLINK, now_s=0.0)
    due(book, 0.0)
    book.on_answer(1, is_done=True, now_s=0.1)
    book.start_over(now_s=0.5)
    assert due(book, 0.5) == [(Output(2, LED, BLINK, 255, TTL_MS), False)]


def test_command_numbers_go_round_without_zero() -> None:
    book = OutputBook(CommandIds())
    seen = set()
    for n in range(0x10000 + 5):
        book.pulse(LED, BLINK, n & 0xFF, 1, now_s=0.0)
        ((command, _),) = due(book, 0.0)
        seen.add(command.command_id)
    assert seen == set(range(1, 0x10000))


def test_a_book_made_later_in_the_same_boot_of_the_board_repeats_no_command_id() -> None:
    # the board answers a repeated id as done and does nothing: the lamp would stand still
    ids = []
    for begun_s in (100.0, 101.5, 3_600.0):
        book = OutputBook(CommandIds())
        for turn in range(3):
            book.show(LED, (BLINK, OutputPattern.STEADY)[turn % 2], now_s=begun_s + turn * 0.3)
            ids += [command.command_id for command, _ in due(book, begun_s + turn * 0.3)]
    assert len(ids) == len(set(ids)) == 9
