from pathlib import Path

from tests.powercut.box_mount import mkfs_command, mount_options


def test_the_partition_is_mounted_as_the_images_fstab_says() -> None:
    assert mount_options() == "noatime,lazytime,commit=30,errors=remount-ro,nosuid,nodev"


def test_the_file_system_is_made_as_the_image_makes_it_but_for_its_size() -> None:
    command = mkfs_command(Path("/a/device"))
    assert command[:2] == ["mkfs.ext4", "-q"]
    assert command[-4:] == ["-b", "4096", "-F", "/a/device"]
    assert command[command.index("-E") + 1] == "lazy_itable_init=1,lazy_journal_init=0,nodiscard"
