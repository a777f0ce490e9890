"""The electrode that came off is named where the leads tell which, and not guessed where they do not."""

import pytest

from contract.events import Stream
from hub.live.electrodes import electrodes_off

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", *(f"V{number}" for number in range(1, 7)))


def leads(*labels: str) -> list[Stream]:
    return [
        Stream(stream=at, mdc=131328, label=label, shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV")
        for at, label in enumerate(labels)
    ]


@pytest.mark.parametrize(
    ("labels", "off", "electrodes"),
    [
        (("I", "II"), {0, 1}, "RA"),  # or LA and LL at once: the fewest count
        (("I", "II"), {0}, "LA"),
        (("I", "II"), {1}, "LL"),
        (("I", "II", "III"), {0, 2}, "LA"),
        (("I", "II", "III"), {1, 2}, "LL"),
        (("I",), {0}, "LA / RA"),
        (TWELVE, {7}, "V2"),
        (TWELVE, {7, 9}, "V2, V4"),
        (TWELVE, {6, 7, 8, 9}, ""),  # four at once: the strips themselves say which
        (("I", "II", "III"), {0, 1, 2}, ""),  # any two of three
        (("I", "II"), set(), ""),
        (("ECG",), {0}, ""),
    ],
)
def test_the_fewest_electrodes_that_explain_it(
    labels: tuple[str, ...], off: set[int], electrodes: str
) -> None:
    assert electrodes_off(leads(*labels), off) == electrodes


def test_leads_that_contradict_one_another_name_nothing() -> None:
    assert electrodes_off(leads("I", "II", "III"), {0}) == ""  # II and III hold all three electrodes
