from dataclasses import replace

import pytest

from firmware_bridge.ports.adapters import Adapter, is_true_serial, tell_apart, usb_place

FTDI = Adapter(
    path="/dev/ttyUSB0",
    place="pci-0000:00:14.0-usb-0:1.2:1.0-port0",
    plugging="boot/1-1.2:1.0/7/0",
    vid_pid="0403:6001",
    serial="A6008isP",
    maker="FTDI",
    model="FT232R USB UART",
    port_number="0",
)
CP2102 = replace(
    FTDI, vid_pid="10c4:ea60", serial="0001", maker="Silicon Labs", model="CP2102 USB to UART Bridge"
)


@pytest.mark.parametrize("serial", ["A6008isP", "0123456789ABCDEE", "e6609103c3", "00001234", "AB0CN4Y7"])
def test_a_serial_number_that_differs_from_piece_to_piece_is_true(serial: str) -> None:
    assert is_true_serial(serial)


@pytest.mark.parametrize(
    "serial",
    [
        *("", "0", "0001", "00000000", "000000000001", "FFFFFFFF", "0000aaaa", "123456", "1234567890"),
        *("0123456789", "0123456789ABCDEF", "abcdef", "   ", "AB\x00CDE", "số một"),
    ],
)
def test_a_default_that_many_share_is_no_serial_number(serial: str) -> None:
    assert not is_true_serial(serial)


def test_a_true_serial_number_names_the_adapter_as_udev_does() -> None:
    assert FTDI.name == "usb-FTDI_FT232R_USB_UART_A6008isP-if00-port0"
    assert replace(FTDI, maker="", model="").name == "usb-0403_6001_A6008isP-if00-port0"


def test_without_a_true_serial_number_the_place_is_the_name() -> None:
    assert CP2102.name == CP2102.place == "pci-0000:00:14.0-usb-0:1.2:1.0-port0"
    assert CP2102.mark == ""


def test_the_ports_of_one_adapter_with_several_have_marks_of_their_own() -> None:
    assert len({replace(FTDI, interface=f"0{n}").mark for n in range(4)}) == 4


def test_a_serial_number_seen_twice_at_once_tells_nothing_from_then_on() -> None:
    other = replace(FTDI, path="/dev/ttyUSB1", place="pci-0000:00:14.0-usb-0:1.3:1.0-port0", plugging="x")
    shared: set[str] = set()
    assert tell_apart([FTDI], shared=shared) == (FTDI,)
    both = tell_apart([FTDI, other], shared=shared)
    assert [one.name for one in both] == [FTDI.place, other.place]
    (alone,) = tell_apart([FTDI], shared=shared)
    assert alone.mark == ""


def test_several_adapters_without_serial_numbers_share_nothing() -> None:
    shared: set[str] = set()
    tell_apart([CP2102, replace(CP2102, path="/dev/ttyUSB1")], shared=shared)
    assert shared == set()


@pytest.mark.parametrize(
    "word",
    [FTDI.path, FTDI.name, FTDI.place, f"/dev/serial/by-id/{FTDI.name}", f"/dev/serial/by-path/{FTDI.place}"],
)
def test_a_configuration_may_call_an_adapter_by_any_of_its_names(word: str) -> None:
    assert FTDI.answers_to(word)
    assert not replace(FTDI, path="/dev/ttyUSB5", place="elsewhere", serial="B7008isP").answers_to(word)


def test_a_place_is_the_same_whichever_number_the_bus_got_at_boot() -> None:
    controllers = ("platform-fd500000.pcie", "pci-0000:01:00.0")
    place = "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-port0"
    assert usb_place(controllers, "1-1.2:1.0", "0") == usb_place(controllers, "3-1.2:1.0", "0") == place
    assert usb_place((), "1-4:1.0", "") == "usb-0:4:1.0"
