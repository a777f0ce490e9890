import json

import pytest

from contract.commands import AnyCommand, Command, CommandWord, Said, make_command
from contract.events import CommandResult
from edge.commands.book import KNOWN_MAX, WAITING_MAX, CommandBook, Outcome

BOOT, NEXT_BOOT = "boot a", "boot b"


def command(number: int = 1, word: CommandWord = "bundle", *, lease_s: float = 60.0) -> AnyCommand:
    return make_command(word, name=f"{number:016x}", lease_s=lease_s, expires_utc_us=1_000_000_000, by="Lan")


def heard(book: CommandBook, one: AnyCommand | Command, *, now_us: int = 0) -> CommandResult | None:
    return book.hear(one, now_us=now_us, utc_us=None)


def begun(book: CommandBook, *, now_us: int = 0) -> tuple[AnyCommand | None, CommandResult]:
    found = book.begin(now_us=now_us, boot_name=BOOT)
    assert found is not None
    return found


def test_a_command_is_taken_before_it_is_done_and_told_once() -> None:
    book = CommandBook(None)
    assert heard(book, command()) is None
    assert begun(book) == (command(), CommandResult(command=command().id, state="taken"))
    told = book.ended(command().id, Outcome("done", "14230 bytes", "a" * 32))
    assert told == CommandResult(command=command().id, state="done", text="14230 bytes", object="a" * 32)
    assert book.begin(now_us=0, boot_name=BOOT) is None


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_that_is_said_again_is_done_once_whatever_has_become_of_it(steps: int) -> None:
    book = CommandBook(None)
    heard(book, command())
    if steps > 1:
        begun(book)
    if steps > 2:
        book.ended(command().id, Outcome("done"))
    assert heard(book, command()) is None
    left = [book.begin(now_us=0, boot_name=BOOT), book.begin(now_us=0, boot_name=BOOT)]
    assert sum(found is not None for found in left) == (1 if steps == 1 else 0)


def test_one_that_was_done_before_a_restart_is_not_done_again() -> None:
    book = CommandBook(None)
    heard(book, command())
    begun(book)
    book.ended(command().id, Outcome("done"))
    again = CommandBook(json.loads(json.dumps(book.saved())))
    assert again.restarted(boot_name=NEXT_BOOT) == []
    assert heard(again, command()) is None
    assert again.begin(now_us=0, boot_name=NEXT_BOOT) is None


@pytest.mark.parametrize(
    ("word", "boot_name", "state", "text"),
    [
        ("bundle", BOOT, "failed", Said.INTERRUPTED),
        ("bundle", NEXT_BOOT, "failed", Said.INTERRUPTED),
        ("restart box", BOOT, "failed", Said.NOT_RESTARTED),
        ("restart box", NEXT_BOOT, "done", Said.RESTARTED),
    ],
)
def test_what_was_under_way_when_the_box_ended_is_answered_and_not_begun_again(
    word: CommandWord, boot_name: str, state: str, text: str
) -> None:
    book = CommandBook(None)
    heard(book, command(1, word))
    begun(book)
    again = CommandBook(json.loads(json.dumps(book.saved())))
    (told,) = again.restarted(boot_name=boot_name)
    assert (told.state, told.text) == (state, text)
    assert heard(again, command(1, word)) is None
    assert again.begin(now_us=0, boot_name=boot_name) is None


def test_one_whose_lease_is_over_is_answered_expired() -> None:
    told = heard(CommandBook(None), command(lease_s=0.0))
    assert told is not None and told.state == "expired"


@pytest.mark.parametrize(("utc_us", "state"), [(999_999_999, None), (1_000_000_000, "expired")])
def test_a_box_that_knows_the_hub_s_time_does_not_do_what_came_late(utc_us: int, state: str | None) -> None:
    told = CommandBook(None).hear(command(), now_us=0, utc_us=utc_us)
    assert (None if told is None else told.state) == state


def test_one_whose_turn_comes_after_its_end_is_answered_expired() -> None:
    book = CommandBook(None)
    heard(book, command(lease_s=60.0), now_us=5)
    assert begun(book, now_us=60_000_005)[1].state == "expired"
    book = CommandBook(None)
    heard(book, command(lease_s=60.0), now_us=5)
    assert begun(book, now_us=60_000_004)[1].state == "taken"


def test_a_word_that_is_not_known_is_refused_and_answered() -> None:
    told = heard(CommandBook(None), Command(id="0" * 16, lease_s=60.0, expires_utc_us=1, by="Lan"))
    assert told is not None and told.state == "refused"


def test_more_than_can_wait_are_refused() -> None:
    book = CommandBook(None)
    for number in range(WAITING_MAX):
        assert heard(book, command(number)) is None
    told = heard(book, command(99))
    assert told is not None and told.state == "refused"


def test_names_are_forgotten_oldest_first_but_never_one_that_is_under_way() -> None:
    book = CommandBook(None)
    heard(book, command(0))
    begun(book)
    for number in range(1, KNOWN_MAX + 50):
        book.ended(command(number).id, Outcome("done"))
    assert len(book.known) == KNOWN_MAX
    assert command(0).id in book.known
    assert command(1).id not in book.known
