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
from tests.guest.parts import HOUSE, LIMIT_S, pins, private_apt, run, wheel

PLACE: Final = HOUSE / "build" / "aarch64"
QEMU: Final = "usr/bin/qemu-aarch64-static"
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
    numpy = wheel(pins("numpy", python.name.removeprefix("python"))[0], PLACE)
    found = []
    for pin in pins("av"):
        av = wheel(pin, PLACE)
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


if __name__ == "__main__":
    main()
