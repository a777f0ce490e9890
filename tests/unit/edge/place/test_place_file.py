"""What an engineer may set by a text on the card: that and nothing else, as the reader of box.toml has it."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import KNOWN
from edge.enrolment.enrolled_config import enrolled_config
from edge.errors import ConfigError
from edge.place.answer import Set, refused, says_it_already, taken
from edge.place.networks import MOBILE_KEYS, WIFI_KEYS
from edge.place.place_file import (
    LISTS,
    NAMES,
    NETWORKS,
    PLACE_MAX_BYTES,
    as_toml,
    box_text,
    networks_of,
    parse_box,
    parse_place,
    place_of,
    with_place,
)

SETTINGS: Final = {**KNOWN, "wifi": WIFI_KEYS, "mobile": MOBILE_KEYS}
BOX = b"""
data_dir = "/data/haidang/spool"
[sockets]
control = "/run/haidang/vitals.sock"
[commands]
restart = ["touch", "/run/haidang/restart"]
"""
PLACE = """\
# the board is at the left socket
station_name = "Trạm y tế xã Côn Đảo"

[board]
port = "/dev/ttyACM0"   # by the window

[button]
gpio = "gpiochip0:17"

[call]
hotline = "0254 3 830 113"
languages = [
  "vi",
  "en",
]
voice = false

[panel]
screen_mm_wide = 154.5

[[device]]
driver = "nonin-13"
port = "/dev/ttyUSB0"

[[link]]
interface = "eth0"
class = "ethernet"

