"""What the hub's package holds, what its scripts refuse, and that nothing but the source makes its bytes."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from package.debian import SCRIPTS, depends, pack, script
from package.tree import lay_out, units, units_to_enable

HOUSE = Path(__file__).parents[3]
SCRIPT_FOLDER = HOUSE / "package/hub"
EPOCH_S = 1_800_000_000
SITE = "usr/lib/haidang/venv/lib/python3.11/site-packages"


def source_with_units(folder: Path) -> Path:
    """The house's own rooms, and a few units as systemd/hub/ has them."""
    for room in ("contract", "hub", "web", "docs", "package", "LICENSE", "NOTICE"):
        (folder / room).symlink_to(HOUSE / room)
    texts = {
        "system/haidang-hub.service": "[Service]\nExecStart=/usr/bin/haidang-hub serve\n",
        "system/haidang.target": "[Unit]\n[Install]\nWantedBy=multi-user.target\n",
        "sysusers.d/haidang-hub.conf": "u haidang-hub -\n",
        "journald.conf.d/haidang-hub.conf": "[Journal]\n",
    }
    for name, text in texts.items():
        path = folder / "systemd/hub" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def libraries(folder: Path) -> Path:
    (folder / "library/__pycache__").mkdir(parents=True)
    (folder / "library/__init__.py").write_text("", encoding="utf-8")
    (folder / "library/__pycache__/x.pyc").write_bytes(b"of this machine")
    return folder


def files(folder: Path) -> set[str]:
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(folder).as_posix() for path in found}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    source = source_with_units(tmp_path / "source")
    lay_out(source, libraries(tmp_path / "libraries"), tmp_path / "tree", python="3.11", epoch_s=EPOCH_S)
    return tmp_path / "tree"


def packed(tree: Path, out: Path) -> bytes:
    pack(tree, SCRIPT_FOLDER, out, version="1.2.3", architecture="all", python="3.11", epoch_s=EPOCH_S)
    return out.read_bytes()


def test_the_tree_holds_the_hub_its_pages_its_libraries_and_its_command(tree: Path) -> None:
    for name in ("hub/__main__.py", "contract/ids.py", "web/words.js", "library/__init__.py"):
        assert (tree / SITE / name).is_file()
    names = {name for name in files(HOUSE / "hub") if not name.endswith("README.md")}
    assert names <= files(tree / SITE / "hub")
    assert (tree / "usr/lib/haidang/venv/bin/python3").readlink() == Path("/usr/bin/python3.11")
    assert (tree / "usr/bin/haidang-hub").stat().st_mode & 0o777 == 0o755
    assert not list(tree.rglob("*.pyc"))
    assert not list(tree.rglob("edge"))
    assert {path.name for path in (tree / "usr/share/doc/haidang-hub").iterdir()} == {
        "hub-server.md",
        "backup.md",
        "copyright",
    }


def test_units_go_where_systemd_looks_and_those_with_an_install_section_are_enabled(tree: Path) -> None:
    assert (tree / "usr/lib/systemd/system/haidang-hub.service").is_file()
    assert (tree / "usr/lib/sysusers.d/haidang-hub.conf").is_file()
    assert (tree / "usr/lib/systemd/journald.conf.d/haidang-hub.conf").is_file()
    assert units(tree) == ["haidang-hub.service", "haidang.target"]
    assert units_to_enable(tree) == ["haidang.target"]


def test_a_source_without_units_makes_a_package_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = source_with_units(tmp_path / "source")
    shutil.rmtree(source / "systemd")
    lay_out(source, libraries(tmp_path / "libraries"), tmp_path / "tree", python="3.11", epoch_s=EPOCH_S)
    assert units(tmp_path / "tree") == []
    text = script("for unit in @ENABLE@; do false; done", tmp_path / "tree", version="1")
    subprocess.run(["sh", "-e", "-c", text], check=True)


