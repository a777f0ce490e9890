from pathlib import Path

import pytest

from edge.machine_name import as_name, machine_name

NOWHERE = Path("/nowhere")


@pytest.fixture
def machine_id(tmp_path: Path) -> Path:
    path = tmp_path / "machine-id"
    path.write_text("0123456789abcdef0123456789abcdef\n")
    return path


def test_a_serial_number_goes_before_the_machine_id(tmp_path: Path, machine_id: Path) -> None:
    serial = tmp_path / "serial-number"
    serial.write_bytes(b"10000000abcdef01\0")
    assert machine_name(here=serial, machine_id_file=machine_id) == "10000000abcdef01"
    serial.write_bytes(b"\0")
    assert machine_name(here=serial, machine_id_file=machine_id) != ""


def test_a_machine_id_never_leaves_the_machine_as_it_is(machine_id: Path) -> None:
    name = machine_name(here=NOWHERE, machine_id_file=machine_id)
    assert len(name) == 16 and name not in machine_id.read_text()
    other = machine_id.with_name("other")
    other.write_text("f" * 32)
    assert machine_name(here=NOWHERE, machine_id_file=other) != name


def test_a_machine_that_has_a_number_and_does_not_say_it_now_has_no_other_name(
    tmp_path: Path, machine_id: Path
) -> None:
    unreadable = tmp_path / "serial-number"
    unreadable.mkdir()
    assert machine_name(here=unreadable, machine_id_file=machine_id) == ""


def test_what_the_configuration_names_is_asked_alone(tmp_path: Path, machine_id: Path) -> None:
    assert machine_name(tmp_path / "missing", here=NOWHERE, machine_id_file=machine_id) == ""
    assert machine_name(here=NOWHERE, machine_id_file=NOWHERE) == ""


def test_a_name_is_short_and_of_few_characters() -> None:
    assert as_name(b" Box no. 7\n\xff\0") == "Boxno.7"
    assert len(as_name(b"x" * 100)) == 64
