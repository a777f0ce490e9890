from typing import get_args

import pytest

from contract.commands import Command, CommandWord, encode_command, make_command, parse_command
from contract.errors import Refusal, RefusedError
from contract.limits import COMMAND_MAX_BYTES

NAME = "00112233445566aa"


@pytest.mark.parametrize("word", get_args(CommandWord))
def test_every_command_comes_back_as_it_was(word: CommandWord) -> None:
    command = make_command(word, name=NAME, lease_s=600.0, expires_utc_us=5, by="chị Lan")
    assert parse_command(encode_command(command)) == command


def test_a_word_that_nobody_knows_yet_can_still_be_answered() -> None:
    payload = f'{{"command":"dance","id":"{NAME}","lease_s":600.0,"expires_utc_us":5,"by":"Lan"}}'
    assert parse_command(payload.encode()) == Command(id=NAME, lease_s=600.0, expires_utc_us=5, by="Lan")


@pytest.mark.parametrize(
    ("payload", "refusal"),
    [
        (b"", Refusal.MALFORMED),
        (b'{"command":"dance","id":"x"}', Refusal.MALFORMED),
        (b'{"command":"bundle","id":"x","lease_s":1.0,"expires_utc_us":5,"by":""}', Refusal.MALFORMED),
        (
            b'{"command":"bundle","id":"00112233445566aa","lease_s":86401,"expires_utc_us":5,"by":""}',
            Refusal.MALFORMED,
        ),
        (b" " * (COMMAND_MAX_BYTES + 1), Refusal.OVERSIZED),
    ],
)
def test_what_is_no_command_is_refused(payload: bytes, refusal: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_command(payload)
    assert caught.value.refusal is refusal
