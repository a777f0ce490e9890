import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import OwnFaultError, RefusedError
from contract.ids import (
    NO_VISIT,
    CallId,
    SpoolId,
    StationId,
    VisitNo,
    parse_spool,
    parse_station,
    spool_text,
    visit_code,
)
from contract.varints import VARINT_MAX

spools = st.integers(1, 2**64 - 1).map(SpoolId)


@pytest.mark.parametrize("name", ["a", "7", "con-dao-01", "a--b", "a" * 32, "hub-1", "hubs"])
def test_a_plain_name_is_a_station_s(name: str) -> None:
    assert parse_station(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "hub", "-a", "a-", "a" * 33, "A", "côn-đảo", "a b", "a/b", "a+", "#", "a\n", "a\0", "٣", "a.b"],
)
def test_another_name_is_not(name: str) -> None:
    with pytest.raises(RefusedError, match="station name"):
        parse_station(name)


@given(spools)
def test_a_spool_comes_back_from_its_text(spool: SpoolId) -> None:
    assert parse_spool(spool_text(spool)) == spool


@pytest.mark.parametrize(
    "text", ["", "0" * 16, "0" * 15 + "A", "0" * 15 + "1\n", "1" * 15, "1" * 17, "0x" + "1" * 14]
)
def test_what_is_no_spool_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="16 hexadecimal digits"):
        parse_spool(text)


@given(spools, st.integers(1, VARINT_MAX))
def test_a_call_comes_back_from_its_name(spool: SpoolId, seq: int) -> None:
    call = CallId(StationId("con-dao-01"), spool, seq)
    assert CallId.parse(str(call)) == call


@pytest.mark.parametrize(
    "seq", ["", "0", "-1", "+1", "01", "1.5", " 1", "1\n", "٣", "9223372036854775808", "9" * 19, "9" * 5000]
)
def test_a_call_of_no_seq_is_refused(seq: str) -> None:
    assert CallId.parse("con-dao-01.0123456789abcdef.9223372036854775807").seq == VARINT_MAX
    with pytest.raises(RefusedError):
        CallId.parse(f"con-dao-01.0123456789abcdef.{seq}")


@given(spools, st.integers(1, VARINT_MAX - 89))
def test_visits_within_ninety_of_each_other_have_different_codes(spool: SpoolId, visit: int) -> None:
    codes = {visit_code(spool, VisitNo(visit + n)) for n in range(90)}
    assert len(codes) == 90
    assert all(len(code) == 5 and code[2] == "-" for code in codes)


@pytest.mark.parametrize("visit", [NO_VISIT, -1, VARINT_MAX + 1])
def test_no_visit_has_no_code(visit: int) -> None:
    with pytest.raises(OwnFaultError):
        visit_code(SpoolId(1), VisitNo(visit))
