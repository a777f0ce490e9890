"""A power cut within the first block of the file system: the box starts, and asks nobody.

Root and loop devices are needed; where they are missing the bench of power cuts says so (test_powercut.py).
"""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from edge.spool.spool import Spool
from tests.integration.edge.spools import QUOTA_BYTES, open_spool, press_batch
from tests.integration.edge.test_powercut import refuses
from tests.powercut.box_mount import UnbootableError, is_sound, mended_file, mkfs_command, mounted, started
from tests.powercut.logged_disk import unable

DEVICE_BYTES: Final = 300 << 20  # with a spare copy of the superblock: the second group begins after 128 MiB
SUPERBLOCK: Final = slice(1_024, 2_048)
SECTOR_BYTES: Final = 512
LACKING: Final = unable()


def put(device: Path, superblock: bytes) -> None:
    with device.open("r+b") as file:
        file.seek(SUPERBLOCK.start)
        file.write(superblock)


def superblock_of(device: Path) -> bytes:
    with device.open("rb") as file:
        return file.read(SUPERBLOCK.stop)[SUPERBLOCK]


class TornCard:
    """A device whose power was cut while its superblock was written; a press is on it."""

    def __init__(self, folder: Path) -> None:
        self.device, self.mount, whole = folder / "device", folder / "mount", folder / "whole"
        with whole.open("wb") as file:
            file.truncate(DEVICE_BYTES)
        self.mount.mkdir()
        subprocess.run(mkfs_command(whole), check=True)
        with mounted(whole, self.mount):
            with open_spool(self.mount / "spool.db") as spool:
                spool.commit(press_batch(1))
                self.owed = spool.unsent_count()
            subprocess.run(["sync", "-f", str(self.mount)], check=True)
            subprocess.run(["cp", "--sparse=always", str(whole), str(self.device)], check=True)
        self.in_use, self.unmounted = superblock_of(self.device), superblock_of(whole)

    def has_its_press(self) -> bool:
        with started(self.device, self.mount):
            spool = Spool(self.mount / "spool.db", quota_bytes=QUOTA_BYTES)
            try:
                return spool.unsent_count() == self.owed > 0
            finally:
                spool.close()


def torn(first: bytes, second: bytes) -> bytes:
    return first[:SECTOR_BYTES] + second[SECTOR_BYTES:]


@pytest.mark.parametrize("how", ["new before old", "old before new", "nothing of it"])
def test_a_torn_superblock_is_mended_and_the_press_is_there(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if LACKING:
        refuses(monkeypatch, LACKING)
        return
    card = TornCard(tmp_path)
    assert card.in_use != card.unmounted, "or nothing is torn"
    made = {
        "new before old": torn(card.in_use, card.unmounted),
        "old before new": torn(card.unmounted, card.in_use),
        "nothing of it": bytes(len(card.in_use)),
    }
    put(card.device, made[how])
    asked = subprocess.run(["e2fsck", "-p", str(card.device)], capture_output=True, check=False)
    assert asked.returncode >= 4, "a person would be asked"
    assert card.has_its_press()
    assert mended_file(card.device).read_text().startswith("e2fsck -y")
    assert is_sound(card.device)


def test_a_start_that_has_nothing_to_mend_but_the_usual_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if LACKING:
        refuses(monkeypatch, LACKING)
        return
    card = TornCard(tmp_path)
    assert card.has_its_press(), "a journal that was not at its end"
    assert not mended_file(card.device).exists()


def test_what_nobody_can_mend_is_not_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if LACKING:
        refuses(monkeypatch, LACKING)
        return
    device, mount = tmp_path / "device", tmp_path / "mount"
    mount.mkdir()
    device.write_bytes(b"what nobody has " * (1 << 16))
    before = device.read_bytes()
    with pytest.raises(UnbootableError), started(device, mount):
        pass
    assert device.read_bytes() == before
