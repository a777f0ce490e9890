"""The udev rules of the box, read as udev reads them, for adapters and modems that there are."""

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

RULES: Final = Path(__file__).parents[2] / "systemd/box/udev/70-haidang.rules"
WORD: Final = re.compile(r'([A-Z_]+)(?:\{([^}]+)\})?\s*(==|!=|\+=|=)\s*"([^"]*)"')


@dataclass(slots=True)
class Device:
    """A device node and one parent on USB; what the rules made of it."""

    subsystem: str
    kernel: str
    driver: str
    vid_pid: str
    env: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    set: dict[str, str] = field(default_factory=dict)

    def value(self, key: str, name: str) -> str:
        vendor, _, product = self.vid_pid.partition(":")
        attributes = {"idVendor": vendor, "idProduct": product}
        known = {"ACTION": "add", "SUBSYSTEM": self.subsystem, "KERNEL": self.kernel, "DRIVERS": self.driver}
        return self.env.get(name, "") if key == "ENV" else attributes[name] if key == "ATTRS" else known[key]


def rules() -> list[list[tuple[str, str, str, str]]]:
    """Return the words of each rule. Raises AssertionError: a line that is none."""
    found = []
    for line in RULES.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        assert WORD.sub("", line).replace(",", "").strip() == "", line
        found.append(WORD.findall(line))
    return found


def apply(device: Device) -> Device:
    until = ""
    for rule in rules():
        if until:
            until = "" if ("LABEL", "", "=", until) in rule else until
            continue
        asked = [word for word in rule if word[2] in ("==", "!=")]
        if not all(
            matches(device.value(key, name), pattern) is (is_so == "==")
            for key, name, is_so, pattern in asked
        ):
            continue
        for key, name, sign, value in rule[len(asked) :]:
            text = re.sub(r"\$env\{(\w+)\}", lambda found: device.env.get(found[1], ""), value)
            match key, sign:
                case "GOTO", "=":
                    until = value
                case "ENV", "=":
                    device.env[name] = text
                case "SYMLINK", "+=":
                    device.links.append(text)
                case "TAG", "+=":
                    device.tags.append(text)
                case "LABEL", _:
                    pass
                case _:
                    device.set[key] = text
    assert not until, "a rule goes to a label that is not there"
    return device


def matches(value: str, pattern: str) -> bool:
    return any(fnmatchcase(value, one) for one in pattern.split("|"))


@pytest.mark.parametrize(
    ("kernel", "driver", "vid_pid"),
    [
        ("ttyUSB0", "ftdi_sio", "0403:6001"),  # Nonin's cable
        ("ttyUSB1", "cp210x", "10c4:ea60"),  # Contec
        ("ttyUSB2", "ch341", "1a86:7523"),
        ("ttyUSB3", "pl2303", "067b:2303"),
        ("ttyUSB4", "ftdi_sio", "0403:ffff"),  # by its driver alone
        ("ttyACM0", "cdc_acm", "2e8a:000a"),  # our board
        ("ttyACM1", "cdc_acm", "1a86:55d4"),
        ("ttyACM2", "cdc_acm", "04d8:000a"),
    ],
)
def test_modemmanager_keeps_off_instruments_and_they_get_names_that_stay(
    kernel: str, driver: str, vid_pid: str
) -> None:
    vendor, product = vid_pid.split(":")
    env = {"ID_SERIAL_SHORT": "A50285BI", "ID_VENDOR_ID": vendor, "ID_MODEL_ID": product}
    env |= {"ID_USB_INTERFACE_NUM": "00", "ID_PATH": "platform-usb-0:1.2:1.0"}
    device = apply(Device("tty", kernel, driver, vid_pid, env))
    assert device.env["ID_MM_DEVICE_IGNORE"] == "1"
    assert device.tags == ["systemd"]
    assert device.set == {"GROUP": "dialout", "MODE": "0660"}
    assert device.links == [
        f"haidang/by-id/{vendor}-{product}-A50285BI-00",
        "haidang/by-place/platform-usb-0:1.2:1.0",
        *(["haidang/board"] if vendor == "2e8a" else []),
    ]


def test_a_second_line_of_our_board_is_not_the_board() -> None:
    env = {"ID_USB_INTERFACE_NUM": "02", "ID_PATH": "platform-usb-0:1.2:1.2"}
    device = apply(Device("tty", "ttyACM1", "cdc_acm", "2e8a:000a", env))
    assert device.links == ["haidang/by-place/platform-usb-0:1.2:1.2"]


def test_without_a_serial_number_the_socket_names_it() -> None:
    device = apply(Device("tty", "ttyUSB0", "ch341", "1a86:7523", {"ID_PATH": "platform-usb-0:1.2:1.0"}))
    assert device.links == ["haidang/by-place/platform-usb-0:1.2:1.0"]


@pytest.mark.parametrize(
    ("kernel", "driver", "vid_pid"),
    [
        ("ttyUSB2", "option", "1e0e:9001"),  # SIMCom SIM7600
        ("ttyUSB2", "option", "2c7c:0125"),  # Quectel EC25
        ("ttyUSB0", "qcserial", "1199:9071"),  # Sierra
        ("ttyACM0", "cdc_acm", "12d1:1506"),  # Huawei
        ("ttyS0", "serial8250", ""),
    ],
)
def test_a_modem_is_left_to_modemmanager(kernel: str, driver: str, vid_pid: str) -> None:
    device = apply(Device("tty", kernel, driver, vid_pid))
    assert (device.env, device.links, device.tags, device.set) == ({}, [], [], {})


def test_pins_belong_to_their_group() -> None:
    device = apply(Device("gpio", "gpiochip0", "", ""))
    assert device.set == {"GROUP": "gpio", "MODE": "0660"}


SCREEN_RULES: Final = RULES.with_name("71-haidang-screen.rules")


@pytest.mark.parametrize(
    ("connectors", "is_there"),
    [
        ({"HDMI-A-1": "connected", "HDMI-A-2": "disconnected"}, True),
        ({"HDMI-A-1": "disconnected"}, False),
        ({"HDMI-A-1": "unknown"}, False),
        ({}, False),  # a card that only computes has none
    ],
)
def test_a_screen_is_there_while_a_connector_says_so(
    tmp_path: Path, connectors: dict[str, str], is_there: bool
) -> None:
    for name, status in connectors.items():
        folder = tmp_path / "devices/gpu/drm/card1" / f"card1-{name}"
        folder.mkdir(parents=True)
        (folder / "status").write_text(f"{status}\n")
    (command,) = re.findall(r'PROGRAM=="([^"]+)"', SCREEN_RULES.read_text(encoding="utf-8"))
    command = command.replace("/sys%p", f"{tmp_path}/devices/gpu/drm/card1")
    done = subprocess.run(shlex.split(command), capture_output=True, check=False)
    assert (done.returncode == 0) is is_there


def test_the_kiosk_comes_and_goes_with_the_screen() -> None:
    rule = SCREEN_RULES.read_text(encoding="utf-8").splitlines()[-1]
    assert 'ENV{SYSTEMD_ALIAS}+="/dev/haidang/screen"' in rule
    assert 'ENV{SYSTEMD_WANTS}+="haidang-kiosk.service"' in rule
    unit = RULES.parents[1].joinpath("system/haidang-kiosk.service").read_text(encoding="utf-8")
    assert "BindsTo=dev-haidang-screen.device" in unit
