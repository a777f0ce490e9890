"""The one table of codes, held against the lists of those who give them out, copied here by hand."""

import re
from collections import Counter

import pytest

from contract.codes import (
    BLOOD_PRESSURE_LOINC,
    BODY_TEMPERATURE,
    CUFF_PULSE,
    DIASTOLIC,
    EAR_TEMPERATURE,
    ECG,
    ECG_I,
    ECG_II,
    GLUCOSE,
    HEART_RATE,
    IMPEDANCE,
    IN_UNIT,
    MEAN_PRESSURE,
    MEASUREMENTS,
    PERFUSION_INDEX,
    PLETH,
    PULSE_RATE,
    RED_LIGHT,
    RESPIRATION_RATE,
    SPO2,
    SYSTOLIC,
    TABLE,
    UNSURE_LOINC,
    UNSURE_MDC,
)

SCADA, UNITS = 2, 4  # partitions of IEEE 11073-10101
PRIVATE_TERM = 0xF000  # from here on a partition belongs to who makes devices


@pytest.mark.parametrize(
    ("mdc", "partition_and_term"),
    [
        (ECG, (2, 0x0100)),
        (ECG_I, (2, 0x0101)),
        (ECG_II, (2, 0x0102)),
        (PLETH, (2, 19380)),
        (SPO2, (2, 19384)),
        (PULSE_RATE, (2, 18458)),
        (HEART_RATE, (2, 16770)),
        (RESPIRATION_RATE, (2, 20490)),
        (PERFUSION_INDEX, (2, 19416)),
        (BODY_TEMPERATURE, (2, 19292)),
        (EAR_TEMPERATURE, (2, 57356)),
        (SYSTOLIC, (2, 18949)),
        (DIASTOLIC, (2, 18950)),
        (MEAN_PRESSURE, (2, 18951)),
        (CUFF_PULSE, (2, 18474)),
        (GLUCOSE, (2, 29112)),
        (IMPEDANCE, (2, 20708)),
        (RED_LIGHT, (2, PRIVATE_TERM + 1)),
    ],
)
def test_a_code_is_its_partition_and_its_term(mdc: int, partition_and_term: tuple[int, int]) -> None:
    assert divmod(mdc, 65536) == partition_and_term
    assert mdc in MEASUREMENTS


def test_all_codes_are_of_the_partitions_for_vital_signs_and_for_units() -> None:
    assert {entry.mdc // 65536 for entry in TABLE} == {SCADA}
    assert {entry.mdc_unit // 65536 for entry in TABLE} == {UNITS}


def test_a_code_means_one_thing_in_one_unit_and_a_label_one_code() -> None:
    assert len(IN_UNIT) == len(TABLE)
    meanings = {(entry.mdc, entry.label, entry.shape) for entry in TABLE}
    assert set(Counter(mdc for mdc, _, _ in meanings).values()) == {1}
    assert len({label for _, label, _ in meanings}) == len(meanings) == len(MEASUREMENTS)


def test_the_leads_are_where_the_standard_has_them_and_not_where_a_public_sample_puts_the_third() -> None:
    leads = {MEASUREMENTS[mdc].label for mdc in range(131328, 131337)}
    assert leads == {"ECG", "I", "II", "V1", "V2", "V3", "V4", "V5", "V6"}
    assert MEASUREMENTS[131331].label == "V1"
    assert [MEASUREMENTS[131389 + n].label for n in range(4)] == ["III", "aVR", "aVL", "aVF"]
    assert MEASUREMENTS[131395].label == "V"


def test_the_rate_of_the_heart_and_of_the_pulse_are_two_things() -> None:
    assert MEASUREMENTS[HEART_RATE].loinc == ("8867-4",)
    assert MEASUREMENTS[PULSE_RATE].loinc == ("8889-8", "8867-4")  # by oximetry; the profile wants the other
    assert MEASUREMENTS[CUFF_PULSE].loinc == ("8867-4",)  # 8889-8 would say that it was an oximeter's


def test_what_the_profile_of_vital_signs_wants_is_there() -> None:
    assert MEASUREMENTS[SPO2].loinc == ("59408-5", "2708-6")
    assert [MEASUREMENTS[mdc].loinc for mdc in (SYSTOLIC, DIASTOLIC, MEAN_PRESSURE)] == [
        ("8480-6",),
        ("8462-4",),
        ("8478-0",),
    ]
    assert BLOOD_PRESSURE_LOINC == "85354-9"
    temperatures = [entry for entry in TABLE if entry.unit == "Cel"]
    assert [entry.loinc[-1] for entry in temperatures] == ["8310-5"] * 4
    assert {entry.loinc[0] for entry in temperatures} == {"8310-5", "8331-1", "8333-7", "8328-7"}


UNIT_CODES = {  # UCUM, dimension of what is measured -> code of the unit
    ("uV", "ecg"): 266419,
    ("mV", "ecg"): 266418,
    ("1", "pleth"): 262656,
    ("%", "numeric"): 262688,
    ("mm[Hg]", "numeric"): 266016,
    ("Cel", "numeric"): 268192,
    ("mg/dL", "numeric"): 264274,
    ("mmol/L", "numeric"): 266866,
}


def test_each_unit_has_its_code_and_breaths_are_not_beats() -> None:
    for entry in TABLE:
        if entry.unit == "/min":
            assert entry.mdc_unit == (264928 if entry.mdc == RESPIRATION_RATE else 264864)
        else:
            assert entry.mdc_unit == UNIT_CODES[entry.unit, entry.shape], entry.label


def test_glucose_is_told_in_the_unit_it_was_measured_in() -> None:
    assert IN_UNIT[GLUCOSE, "mg/dL"].loinc == ("41653-7",)
    assert IN_UNIT[GLUCOSE, "mmol/L"].loinc == ("14743-9",)
    assert MEASUREMENTS[GLUCOSE].unit == "mg/dL"


def test_the_usual_unit_of_an_ecg_is_the_microvolt() -> None:
    assert {MEASUREMENTS[mdc].unit for mdc, unit in IN_UNIT if unit == "mV"} == {"uV"}


def luhn(digits: str) -> int:
    """Return the check digit that a LOINC code ends with."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def test_no_loinc_code_is_mistyped() -> None:
    codes = {code for entry in TABLE for code in entry.loinc} | {BLOOD_PRESSURE_LOINC}
    for code in codes:
        assert re.fullmatch(r"\d{4,5}-\d", code), code
        number, check = code.split("-")
        assert luhn(number) == int(check), code


def test_what_is_unsure_is_in_the_table() -> None:
    assert {code for entry in TABLE for code in entry.loinc} >= UNSURE_LOINC
    assert set(MEASUREMENTS) >= UNSURE_MDC
