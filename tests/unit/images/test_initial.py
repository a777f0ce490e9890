"""The first file system: the same bytes each time, modules after what they need, no name that is nobody's."""

import gzip
import lzma
import subprocess
from pathlib import Path

import pytest

from images.errors import ImageError
from images.initial import first_file_system, modules_in_order
from images.places import MACHINES, RECIPE


def module(folder: Path, name: str, *, depends: str = "", is_packed: bool = False) -> None:
    raw = b"\x7fELF\0license=GPL\0depends=" + depends.encode() + b"\0retpoline=Y\0"
    path = folder / f"kernel/{name}.ko"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{name}.ko.xz").write_bytes(lzma.compress(raw)) if is_packed else path.write_bytes(raw)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    (tmp_path / "modules.builtin").write_text("kernel/drivers/virtio_pci.ko\n")
    module(tmp_path, "libcrc32c")
    module(tmp_path, "erofs", depends="libcrc32c,netfs", is_packed=True)
    module(tmp_path, "netfs")
    return tmp_path


def test_modules_come_after_what_they_need_and_packed_ones_unpacked(kernel: Path) -> None:
    found = modules_in_order(kernel, ["erofs", "virtio-pci"])
    assert [name for name, _ in found] == ["libcrc32c.ko", "netfs.ko", "erofs.ko"]
    assert all(raw.startswith(b"\x7fELF") for _, raw in found)


def test_a_name_of_no_module_is_an_error(kernel: Path) -> None:
    with pytest.raises(ImageError, match="no module erfos"):
        modules_in_order(kernel, ["erfos"])


def test_the_same_in_is_the_same_out_and_cpio_reads_it(kernel: Path) -> None:
    modules = modules_in_order(kernel, ["erofs"])
    once, again = (first_file_system(b"busybox", "#!/bin/busybox sh\n", modules) for _ in range(2))
    assert once == again
    assert b"070701" in gzip.decompress(once)[:6]
    for name in (b"bin/busybox", b"mods/000-libcrc32c.ko", b"mods/002-erofs.ko", b"init", b"TRAILER!!!"):
        assert name + b"\0" in gzip.decompress(once)


@pytest.mark.parametrize("script", [RECIPE / "init.sh", *sorted((RECIPE / "files/usr/libexec").rglob("*"))])
def test_every_script_of_the_recipe_is_one(script: Path) -> None:
    if script.is_file():
        subprocess.run(["sh", "-n", str(script)], check=True)


@pytest.mark.parametrize("name", MACHINES)
def test_both_slots_are_laid_out_and_the_first_is_started(name: str) -> None:
    labels = [
        line.removeprefix("Label=")
        for path in sorted((RECIPE / "repart.d").iterdir())
        for line in path.read_text().splitlines()
        if line.startswith("Label=")
    ]
    assert labels == ["BOOTFS", "boot-a", "boot-b", "system-a", "system-b", "app-a", "app-b"]
    assert "haidang.slot=a" in (RECIPE / f"boot-{name}" / "cmdline.txt").read_text().split()