[[link]]
interface = "wwan0"
class = "mobile"
budget_mb = 2000
"""


def place(text: str = PLACE) -> dict[str, Any]:
    return dict(parse_place(text.encode()))


def test_all_that_an_engineer_sets_stands_in_the_file_and_all_else_stays() -> None:
    box = parse_box(BOX)
    after = with_place(box, place())
    assert after == {**box, **tomllib.loads(PLACE)}
    assert parse_box(box_text(after).encode()) == after


def test_enrolment_keeps_it_and_it_keeps_the_enrolment() -> None:
    text = box_text(with_place(parse_box(BOX), place()))
    enrolled = enrolled_config(text, station="con-dao-01", box=2, host="hub.example.vn", port=8883)
    box = parse_box(enrolled.encode())
    assert place_of(box) == place()
    changed = with_place(box, place('[button]\ngpio = "gpiochip0:27"\n'))
    assert place_of(changed) == {"button": {"gpio": "gpiochip0:27"}}
    assert (changed["station"], changed["hub"]) == ("con-dao-01", box["hub"])
    again = enrolled_config(box_text(changed), station="con-dao-01", box=3, host="h.vn", port=1)
    assert place_of(parse_box(again.encode())) == place_of(changed)


def test_the_same_text_again_changes_nothing_and_an_empty_one_takes_all_back() -> None:
    box = parse_box(BOX)
    after = with_place(box, place())
    assert with_place(after, place()) == after
    assert with_place(after, place("# nothing\n")) == box


def test_a_text_of_another_computer_is_read() -> None:
    for text in (PLACE.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + PLACE.encode()):
        assert parse_place(text) == tomllib.loads(PLACE)


@pytest.mark.parametrize("name", sorted({*KNOWN, "keys", "machine_id"} - {*NAMES, *NETWORKS}))
def test_what_is_not_the_engineers_is_refused(name: str) -> None:
    """Station, hub, folders, sockets, commands, clocks: whatever the reader knows beside."""
    assert name not in NAMES
    for text in (f'{name} = "x"', f'[{name}]\nhost = "x"'):
        with pytest.raises(ConfigError, match=rf"haidang-box\.txt: {name} is not set here; "):
            parse_place(text.encode())


def test_every_name_that_may_be_set_is_one_that_the_reader_knows() -> None:
    assert {*NAMES} <= {*KNOWN}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[button]\ngpio = "17"', r'button\.gpio: expected CHIP:LINE, such as "gpiochip0:17", found'),
        ('[button]\ngpoi = "gpiochip0:17"', r"\[button\] gpoi is not a setting; there are gpio, input"),
        ('[[link]]\ninterface = "eth0"\nclass = "cable"', r"\[\[link\]\] 1: class: expected ethernet"),
        ('[link]\ninterface = "eth0"', r"link: expected tables, each headed \[\[link\]\]"),
        ("[button]\ngpio = gpiochip0:17", r"is not TOML: .*line 2"),
        ("call = 3", r"call: expected a table, headed \[call\]"),
        ("[panel]\nport = 9000", r"\[panel\] port is not set here"),
        ("[board]", r"board\.port: expected a text"),
        ("station_name = 2026-11-27", r"station_name: expected a text"),
        ("[spool]\nquota_bytes = " + "9" * 5_000, r"is not TOML"),
        ("[[[[" * 2_000, r"is not TOML"),
        ("x" * PLACE_MAX_BYTES + "x", r"more than 16384 bytes"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=rf"^haidang-box\.txt: {says}"):
        with_place(parse_box(BOX), parse_place(text.encode()))


def test_a_text_in_another_code_is_refused() -> None:
    with pytest.raises(ConfigError, match="UTF-8"):
        parse_place('station_name = "Côn Đảo"'.encode("utf-16"))


def test_a_damaged_file_of_the_box_is_not_guessed_at() -> None:
    for data in (b"\xff\xfe", b"[hub\n"):
        with pytest.raises(ConfigError, match=r"box\.toml, which is on the box, is damaged"):
            parse_box(data)


TEXTS = st.text(min_size=1, max_size=40)


@given(TEXTS, TEXTS, st.booleans(), st.integers(0, 1440), st.floats(80, 2_000))
def test_whatever_the_reader_takes_comes_back_as_it_was(
    name: str, hotline: str, voice: bool, minutes: int, wide_mm: float
) -> None:
    document = {
        "station_name": name,
        "call": {"hotline": hotline, "voice": voice, "languages": ["vi"]},
        "panel": {"blank_after_min": minutes, "screen_mm_wide": wide_mm},
        "device": [{"adapter": hotline}, {"adapter": name}],
        "link": [],
    }
    assert tomllib.loads(as_toml(document)) == document


def sets(text: str, *networks: str) -> Set:
    return Set(with_place(parse_box(BOX), place(text)), networks)


BOARD: Final = '[board]\nport = "/dev/ttyACM0"\n'


def test_the_answer_says_what_is_set_what_no_longer_is_and_what_is_wrong() -> None:
    none, full, less = sets(""), sets(PLACE, "haidang-wifi-1.nmconnection"), sets(BOARD)
    said = taken(none, full)
    names = "station_name, board, button, call, panel, device, link"
    assert said.startswith(f"taken: {names}, haidang-wifi-1 is set now")
    assert tomllib.loads(said.partition("Set on the box:\n")[2]) == place()
    assert "networks, of NetworkManager: haidang-wifi-1" in said
    assert "/run/haidang" not in said
    gone = "station_name, button, call, panel, device, link, haidang-wifi-1."
    assert f"does not have it: {gone}" in taken(full, less)
    assert taken(full, none).startswith("taken: nothing is set")
    wrong = refused("haidang-box.txt: no", less)
    assert wrong.startswith("not taken: haidang-box.txt: no\nNothing was changed.")
    assert tomllib.loads(wrong.partition("Set on the box:\n")[2]) == place(BOARD)


def test_an_answer_is_the_same_only_where_just_this_was_taken() -> None:
    none, full, less = sets(""), sets(PLACE), sets(BOARD)
    assert says_it_already(taken(none, full), full)
    assert says_it_already(taken(less, full), full)
    assert not says_it_already(taken(none, less), full)
    assert not says_it_already(refused("x", full), full)
    assert not says_it_already("", full)


def test_the_engineers_page_has_every_setting_that_may_be_set() -> None:
    page = (Path(__file__).parents[4] / "images/README.md").read_text(encoding="utf-8")
    for name in (*NAMES, *NETWORKS):
        [row] = [line for line in page.splitlines() if line.startswith("| ") and f"`{head_of(name)}`" in line]
        for key in SETTINGS[name]:
            assert (f"`{key}`" in row) != ((name, key) == ("panel", "port")), f"{name}.{key}"
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    document = tomllib.loads(example)
    assert place_of(with_place(parse_box(BOX), place(example))) == place_of(document)
    assert len(networks_of(document)) == len(NETWORKS)


def head_of(name: str) -> str:
    if name in (*LISTS, "wifi"):
        return f"[[{name}]]"
    return f"[{name}]" if SETTINGS[name] else name
