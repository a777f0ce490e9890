import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.routing.at_replies import PROMPT, Reply, ReplyReader, registration_fault, sim_fault
from hub.routing.sms_pdu import PART_UNITS_MAX, PARTS_MAX, UNITS_MAX, submit
from tests.simulators.modem import Submitted, parse_submit

OK = Reply((), "OK")


def read(*pdus: str) -> list[Submitted]:
    return [parse_submit(pdu) for pdu in pdus]


def test_a_short_message_is_one_submit_whose_every_octet_is_known() -> None:
    (pdu,) = submit("+46708251358", "Hải", reference=0)
    assert pdu.hex == (
        "00"  # the service centre that the SIM knows
        "1100"  # SMS-SUBMIT with a relative validity; the modem numbers it
        "0B916407281553F8"  # eleven digits, international
        "00080B"  # no protocol, UCS-2, one hour
        "06"
        "004800 1EA3 0069".replace("004800 ", "0048").replace(" ", "")
    )
    assert pdu.length == len(pdu.hex) // 2 - 1


def test_a_number_as_it_is_dialled_there_is_of_unknown_kind() -> None:
    (pdu,) = submit("0912345679", "a", reference=0)
    assert pdu.hex[6:20] == "0A819021436597"
    assert parse_submit(pdu.hex).number == "0912345679"


def test_a_long_message_goes_in_parts_that_belong_together() -> None:
    text = "Trạm y tế Côn Đảo " * 6
    pdus = submit("+84912345678", text, reference=77)
    parts = read(*(pdu.hex for pdu in pdus))
    assert "".join(part.text for part in parts) == text
    assert [part.part for part in parts] == [(77, 2, 1), (77, 2, 2)]
    assert all(pdu.length == len(pdu.hex) // 2 - 1 for pdu in pdus)


def test_what_is_too_long_is_cut() -> None:
    parts = read(*(pdu.hex for pdu in submit("115", "x" * 1000, reference=1)))
    assert [len(part.text) for part in parts] == [PART_UNITS_MAX] * PARTS_MAX


@given(
    st.text(st.sampled_from("aăếĐ €\n😀"), min_size=1, max_size=200),
    st.from_regex(r"\+?[0-9]{3,20}", fullmatch=True),
)
def test_a_telephone_reads_what_was_written(text: str, number: str) -> None:
    parts = read(*(pdu.hex for pdu in submit(number, text, reference=255)))
    assert "".join(part.text for part in parts) == text
    assert {part.number for part in parts} == {number}
    limit = UNITS_MAX if len(parts) == 1 else PART_UNITS_MAX
    assert all(len(part.text.encode("utf-16-be")) // 2 <= limit for part in parts)


@given(st.lists(st.integers(1, 5)))
def test_an_answer_is_the_same_whatever_the_chunks(sizes: list[int]) -> None:
    data = b"AT+CREG?\r\r\n+CREG: 0,1\r\n\r\nOK\r\n"
    reader = ReplyReader()
    reader.begin("AT+CREG?")
    found = []
    for size in [*sizes, len(data)]:
        chunk, data = data[:size], data[size:]
        found += [reply] if (reply := reader.feed(chunk)) else []
    assert found == [Reply(("+CREG: 0,1",), "OK")]


def test_the_prompt_for_a_message_is_an_answer_too() -> None:
    reader = ReplyReader()
    reader.begin("AT+CMGS=20")
    assert reader.feed(b"\r\n>") is None
    assert reader.feed(b" ") == Reply((), PROMPT)


def test_noise_without_an_end_is_no_answer_and_does_not_fill_the_memory() -> None:
    reader = ReplyReader()
    reader.begin("AT")
    tracemalloc.start()
    for _ in range(1000):
        assert reader.feed(b"\xff" * 1000) is None
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held_bytes < 100_000
    assert reader.feed(b"\r\nOK\r\n") is not None


@pytest.mark.parametrize(
    ("final", "fault"),
    [
        ("+CME ERROR: 10", "+CME ERROR: 10: no SIM: put one in"),
        ("+CMS ERROR: 331", "+CMS ERROR: 331: no network here: move the antenna"),
        ("+CMS ERROR: 999", "+CMS ERROR: 999"),
        ("+CME ERROR: SIM not inserted", "+CME ERROR: SIM not inserted"),
        ("ERROR", "ERROR"),
    ],
)
def test_an_error_is_told_in_words_where_they_are_known(final: str, fault: str) -> None:
    assert Reply((), final).fault == fault


def test_the_sim_must_be_ready() -> None:
    assert sim_fault(Reply(("+CPIN: READY",), "OK")) is None
    assert "asks for SIM PIN: switch the PIN off" in str(sim_fault(Reply(("+CPIN: SIM PIN",), "OK")))
    assert "no SIM: put one in" in str(sim_fault(Reply((), "+CME ERROR: 10")))
    assert sim_fault(OK) is not None


@pytest.mark.parametrize(
    ("voice", "lte", "fault"),
    [
        ("0,1", "0,0", None),
        ("0,5", None, None),
        ("0,0", '1,1,"1F2E","0A"', None),
        ("0,2", None, "in no network: it looks for a network"),
        ("0,0", "0,3", "in no network: the network refuses the SIM: is it paid for?"),
        ("0,4", None, "in no network: state 4"),
        (None, None, "it does not say whether it is in a network"),
    ],
)
def test_the_modem_must_be_in_a_network_at_home_or_roaming(
    voice: str | None, lte: str | None, fault: str | None
) -> None:
    replies = [
        Reply((), "ERROR") if value is None else Reply((f"+{name}: {value}",), "OK")
        for name, value in (("CREG", voice), ("CEREG", lte))
    ]
    assert registration_fault(*replies) == fault
