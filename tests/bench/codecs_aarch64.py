"""`./run bench codecs_aarch64`: libvpx and libopus of the aarch64 wheel before the self-test of `edge video`.

On a laptop, without a Raspberry Pi: the wheels that the lock names for aarch64 come from the package index,
checked against their hashes; Debian's Python and C library for arm64 and a qemu from Debian's archive are
unpacked into build/aarch64/. Nothing is installed, and apt's own lists are left alone. Then the same check as
on a box runs under qemu. About 150 MB, once.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.report import progress, tell

HOUSE: Final = Path(__file__).parents[2]
PLACE: Final = HOUSE / "build" / "aarch64"
QEMU: Final = "usr/bin/qemu-aarch64-static"
LIMIT_S: Final = 900
MEANINGS: Final = {
    "machine": "what the check believes to run on",
    "python": "Debian's, of that machine",
    "av": "the wheels that the lock names",
    "libvpx": "passed: layout, live rate, one keyframe, decoded",
    "libopus": "passed: tone, live rate, FEC",
    "encoder_abi": "the number that libvpx accepted",
    "check_s": "both checks, emulated",
}
CHECK: Final = """
import json, platform, time
began = time.monotonic()
from edge.video.codecs.codec_check import check_opus, check_vpx
from edge.video.codecs import vpx_library as vpx
from edge.video.codecs.av_libs import library_paths
opened = library_paths("libvpx", ())[0], library_paths("libopus", ())[0]
assert all("av.libs" in path for path in opened), opened
found = {"libvpx": check_vpx(), "libopus": check_opus(), "machine": platform.machine()}
library, config, abis = vpx.open_library(), vpx.EncoderConfig(), []
library.vpx_codec_enc_config_default(library.vpx_codec_vp8_cx(), config, 0)
for abi in vpx.ENCODER_ABIS:
    context = vpx.Context()
    if not library.vpx_codec_enc_init_ver(context, library.vpx_codec_vp8_cx(), config, 0, abi):
        abis.append(abi)
        library.vpx_codec_destroy(context)
found["encoder_abi"], = abis
found["python"] = platform.python_version()
print(json.dumps({**found, "check_s": round(time.monotonic() - began, 2)}))
"""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench codecs_aarch64", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    missing = [tool for tool in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"{', '.join(missing)}: not here; this bench takes its parts from Debian's archive")
    root = system_of_arm()
    python = max((root / "usr/bin").glob("python3.[0-9]*[0-9]"))
    numpy = wheel(pins("numpy", python.name.removeprefix("python"))[0])
    found = []
    for pin in pins("av"):
        av = wheel(pin)
        progress(f"running the check of {av.name} under qemu\n")
        found.append({"av": av.name.removeprefix("av-"), **check(root, python, [av, numpy])})
    result = {name: " and ".join(dict.fromkeys(str(one[name]) for one in found)) for name in MEANINGS}
    tell(result, meanings=MEANINGS, json_path=options.json)


def system_of_arm() -> Path:
    """Return a folder with arm64's Python and what it needs, and qemu for this machine in usr/bin."""
    root, packages, state = PLACE / "root", PLACE / "packages", PLACE / "apt"
    if (root / ".complete").exists():
        return root
    for folder in (root, packages, state):
        shutil.rmtree(folder, ignore_errors=True)
    packages.mkdir(parents=True)
    progress("fetching Debian packages of arm64, and qemu\n")
    of_arm = private_apt(state / "arm64", "arm64")
    run("apt-get", *of_arm, "-qq", "update")
    only_needed = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    options = ["--recurse", *(f"--no-{kind}" for kind in only_needed)]
    told = run("apt-cache", *of_arm, "depends", *options, "python3", "libstdc++6")
    names = {line for line in told.splitlines() if re.fullmatch(r"(lib|python3|zlib1g)[a-z0-9.+-]*", line)}
    run("apt-get", *of_arm, "-qq", "download", *sorted(names), folder=packages)
    of_here = private_apt(state / "here", run("dpkg", "--print-architecture").strip())
    run("apt-get", *of_here, "-qq", "update")
    run("apt-get", *of_here, "-qq", "download", "qemu-user-static", folder=packages)
    for package in sorted(packages.glob("*.deb")):
        run("dpkg-deb", "-x", str(package), str(root))
    for folder in (packages, state):
        shutil.rmtree(folder)
    for of_another in set((root / "usr/bin").glob("qemu-*")) - {root / QEMU}:
        of_another.unlink()
    (root / ".complete").touch()
    return root


def private_apt(state: Path, architecture: str) -> list[str]:
    """Return apt's options for lists and packages of its own, of that architecture."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "Dir::State": str(state),
        "Dir::State::Lists": str(state / "lists"),
        "Dir::State::status": str(state / "status"),
        "Dir::Cache": str(state / "cache"),
        "APT::Sandbox::User": "",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def pins(name: str, python_version: str | None = None) -> list[tuple[str, str]]:
    """Return the lock's requirements of `name`, with all hashes and without the marker, each with a Python.

    With `python_version` that Python's alone.
    """
    lock = (HOUSE / "requirements" / "run.txt").read_text(encoding="utf-8")
    block = rf"^{name}==(\S+)(?: ; (.*?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)"
    found = []
    for version, marker, hashes in re.findall(block, lock, re.MULTILINE):
        bound = re.search(r"python_full_version (<|>=) '3\.(\d+)'", marker)
        minors = [
            minor for minor in (11, 13) if bound is None or (minor < int(bound[2])) == (bound[1] == "<")
        ]
        of = [f"3.{minor}" for minor in minors if python_version in (None, f"3.{minor}")]
        found += [(f"{name}=={version} \\\n{hashes}", of[0])] if of else []
    return found or sys.exit(f"requirements/run.txt names no {name} for Python {python_version}")


def wheel(pin: tuple[str, str]) -> Path:
    """Return the folder of a wheel for aarch64, unpacked, as the lock names it."""
    requirement, python_version = pin
    folder = PLACE / requirement.split()[0].replace("==", "-")
    if (folder / ".complete").exists():
        return folder
    progress(f"fetching {folder.name} for aarch64\n")
    shutil.rmtree(folder, ignore_errors=True)
    asked = PLACE / "wheel.txt"
    asked.write_text(requirement, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--python-version", python_version]
    command += ["--platform", "manylinux_2_28_aarch64", "--platform", "manylinux_2_17_aarch64"]
    run(*command, "--target", str(folder), "-r", str(asked))
    (folder / ".complete").touch()
    return folder


def check(root: Path, python: Path, folders: list[Path]) -> dict[str, str | int | float]:
    """Run both self-tests on the emulated machine; their CodecError is the message when they fail."""
    ran = subprocess.run(
        [str(root / QEMU), "-L", str(root), str(python), "-S", "-c", CHECK],
        env={
            "PYTHONHOME": str(root / "usr"),
            "PYTHONPATH": ":".join(map(str, [*folders, HOUSE])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["without a word"])[-1]
        sys.exit(f"the check of {folders[0].name} failed on aarch64: {last}")
    found: dict[str, str | int | float] = json.loads(ran.stdout)
    if found["machine"] != "aarch64":
        sys.exit(f"the check ran on {found['machine']}, which proves nothing")
    return found


def run(*command: str, folder: Path = HOUSE) -> str:
    """Return what the command says; end with its own last words when it fails."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(command[:2])} failed: {ran.stderr.strip()[-500:]}")
    return ran.stdout


if __name__ == "__main__":
    main()
