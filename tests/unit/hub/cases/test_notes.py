"""What is typed in a call: checked, bounded, one spelling; and two who write at once lose nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cases.merging import merge
from hub.cases.notes import (
    Consent,
    Form,
    NoteError,
    read_consent,
    read_disposition,
    read_form,
    read_identity,
    typed_text,
)

FORMS = st.builds(
    Form,
    urgency=st.sampled_from([None, "routine", "urgent"]),
    findings=st.sampled_from(["", "a", "b"]),
    advice=st.sampled_from(["", "c", "d"]),
)


def test_a_name_typed_on_two_keyboards_is_one_name_without_hidden_letters() -> None:
    typed = unicodedata.normalize("NFD", "  Nguyễn\u202e  Văn\x00 Ế ")
    identity = read_identity({"name": typed}, this_year=2026)
    assert identity.name == "Nguyễn Văn Ế"
    assert unicodedata.is_normalized("NFC", identity.name)


def test_numbers_are_kept_without_their_blanks() -> None:
    typed = {"name": "A", "birth_year": "1950", "sex": "female", "citizen_no": "0012 0300 0001"}
    identity = read_identity({**typed, "phone": "+84 (90) 123-45.67"}, this_year=2026)
    assert (identity.citizen_no, identity.phone) == ("001203000001", "+84901234567")
    assert (identity.birth_year, identity.sex) == (1950, "female")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"birth_year": "1899"},
        {"birth_year": "2027"},
        {"birth_year": "năm"},
        {"birth_year": "²⁰²⁰"},
        {"citizen_no": "12345"},
        {"phone": "12345"},
        {"sex": "?"},
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(wrong: dict[str, str]) -> None:
    with pytest.raises(NoteError) as told:
        read_identity({"name": "A", **wrong}, this_year=2026)
    assert len(told.value.text_key) > 10


def test_a_consent_says_who_for_what_and_a_withdrawal_covers_nothing() -> None:
    given_ = read_consent({"by_whom": "mẹ", "purpose_letter": "1", "words": "đồng ý\nqua video"})
    assert (given_.covers("letter"), given_.covers("record")) == (True, False)
    taken = read_consent({"by_whom": "mẹ", "is_given": "no", "purpose_letter": "1"})
    assert (taken.is_given, taken.purposes, taken.covers("letter")) == (False, (), False)
    assert not Consent(is_given=False, by_whom="mẹ", purposes=("letter",)).covers("letter")
    for wrong in ({"by_whom": ""}, {"by_whom": "mẹ"}, {"by_whom": "x" * 101, "purpose_letter": "1"}):
        with pytest.raises(NoteError):
            read_consent(wrong)


def test_nothing_of_the_form_must_be_filled_in_and_too_much_is_refused() -> None:
    assert read_form({}) == Form()
    assert read_form({"urgency": "?"}).urgency is None
    for name, limit in (("findings", 4_000), ("advice", 2_000)):
        assert getattr(read_form({name: "ờ" * limit}), name) == "ờ" * limit
        with pytest.raises(NoteError):
            read_form({name: "ờ" * (limit + 1)})


def test_closing_asks_how_it_ended_and_for_a_reason_only_where_the_list_has_none() -> None:
    assert read_disposition({"disposition": "stays"}) == ("stays", "")
    assert read_disposition({"disposition": "other", "reason": " máy  hỏng "}) == ("other", "máy hỏng")
    for wrong in ({}, {"disposition": "?"}, {"disposition": "other"}):
        with pytest.raises(NoteError):
            read_disposition(wrong)


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert typed_text(typed_text(text)) == typed_text(text)


@given(FORMS, FORMS, FORMS)
def test_what_one_of_two_changed_is_taken_and_what_both_changed_is_shown(
    base: Form, mine: Form, theirs: Form
) -> None:
    merged = merge(base, mine, theirs)
    for name in Form.model_fields:
        before, here, there = (getattr(one, name) for one in (base, mine, theirs))
        became = getattr(merged.form, name)
        if name in merged.disputed:
            assert here not in (there, before)
            assert there != before
            assert became == there  # mine is kept aside, and shown
        else:
            assert became == (there if here == before else here)


@given(FORMS, FORMS)
def test_where_nobody_knows_what_was_there_before_every_difference_is_disputed(
    mine: Form, theirs: Form
) -> None:
    merged = merge(None, mine, theirs)
    assert merged.form == theirs
    assert set(merged.disputed) == {
        name for name in Form.model_fields if getattr(mine, name) != getattr(theirs, name)
    }
