import pytest

from contract.codes import Condition
from contract.events import Stream
from edge.capture.capture import BOARD
from edge.capture.electrodes import PLACES as NAMES
from edge.capture.electrodes import names_of, places_of
from edge.panel.electrodes import PLACES, help_of
from edge.panel.station_devices import DeviceNow
from edge.panel.words import LANGUAGES, Words

DEVICE = DeviceNow(device=BOARD, state="connected", electrodes=("RA", "LA", "LL", "RL"))


def lead(label: str, mdc: int) -> Stream:
    return Stream(stream=0, mdc=mdc, label=label, shape="ecg", rate_mhz=250_000, scale=1.0, unit="uV")


def test_the_boards_bits_are_named_and_a_later_one_has_its_number() -> None:
    assert names_of(0) == ()
    assert names_of(0b1111) == ("RA", "LA", "LL", "RL")
    assert names_of(0b10010) == ("LA", "#5")


def test_a_lead_tells_which_electrodes_it_hangs_on() -> None:
    assert places_of([lead("I", 131329)], has_drive=True) == ("RA", "LA", "RL")
    assert places_of([lead("I", 131329), lead("II", 131330)], has_drive=False) == ("RA", "LA", "LL")
    assert places_of([lead("V3", 131333)], has_drive=False) == ("RA", "LA", "LL", "V3")
    assert places_of([lead("ECG", 131328)], has_drive=False) == ("RA", "LA", "LL")
    assert places_of([], has_drive=True) == ()


def test_what_is_off_is_named_with_its_place_and_drawn() -> None:
    off = DEVICE.model_copy(update={"has_leads_off": True, "electrodes_off": ("LA",)})
    (found,) = help_of([DEVICE, off], Words("vi"))
    assert found.titles[0][0] == "Tuột điện cực: LA (vai trái)"
    assert [(dot.name, dot.is_off) for dot in found.dots] == [
        ("RA", False),
        ("LA", True),
        ("LL", False),
        ("RL", False),
    ]
    assert "Đang tuột: LA" in found.drawing


def test_where_none_is_on_and_where_the_instrument_does_not_say_which_it_is_said_so() -> None:
    bare = DEVICE.model_copy(update={"has_leads_off": True, "electrodes_off": ("RA", "LA", "LL", "RL")})
    assert help_of([bare], Words("vi"))[0].titles[0][0] == "Chưa gắn điện cực: RA, LA, LL, RL"
    unsaid = DEVICE.model_copy(update={"has_leads_off": True})
    assert help_of([unsaid], Words("vi"))[0].titles[0][1].startswith("Máy không cho biết cái nào")


def test_leads_that_seem_changed_over_are_told_as_a_suspicion() -> None:
    (found,) = help_of([DEVICE.model_copy(update={"suspected": "RA-LA"})], Words("en"))
    assert found.titles[0][0] == "Perhaps changed over: RA – LA"
    assert [dot.name for dot in found.dots if dot.is_doubted] == ["RA", "LA"]


def test_a_probe_that_is_off_is_not_called_weak_as_well() -> None:
    device = DEVICE.model_copy(update={"has_probe_off": True, "conditions": (Condition.WEAK_SIGNAL,)})
    assert [title for title, _ in help_of([device], Words("vi"))[0].titles] == ["Tuột đầu dò SpO₂"]
    weak = DEVICE.model_copy(update={"conditions": (Condition.WEAK_SIGNAL, Condition.ARTIFACT)})
    assert [title for title, _ in help_of([weak], Words("vi"))[0].titles] == [
        "Tín hiệu SpO₂ yếu",
        "Tín hiệu bị nhiễu",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_electrode_has_its_place_in_words_and_in_the_drawing(language: str) -> None:
    assert set(PLACES) == set(NAMES)
    assert all(Words(language)(f"place {name}") for name in NAMES)
