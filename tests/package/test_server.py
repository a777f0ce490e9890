"""The life of a hub on a server: installed, used, upgraded, lost and restored, removed, purged."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.package.server_root import CACHE, HOUSE, ServerRoot

HUB = "/var/lib/haidang-hub"
BACKUPS = "/var/backups/haidang-hub"
ACCOUNTS_BEFORE = re.compile(r"etc/(passwd|group|shadow|gshadow)-")  # adduser keeps a copy
BROKER_PORT, CONSOLE_PORT = 8883, 8443


def made(version: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "package", "--out", str(folder), "--version", version]
    subprocess.run(command, cwd=HOUSE, check=True, timeout=900)
    (package,) = folder.glob(f"haidang-hub_{version}_*.deb")
    return package


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packages of two versions."""
    folder = tmp_path_factory.mktemp("packages")
    return {version: made(version, folder) for version in ("1.0.0", "1.1.0")}


@pytest.fixture
def root(request: pytest.FixtureRequest) -> Iterator[ServerRoot]:
    folder = CACHE / f"proof-{os.getpid()}"
    with ServerRoot(folder) as root:
        yield root
    subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)


def start(root: ServerRoot) -> None:
    as_hub = ("setpriv", "--reuid=haidang-hub", "--regid=haidang-hub", "--init-groups")
    root.run("haidang-hub", "broker-config", "--out", f"{HUB}/broker")
    settings = f"OPENSSL_CONF={HUB}/broker/openssl.cnf"
    root.start(*as_hub, "env", settings, "mosquitto", "-c", f"{HUB}/broker/mosquitto.conf", port=BROKER_PORT)
    root.start(*as_hub, "haidang-hub", "serve", "--config", f"{HUB}/hub.toml", port=CONSOLE_PORT)


def records(root: ServerRoot, backup: str) -> int:
    manifest = root.path(f"{BACKUPS}/{backup}/manifest.json")
    return int(json.loads(manifest.read_text(encoding="utf-8"))["records"])


def authority(root: ServerRoot) -> bytes:
    return root.path(f"{HUB}/pki/ca.crt").read_bytes()


@pytest.mark.timeout(3600)
def test_a_server_from_install_to_purge(root: ServerRoot, packages: dict[str, Path]) -> None:
    before = root.files()
    install(root, packages["1.0.0"])
    stored = use(root)
    upgrade(root, packages["1.1.0"], stored)
    refuse(root, packages["1.0.0"])
    lose_and_restore(root, stored)
    remove_and_return(root, packages)
    purge(root, packages["1.1.0"], before)


def install(root: ServerRoot, package: Path) -> None:
    root.install(package)
    assert root.run("dpkg", "--verify", "haidang-hub") == ""
    for name in (HUB, BACKUPS):
        assert root.run("stat", "-c", "%U %G %a", name).split() == ["haidang-hub", "haidang-hub", "700"]
    told = root.run("haidang-hub", "account", "add", "lan", text="a long and quiet password\n")
    assert told == "lan may log in as operator\n"


def use(root: ServerRoot) -> int:
    """One simulated station's parcels arrive; a backup and an escrow are made. Returns how many records."""
    start(root)
    told = root.run("haidang-hub", "simulate", "--stations", "1", "--seconds", "5", "--json", "-")
    assert '"records_owed": 0' in told
    root.run("haidang-hub", "backup", f"{BACKUPS}/first")
    root.run("haidang-hub", "seal", "escrow", "--out", f"{BACKUPS}/escrow", text="a long passphrase\n")
    root.stop()
    stored = records(root, "first")
    assert stored > 0
    return stored


def upgrade(root: ServerRoot, package: Path, stored: int) -> None:
    ca = authority(root)
    told = root.install(package)
    (copy,) = re.findall(rf"as it was before 1\.1\.0: {BACKUPS}/(before-1\.1\.0-\S+Z)", told)
    assert records(root, copy) == stored
    assert "lan  operator" in root.run("haidang-hub", "account", "list")
    assert authority(root) == ca
    start(root)
    root.run("haidang-hub", "backup", f"{BACKUPS}/second")
    root.stop()
    assert records(root, "second") == stored


def refuse(root: ServerRoot, older: Path) -> None:
    told = root.install(older, status=1)
    assert "1.1.0 is installed, and 1.0.0 cannot read what it has stored. Nothing was changed." in told
    asked = ("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "haidang-hub")
    assert root.run(*asked) == "1.1.0 installed"
    assert "lan  operator" in root.run("haidang-hub", "account", "list")


def lose_and_restore(root: ServerRoot, stored: int) -> None:
    """What docs/hub-server.md says, word by word."""
    ca, restored = authority(root), f"{BACKUPS}/restored"
    root.run("mv", HUB, f"{HUB}.empty")
    root.run("install", "-d", "-o", "haidang-hub", "-g", "haidang-hub", "-m", "700", HUB)
    root.run("haidang-hub", "restore", f"{BACKUPS}/first", "--into", restored)
    recover = ("haidang-hub", "seal", "recover", f"{BACKUPS}/escrow", "--config", f"{restored}/hub.toml")
    root.run(*recover, text="a long passphrase\n")
    root.run("rmdir", HUB)
    root.run("mv", restored, HUB)
    root.run("rm", "-r", f"{HUB}.empty")
    assert authority(root) == ca
    start(root)
    root.run("haidang-hub", "backup", f"{BACKUPS}/third")
    root.stop()
    assert records(root, "third") == stored


def remove_and_return(root: ServerRoot, packages: dict[str, Path]) -> None:
    ca = authority(root)
    root.run("dpkg", "--remove", "haidang-hub")
    assert not root.path("/usr/lib/haidang").exists()
    assert "1.1.0 is or was installed here" in root.install(packages["1.0.0"], status=1)
    root.install(packages["1.1.0"])
    assert authority(root) == ca


def purge(root: ServerRoot, package: Path, before: set[str]) -> None:
    ca = authority(root)
    told = root.run("dpkg", "--purge", "haidang-hub")
    assert f"kept, for they are of patients: {HUB}, {BACKUPS}" in told
    left = left_over(root, before)
    assert {name for name in left if not name.startswith((HUB[1:], BACKUPS[1:]))} == set()
    assert not root.path(f"{HUB}/broker").exists()
    assert authority(root) == ca
    root.install(package)
    assert authority(root) == ca
    root.path(f"{HUB}/delete-with-package").touch()
    root.run("dpkg", "--purge", "haidang-hub")
    assert left_over(root, before) == set()
    assert "haidang-hub" not in root.path("/etc/passwd").read_text(encoding="utf-8")


def left_over(root: ServerRoot, before: set[str]) -> set[str]:
    return {name for name in root.files() - before if not ACCOUNTS_BEFORE.fullmatch(name)}


@pytest.mark.timeout(3600)
def test_without_a_whole_copy_nothing_is_upgraded(root: ServerRoot, packages: dict[str, Path]) -> None:
    root.install(packages["1.0.0"])
    root.run("chown", "root:", BACKUPS)
    told = root.install(packages["1.1.0"], status=1)
    assert f"no copy could be made in {BACKUPS}, so nothing is upgraded" in told
    assert root.run("dpkg-query", "-W", "-f", "${Version}", "haidang-hub") == "1.0.0"
