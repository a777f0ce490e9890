"""Sheets on real file systems that stand for USB sticks; sysfs is made up, for a loop device is no stick."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.advice.piece import Outcome, Print
from edge.advice.print_job import PrintJob
from edge.advice.print_sheet import MOUNTS, print_sheet
from edge.advice.sheet import draw
from edge.advice.stick import find_sticks
from tests.unit.edge.advice.pieces import job

NAME = "K7-42_12.pdf"
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount an image")


def add_disk(
    sysfs: Path, name: str, *, is_removable: bool, partition: str | None = None, bus: str = "ata1"
) -> None:
    """A disk in a made-up sysfs, as the kernel shows one: links to where it hangs."""
    disk = sysfs / "devices" / bus / "block" / name
    disk.mkdir(parents=True)
    (disk / "removable").write_text(f"{int(is_removable)}\n")
    links = sysfs / "class" / "block"
    links.mkdir(parents=True, exist_ok=True)
    (links / name).symlink_to(disk)
    if partition is not None:
        (disk / partition).mkdir()
        (disk / partition / "partition").write_text("1\n")
        (links / partition).symlink_to(disk / partition)


class Machine:
    """A made-up sysfs, and a table of mounts that is made up too unless the kernel's is meant."""

    def __init__(self, folder: Path) -> None:
        self.sysfs, self.mounts = folder / "sys", folder / "mounts"
        self.mounts.touch()

    def mount(self, device: str, place: str, options: str = "rw,relatime") -> None:
        with self.mounts.open("a") as file:
            file.write(f"{device} {place} vfat {options} 0 0\n")

    def sticks(self, own: str = "/var/lib/haidang") -> list[tuple[str, bool]]:
        found = find_sticks(Path(own), sysfs=self.sysfs, mounts=self.mounts)
        return [(str(place), is_writable) for place, is_writable in found]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_stick_is_found_by_its_disk_and_the_boxs_own_disks_are_none(machine: Machine) -> None:
    add_disk(machine.sysfs, "mmcblk0", is_removable=False, partition="mmcblk0p2")
    add_disk(machine.sysfs, "sda", is_removable=True, partition="sda1")  # the box runs from a stick
    add_disk(machine.sysfs, "sdb", is_removable=True, partition="sdb1")
    add_disk(machine.sysfs, "sdc", is_removable=False, partition="sdc1", bus="usb1/1-2")
    add_disk(machine.sysfs, "sdd", is_removable=True)  # without partitions
    machine.mount("tmpfs", "/media/ram")
    machine.mount("/dev/sda1", "/")
    machine.mount("/dev/mmcblk0p2", "/srv")
    machine.mount("/dev/sdb1", "/media/my\\040stick", "ro,relatime")
    machine.mount("/dev/sdc1", "/media/hard\\040disk")
    machine.mount("/dev/sdd", "/media/plain")
    machine.mount("/dev/gone1", "/media/gone")
    there = [("/media/my stick", False), ("/media/hard disk", True), ("/media/plain", True)]
    assert machine.sticks() == there
    assert machine.sticks(own="/media/plain/data") == there[:2]


def test_without_a_stick_or_with_one_that_was_pulled_out_nothing_is_printed_and_it_is_said(
    machine: Machine, tmp_path: Path
) -> None:
    def outcome() -> Outcome:
        return print_sheet(job("usb"), sysfs=machine.sysfs, mounts=machine.mounts)

    assert outcome() == Outcome(how=Print.NO_STICK)
    add_disk(machine.sysfs, "sdb", is_removable=True)
    machine.mount("/dev/sdb", str(tmp_path / "pulled-out"))
    assert outcome().how is Print.STICK_FAILED


class RealStick:
    """An ext4 image on a loop device, mounted; the kernel's own table of mounts knows it."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._folder, self.place = folder, place

    @property
    def sheet(self) -> Path:
        return self.place / "haidang" / NAME

    def names(self) -> list[str]:
        return sorted(file.name for file in (self.place / "haidang").iterdir())

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.place)], check=True)

    def prints(self, what: PrintJob | None = None) -> Outcome:
        return print_sheet(what or job("usb"), sysfs=self._folder / "sys", mounts=MOUNTS)


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[RealStick]:
    image, place = tmp_path / "image", tmp_path / "a stick"
    place.mkdir()
    image.touch()
    os.truncate(image, 1_000_000)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-O", "^has_journal", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        table = MOUNTS.read_text()
        escaped = str(place).replace(" ", "\\040")
        (device,) = [line.split()[0] for line in table.splitlines() if line.split()[1] == escaped]
        add_disk(tmp_path / "sys", Path(device).name, is_removable=True)
        yield RealStick(tmp_path, place)
    finally:
        subprocess.run(["umount", str(place)], check=True)


@only_root
def test_the_sheet_is_on_the_stick_under_the_code_of_the_visit(stick: RealStick) -> None:
    assert stick.prints() == Outcome(how=Print.ON_STICK, detail=f"haidang/{NAME}")
    assert stick.sheet.read_bytes() == draw(job("usb"))
    assert stick.prints(job("usb", text="khác")).is_done  # printed again: the newest stands there
    assert stick.sheet.read_bytes() == draw(job("usb", text="khác"))
    assert stick.names() == [NAME]


@only_root
def test_a_full_stick_says_so_and_keeps_what_it_had(stick: RealStick) -> None:
    assert stick.prints().is_done
    with (stick.place / "films").open("wb", buffering=0) as films, pytest.raises(OSError, match="No space"):
        while True:
            films.write(bytes(4096))
    assert stick.prints(job("usb", text="khác")).how is Print.STICK_FULL
    assert stick.sheet.read_bytes() == draw(job("usb"))
    assert stick.names() == [NAME]


@only_root
def test_a_read_only_stick_says_so(stick: RealStick) -> None:
    stick.remount("ro")
    assert stick.prints().how is Print.STICK_READ_ONLY
    stick.remount("rw")
    assert not (stick.place / "haidang").exists()