def test_the_same_source_makes_the_same_bytes_whatever_times_and_umask(tmp_path: Path, tree: Path) -> None:
    first = packed(tree, tmp_path / "first.deb")
    mask = os.umask(0o077)
    try:
        shutil.rmtree(tree)
        for path in (tmp_path / "libraries").rglob("*"):
            os.utime(path, (1, 1))
            path.chmod(0o700)
        lay_out(tmp_path / "source", tmp_path / "libraries", tree, python="3.11", epoch_s=EPOCH_S)
        assert packed(tree, tmp_path / "again.deb") == first
    finally:
        os.umask(mask)
    (tmp_path / "libraries/library/__init__.py").write_text("changed = True\n", encoding="utf-8")
    shutil.rmtree(tree)
    lay_out(tmp_path / "source", tmp_path / "libraries", tree, python="3.11", epoch_s=EPOCH_S)
    assert packed(tree, tmp_path / "changed.deb") != first


def test_dpkg_reads_what_is_needed_and_the_sums_of_all_files(tmp_path: Path, tree: Path) -> None:
    packed(tree, tmp_path / "hub.deb")
    asked = ["dpkg-deb", "--field", str(tmp_path / "hub.deb"), "Package", "Version", "Depends"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "Package: haidang-hub\nVersion: 1.2.3\n" in told
    assert "python3 (>= 3.11), python3 (<< 3.12), adduser, mosquitto (>= 2.0.11)" in told
    assert depends("3.13")[:2] == ["python3 (>= 3.13)", "python3 (<< 3.14)"]
    sums = (tree / "DEBIAN/md5sums").read_text(encoding="utf-8")
    subprocess.run(["md5sum", "--check", "--quiet"], input=sums, text=True, check=True, cwd=tree)
    listed = subprocess.run(
        ["dpkg-deb", "--contents", str(tmp_path / "hub.deb")], capture_output=True, text=True, check=True
    ).stdout
    assert not [line for line in listed.splitlines() if " root/root " not in line]
    assert not re.search(r" \./(etc|var)/", listed)  # what is made there is no file of the package


@pytest.fixture
def ready(tree: Path, tmp_path: Path) -> Path:
    """The scripts as they are in a package of version 1.2.3."""
    for name in SCRIPTS:
        text = script((SCRIPT_FOLDER / name).read_text(encoding="utf-8"), tree, version="1.2.3")
        assert not re.search("@[A-Z]+@", text)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copy(SCRIPT_FOLDER / "haidang-hub", tmp_path / "haidang-hub")
    return tmp_path


@pytest.mark.parametrize("name", [*SCRIPTS, "haidang-hub"])
def test_a_shell_and_its_critic_accept_each_script(name: str, ready: Path) -> None:
    subprocess.run(["sh", "-n", str(ready / name)], check=True)
    critic = ["shellcheck", "-s", "sh", "-e", "SC2043", str(ready / name)]  # a loop over one unit
    read = subprocess.run(critic, capture_output=True, text=True, check=False)
    assert read.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("preinst", "install"), 0, ""),
        (("preinst", "install", "1.2.3"), 0, ""),
        (("preinst", "upgrade", "1.2.2"), 0, ""),
        (("preinst", "install", "1.10.0"), 1, "1.10.0 is or was installed here, and 1.2.3 cannot read"),
        (("preinst", "upgrade", "1.2.4"), 1, "1.2.4 is or was installed here"),
        (("preinst", "abort-upgrade", "1.2.4"), 0, ""),
        (("prerm", "upgrade", "1.2.2"), 1, "1.2.3 is installed, and 1.2.2 cannot read"),
        (("prerm", "failed-upgrade", "1.2.4"), 1, ""),
    ],
)
def test_an_older_version_is_refused_in_words(
    arguments: tuple[str, ...], status: int, said: str, ready: Path
) -> None:
    name, *rest = arguments
    told = subprocess.run(["sh", str(ready / name), *rest], capture_output=True, text=True, check=False)
    assert told.returncode == status, told.stderr
    assert (said in told.stderr) if said else told.stderr == ""
