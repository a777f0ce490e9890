"""The lock resolves to ready-made wheels for every machine that we name: the index is asked, nothing more."""

import ast
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
LOCK = HOUSE / "requirements" / "run.txt"
MACHINES = [  # glibc 2.28 and newer: Debian 12 and 13, Ubuntu 24.04, Raspberry Pi OS
    ("aarch64-manylinux_2_28", "3.11"),
    ("aarch64-manylinux_2_28", "3.13"),
    ("x86_64-manylinux_2_28", "3.11"),
    ("x86_64-manylinux_2_28", "3.13"),
]
UV_LIMIT_S = 100.0  # a poor link, and nothing fetched yet
SOURCE_ONLY = (  # its makers publish no wheel at all
    "evdev==2.0.0 --hash=sha256:442fb3f4c8dfc9e61e901133c356220c02d663eca8f34722e0cecdd637eba504\n"
)


@functools.cache
def is_there(place: str) -> bool:
    """Whether a place of pip's settings can be asked: pip passes over a folder that is missing, uv stops."""
    path = place.removeprefix("file://")
    return "://" in path or not path.startswith("/") or Path(path).exists()


def pip_settings() -> dict[str, list[str]]:
    """What pip is told on this machine, files first, its environment last: `{"index-url": [...], ...}`."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    settings: dict[str, list[str]] = {}
    for line in sorted(listed.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        settings[key.split(".", 1)[1]] = str(ast.literal_eval(value)).split()
    return settings


def plan(requirements: Path, platform: str, python: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let uv choose the wheels for another machine, into `folder`/pylock.toml. It asks where pip would."""
    told = pip_settings()
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config", "--no-deps"]
    command += [
        "--no-python-downloads",
        "--only-binary",
        ":all:",
        "--python-platform",
        platform,
        "--python-version",
        python,
    ]
    command += ["--cache-dir", str(HOUSE / "build" / "uv-cache"), "--index-strategy", "unsafe-best-match"]
    for option, flag in [
        ("index-url", "--default-index"),
        ("extra-index-url", "--index"),
        ("find-links", "--find-links"),
        ("trusted-host", "--allow-insecure-host"),
    ]:
        command += [word for value in told.get(option, []) if is_there(value) for word in (flag, value)]
    command += ["--output-file", str(folder / "pylock.toml"), str(requirements)]
    environment = dict(os.environ)
    if "cert" in told:
        environment["SSL_CERT_FILE"] = told["cert"][0]
    if "proxy" in told:
        environment["ALL_PROXY"] = told["proxy"][0]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=UV_LIMIT_S, env=environment
    )


def parts_without_locked_wheel(requirements: Path, folder: Path) -> list[str]:
    """The chosen parts of which no wheel carries a hash that the lock names: pip would refuse them."""
    locked = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", requirements.read_text(encoding="utf-8")))
    packages = tomllib.loads((folder / "pylock.toml").read_text(encoding="utf-8"))["packages"]
    assert packages
    return [
        package["name"]
        for package in packages
        if locked.isdisjoint(wheel["hashes"]["sha256"] for wheel in package.get("wheels", []))
    ]


Plans = dict[tuple[str, str], tuple[Path, Future[subprocess.CompletedProcess[str]]]]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    """The plan of every machine; all are asked for at once, for most of the time is the index's."""
    pip_settings()
    with ThreadPoolExecutor(len(MACHINES)) as threads:
        folders = {machine: tmp_path_factory.mktemp("plan") for machine in MACHINES}
        yield {
            machine: (folder, threads.submit(plan, LOCK, *machine, folder))
            for machine, folder in folders.items()
        }


@pytest.mark.parametrize("machine", MACHINES, ids="-".join)
def test_every_part_has_a_wheel_that_the_lock_names(machine: tuple[str, str], plans: Plans) -> None:
    folder, answer = plans[machine]
    assert answer.result().returncode == 0, answer.result().stderr
    assert parts_without_locked_wheel(LOCK, folder) == []


def test_a_part_that_is_published_as_source_only_is_found(tmp_path: Path) -> None:
    requirements = tmp_path / "run.txt"
    requirements.write_text(SOURCE_ONLY, encoding="utf-8")
    answer = plan(requirements, "aarch64-manylinux_2_28", "3.13", tmp_path)
    assert answer.returncode != 0
    assert "evdev" in answer.stderr
    assert "no usable wheels" in answer.stderr


def test_a_part_whose_wheel_the_lock_does_not_name_is_found(tmp_path: Path) -> None:
    requirements = tmp_path / "run.txt"
    requirements.write_text(f"starlette==1.0.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    answer = plan(requirements, "x86_64-manylinux_2_28", "3.11", tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert parts_without_locked_wheel(requirements, tmp_path) == ["starlette"]
