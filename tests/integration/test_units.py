"""The units and what stands beside them, as systemd itself reads them."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from configparser import RawConfigParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from edge.__main__ import SERVICES as edge_services
from edge.__main__ import main as edge_main
from edge.call.video_process import START_S
from edge.cli import app as edge_app
from edge.config import FACTORY_MARK, BoxConfig, read_config, with_credentials
from edge.enrolment.cli import BOOT_FOLDER, DATA_FOLDER
from edge.enrolment.enrolled_config import enrolled_config
from edge.factory.request import REQUEST_NAME
from edge.place.cli import NETWORKS_FOLDER
from edge.place.place_file import PLACE_NAME
from hub.__main__ import app as hub_app
from hub.front.cli import front_config
from hub.pki.authority import Authority

ROOT: Final = Path(__file__).parents[2]
UNITS: Final = ROOT / "systemd"
SIDES: Final = ("box", "hub")
SERVICES: Final = sorted(UNITS.glob("*/system/*.service"))
DEVICE, DECODER, LOOSE = 15, 5, 50  # tenths of systemd's scale, at most
FOLDERS: Final = {
    "box": ("box/tmpfiles.d/haidang.conf", "box/haidang/folders.conf"),
    "hub": ("hub/tmpfiles.d/haidang-hub.conf",),
}
LIMITS: Final = {
    "haidang-restart": DECODER,
    "haidang-hub-backup": DECODER,
    "haidang-front-config": DECODER,
    "haidang-front-again": DECODER,
    "haidang-folders": LOOSE,  # root, because it gives folders to others
    "haidang-kiosk": LOOSE,  # a browser compiles scripts and makes sandboxes of its own
}
# Of systemd 254 to 257: the box has them (Debian 13), who tests may not; the hub has to do without.
NEWER: Final = {"RestartSteps", "RestartMaxDelaySec", "RestartMode", "PollLimitIntervalSec", "PollLimitBurst"}
OURS: Final = (
    "usr/bin/haidang-edge",
    "usr/bin/haidang-hub",
    "usr/bin/cage",
    "usr/sbin/mosquitto",
    "usr/sbin/haproxy",
    "usr/bin/turnserver",
)
OF_THE_SYSTEM: Final = ("usr/bin/rm", "usr/bin/sleep", "usr/bin/systemd-tmpfiles", "bin/sh", "bin/kill")


class Keys(dict[str, Any]):
    """What a key is set to, each time; systemd's files repeat keys."""

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list) and key in self and isinstance(self[key], list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def unit(path: Path) -> dict[str, list[str]]:
    """Return "Section.Key" to all of its values."""
    parser = RawConfigParser(
        strict=False, dict_type=Keys, delimiters=("=",), comment_prefixes=("#",), interpolation=None
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {
        f"{section}.{key}": value.split("\n")
        for section in parser.sections()
        for key, value in parser.items(section)
    }


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(params=SIDES)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A system with units of its own, ours among them; its programs do nothing."""
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    for path in (UNITS / request.param / "system").iterdir():
        shutil.copy(path, tmp_path / "usr/lib/systemd/system")
    for name in (*OURS, *OF_THE_SYSTEM):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return request.param, tmp_path


def complaints(root: Path) -> list[str]:
    ours = sorted(map(str, (root / "usr/lib/systemd/system").glob("haidang*")))
    done = analyze("verify", f"--root={root}", "--man=no", "--recursive-errors=no", *ours)
    return [line for line in (done.stdout + done.stderr).splitlines() if line]


def test_systemd_understands_every_unit(root: tuple[str, Path]) -> None:
    side, system = root
    known = "|".join(sorted(NEWER)) if side == "box" else "nothing"
    newer = re.compile(rf"Unknown key (name )?'({known})' in section")
    assert [line for line in complaints(system) if not newer.search(line)] == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("[Service]\nExecStart=/usr/bin/haidang-nothing", "haidang-nothing"),
        ("[Service]\nType=oneshot\nExecStart=/usr/bin/haidang-edge\nWatchdogSeconds=3", "WatchdogSeconds"),
    ],
)
def test_a_unit_that_is_wrong_is_named(root: tuple[str, Path], wrong: str, complaint: str) -> None:
    (root[1] / "usr/lib/systemd/system/haidang-wrong.service").write_text(wrong + "\n")
    assert any(complaint in line for line in complaints(root[1]))


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_unit_is_no_more_exposed_than_it_must_be(path: Path) -> None:
    limit = LIMITS.get(path.stem, DEVICE)
    done = analyze("security", "--offline=true", f"--threshold={limit}", str(path))
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "switch", ["NoNewPrivileges=yes", "SystemCallFilter=@system-service", "ProtectSystem=strict"]
)
def test_without_a_switch_it_would_be_too_exposed(tmp_path: Path, switch: str) -> None:
    """What holds the limit is seen to hold it."""
    text = (UNITS / "box/system/haidang-vitals.service").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(switch)]
    (tmp_path / "haidang-vitals.service").write_text("\n".join(lines))
    done = analyze(
        "security", "--offline=true", f"--threshold={DEVICE}", str(tmp_path / "haidang-vitals.service")
    )
    assert done.returncode != 0


def test_the_readme_has_the_score_of_each_unit() -> None:
    text = (UNITS / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(haidang-[a-z-]+)` \|.*\| ([0-9.]+) \|$", text, re.MULTILINE))
    for path in SERVICES:
        said = analyze("security", "--offline=true", str(path)).stdout.splitlines()[-1]
        assert f"{path.name}: {told[path.stem]} " in said


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_every_unit_starts_a_command_that_there_is(path: Path) -> None:
    starts = [line for key in ("ExecStart", "ExecStartPre") for line in unit(path).get(f"Service.{key}", [])]
    for line in starts:
        for program, verb in re.findall(r"/usr/bin/haidang-(edge|hub) ([a-z-]+)", line):
            commands = (edge_app if program == "edge" else hub_app).registered_commands
            named = {one.name or one.callback.__name__.replace("_", "-") for one in commands if one.callback}
            services = edge_services if program == "edge" else {}
            assert verb in {*named, *services}, line


def test_the_screen_needs_none_of_our_services() -> None:
    """It shows the enrolment's number while the panel waits for the end of that; it needs a screen."""
    keys = unit(UNITS / "box/system/haidang-kiosk.service")
    screen = ["dev-haidang-screen.device"]
    assert keys["Unit.After"] == keys["Unit.BindsTo"] == screen
    assert not {"Unit.Requires", "Unit.PartOf"} & set(keys)
    assert keys["Unit.ConditionFileIsExecutable"] == ["/usr/bin/cage"]
    assert int(keys["Service.OOMScoreAdjust"][0]) > 500, "memory is taken from the browser first"


STAYING: Final = ("vitals", "network", "panel", "kiosk", "hub", "mosquitto", "front", "relay")


@pytest.mark.parametrize("name", STAYING)
def test_what_stays_is_started_again_for_ever(name: str) -> None:
    (path,) = UNITS.glob(f"*/system/haidang-{name}.service")
    keys = unit(path)
    assert keys["Service.Restart"] == ["always"]
    assert keys["Unit.StartLimitIntervalSec"] == ["0"]
    assert float(keys["Service.RestartSec"][0]) <= 5


@pytest.mark.parametrize(("name", "limit_s"), [("vitals", 30), ("video", 20), ("network", 60), ("hub", 60)])
def test_what_hangs_is_ended(name: str, limit_s: int) -> None:
    (path,) = UNITS.glob(f"*/system/haidang-{name}.service")
    keys = unit(path)
    assert keys["Service.Type"] == ["notify"]
    assert keys["Service.WatchdogSec"] == [str(limit_s)]


def test_a_slow_start_of_video_is_awaited_as_long_as_it_is_let() -> None:
    """Who gives up sooner begins it anew, and on a machine that is slow once it never comes to its end."""
    service = unit(UNITS / "box/system/haidang-video.service")
    assert float(service["Service.TimeoutStartSec"][0]) == START_S


def test_a_picture_can_never_starve_a_heartbeat() -> None:
    vitals, video = (unit(UNITS / f"box/system/haidang-{name}.service") for name in ("vitals", "video"))
    for weight in ("CPUWeight", "IOWeight"):
        assert int(vitals[f"Service.{weight}"][0]) > 10 * int(video[f"Service.{weight}"][0])
    assert int(vitals["Service.OOMScoreAdjust"][0]) < 0 < int(video["Service.OOMScoreAdjust"][0])
    assert vitals["Service.MemoryMin"] == ["96M"]  # its own 90 MB stay in memory, whatever others take
    assert video["Service.MemoryMax"] == ["400M"]
    assert "Service.Slice" not in vitals | video, "each in a cgroup of its own, side by side"


TEMPLATE: Final = UNITS / "box/haidang/box.toml"


def enrolled_box(folder: Path) -> BoxConfig:
    """Return the configuration of a box that has enrolled itself where these units are."""
    file = folder / "data/haidang/box.toml"
    file.parent.mkdir(parents=True)
    before = TEMPLATE.read_text(encoding="utf-8")
    file.write_text(enrolled_config(before, station="con-dao-01", box=1, host="hub.example.vn", port=8883))
    return read_config(file)


def test_a_call_is_encrypted_within_what_the_unit_of_video_may_do() -> None:
    """As systemd denies it: what is written in memory is never run (PR_SET_MDWE of Linux 6.3)."""
    service = unit(UNITS / "box/system/haidang-video.service")
    is_denied = service.get("Service.MemoryDenyWriteExecute") == ["yes"]
    deny = "assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0" if is_denied else "pass"
    begin = "RTCCertificate.generateCertificate()._create_ssl_context(SRTP_PROFILES)"
    libraries = "import ctypes\nfrom aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate"
    command = [sys.executable, "-c", f"{libraries}\n{deny}\n{begin}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_enrolled_boxs_configuration_means_the_places_of_the_units(tmp_path: Path) -> None:
    config = enrolled_box(tmp_path)
    vitals, video = (unit(UNITS / f"box/system/haidang-{name}.service") for name in ("vitals", "video"))
    (video_socket,) = unit(UNITS / "box/system/haidang-video.socket")["Socket.ListenStream"]
    assert config.sockets.video == config.video_socket == Path(video_socket)
    assert video["Service.StandardInput"] == ["socket"]
    assert config.picture_socket.parent == Path("/run") / video["Service.RuntimeDirectory"][0]
    writable = vitals["Service.ReadWritePaths"][0].split()
    assert {str(config.data_dir), str(config.control_socket.parent)} <= set(writable)
    (wanted,) = unit(UNITS / "box/system/haidang-restart.path")["Path.PathExists"]
    assert config.restart_command == ("touch", wanted)


def test_the_key_comes_as_systemd_names_what_it_copies(tmp_path: Path) -> None:
    config = enrolled_box(tmp_path)
    vitals = unit(UNITS / "box/system/haidang-vitals.service")
    (credential,) = vitals["Service.LoadCredential"]
    name, _, source = credential.partition(":")
    assert config.key.parent == config.certificate.parent == tmp_path / source[1:]
    given = tmp_path / f"{name}_{config.key.name}"  # systemd.exec(5): a folder's files, by both names
    assert with_credentials(config, tmp_path).key == config.key, "systemd has copied nothing"
    assert with_credentials(config, None).key == config.key
    given.write_bytes(b"key")
    assert with_credentials(config, tmp_path).key == given


def test_who_asks_for_the_name_of_this_boot_may_read_it() -> None:
    """ProcSubset=pid hides it (proc(5), subset=pid)."""
    for path in SERVICES:
        verb = next(iter(re.findall(r"haidang-edge ([a-z-]+)", path.read_text(encoding="utf-8"))), "")
        if verb in ("vitals", "video", "panel", "enrol"):
            assert "Service.ProcSubset" not in unit(path), path.name


def arguments_of(path: Path) -> list[str]:
    (line,) = unit(path)["Service.ExecStart"]
    return line.split()[1:]


@pytest.mark.parametrize("name", ["enrol", "renew", "factory-return", "place"])
def test_a_unit_says_nothing_that_its_command_does_not_know(name: str, tmp_path: Path) -> None:
    """`--help` comes last: all before it has been understood."""
    words = arguments_of(UNITS / f"box/system/haidang-{name}.service")
    said = CliRunner().invoke(edge_app, [*words, "--help"])
    assert said.exit_code == 0, said.output
    for option in (word for word in words if word.startswith("--")):
        assert option in said.output


@pytest.mark.parametrize("name", sorted(edge_services))
def test_a_service_is_started_as_its_unit_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = arguments_of(UNITS / f"box/system/haidang-{name}.service")
    assert words[0] == name
    with pytest.raises(SystemExit, match="0"):
        edge_main([*words, "--help"])
    assert f"usage: edge {name}" in capsys.readouterr().out


def test_the_next_certificate_is_asked_for_after_each_start_and_every_day() -> None:
    timer = unit(UNITS / "box/system/haidang-renew.timer")
    assert (timer["Timer.OnCalendar"], timer["Timer.Persistent"]) == (["daily"], ["yes"])
    assert {"Timer.OnBootSec", "Timer.RandomizedDelaySec"} <= set(timer)
    assert "haidang-renew.timer" in wanted_by_the_target()
    service = unit(UNITS / "box/system/haidang-renew.service")
    assert service["Service.User"] == ["haidang-enrol"], "whose the keys are"
    assert service["Service.Restart"] == ["on-failure"], "a hub that is away is asked again"


def test_a_factory_return_comes_before_whatever_opens_the_spool() -> None:
    path = UNITS / "box/system/haidang-factory-return.service"
    keys = unit(path)
    before = set(keys["Unit.Before"][0].split())
    assert {f"haidang-{name}.service" for name in ("folders", "enrol", "vitals", "panel")} <= before
    boot = Path(arguments_of(path)[-1])
    config = Path(arguments_of(path)[-3])
    conditions = keys["Unit.ConditionPathExists"]
    assert conditions == [f"|{boot / REQUEST_NAME}", f"|{config.with_name(FACTORY_MARK)}"]
    for name in ("enrol", "vitals"):
        needs = unit(UNITS / f"box/system/haidang-{name}.service")
        assert path.name in needs["Unit.Requires"][0].split(), name


def test_the_same_mark_is_made_and_looked_for() -> None:
    """What happens with it: test_units_begin.py."""
    enrol = unit(UNITS / "box/system/haidang-enrol.service")
    mark = Path(arguments_of(UNITS / "box/system/haidang-enrol.service")[-1])
    assert mark.parent == Path("/run") / enrol["Service.RuntimeDirectory"][0]
    assert enrol["Service.RemainAfterExit"] == ["yes"], "the folder goes with it"
    assert unit(UNITS / "box/system/haidang-station.path")["Path.PathExists"] == [str(mark)]
    for name in ("vitals.service", "network.service", "panel.service", "station.target"):
        condition = unit(UNITS / f"box/system/haidang-{name}")["Unit.ConditionPathExists"]
        assert condition == [str(mark)], name


def test_what_the_engineer_set_is_there_before_anything_reads_it() -> None:
    path = UNITS / "box/system/haidang-place.service"
    keys = unit(path)
    before = set(keys["Unit.Before"][0].split())
    assert {f"haidang-{name}.service" for name in ("enrol", "network", "vitals", "panel")} <= before
    assert "NetworkManager.service" in before
    assert {"haidang-factory-return.service", "haidang-folders.service"} <= set(keys["Unit.After"][0].split())
    assert path.name in wanted_by_the_target()
    needed = [unit(other).get("Unit.Requires", [""])[0].split() for other in SERVICES]
    assert not any(path.name in names for names in needed), "what is wrong with it stops nothing"
    assert keys["Unit.ConditionPathExists"] == [f"{BOOT_FOLDER / PLACE_NAME}"]
    assert keys["Service.ReadWritePaths"] == [f"{DATA_FOLDER} {NETWORKS_FOLDER} -{BOOT_FOLDER}"]
    made = {line[1]: line[2:5] for line in table(UNITS / FOLDERS["box"][1]) if line[0] == "d"}
    assert made[str(NETWORKS_FOLDER)] == ["0700", "root", "root"], "NetworkManager reads no other's"
    kept = (ROOT / "images/recipe/files/usr/lib/NetworkManager/conf.d/50-card.conf").read_text()
    assert f"path={NETWORKS_FOLDER}\n" in kept


def test_whoever_gives_files_to_others_may_call_what_does_it() -> None:
    """@privileged has @chown in it: systemd.exec(5), SystemCallFilter=."""
    for path in SERVICES:
        keys = unit(path)
        if "CAP_CHOWN" in keys.get("Service.CapabilityBoundingSet", [""])[0].split():
            lines = keys["Service.SystemCallFilter"]
            forbidden = [number for number, line in enumerate(lines) if line.startswith("~@privileged")]
            assert not forbidden or "@chown" in lines[forbidden[-1] + 1 :], path.name


def test_two_alone_may_write_to_the_boot_partition() -> None:
    for path in (path for path in SERVICES if "box" in path.parts):
        keys = unit(path)
        writes = f"-{BOOT_FOLDER}" in keys.get("Service.ReadWritePaths", [""])[0]
        assert writes == (path.stem in ("haidang-place", "haidang-factory-return")), path.name
        assert keys.get("Service.ProtectSystem", ["strict"]) == ["strict"], path.name


def wanted_by_the_target() -> set[str]:
    lines = unit(UNITS / "box/system/haidang.target")["Unit.Wants"]
    return {name for line in lines for name in line.split()}


def table(path: Path) -> list[list[str]]:
    """Return the words of each line of a sysusers.d or tmpfiles.d file, texts in quotes as one."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [[quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)] for line in lines]


@pytest.mark.parametrize("name", ["front", "relay"])
def test_who_speaks_with_strangers_is_nobody_of_the_hubs_and_is_given_what_the_hub_writes(
    name: str, tmp_path: Path
) -> None:
    keys = unit(UNITS / f"hub/system/haidang-{name}.service")
    assert keys["Service.DynamicUser"] == ["yes"]
    given = {Path(line.partition(":")[2]) for line in keys["Service.LoadCredential"]}
    assert given | {Path(keys["Unit.ConditionPathExists"][0])} == given
    (tmp_path / "hub.toml").write_text('[console]\nnames = ["h.vn"]\n[front]\naddress = "10.1.2.3"\n')
    Authority(tmp_path / "pki").make(names=(), now=datetime.now(UTC))
    front_config(tmp_path / "front", tmp_path / "hub.toml")
    assert {path.name for path in given} <= {path.name for path in (tmp_path / "front").iterdir()}
    for word in re.findall(r"\$\{CREDENTIALS_DIRECTORY\}/(\S+)", keys["Service.ExecStart"][0]):
        assert word in {path.name for path in given}


def test_users_have_the_numbers_that_the_card_knows() -> None:
    lines = table(UNITS / "box/sysusers.d/haidang.conf")
    assert {line[1]: line[2] for line in lines if line[0] == "u"} == {
        "haidang": "7401",
        "haidang-video": "7402",
        "haidang-panel": "7403",
        "haidang-enrol": "7404",
        "haidang-network": "7405",
    }


@pytest.mark.parametrize("side", SIDES)
def test_every_user_of_a_unit_or_a_folder_is_made(side: str) -> None:
    (users,) = (UNITS / side / "sysusers.d").iterdir()
    made = {line[1] for line in table(users) if line[0] in "ug"} | {"systemd-timesync", "-", "root"}
    for folders in FOLDERS[side]:
        assert {word for line in table(UNITS / folders) for word in line[3:5]} <= made
    for path in (UNITS / side / "system").glob("*.service"):
        keys = unit(path)
        if "Service.DynamicUser" not in keys:
            assert keys.get("Service.User", ["root"])[0] in made, path.name


def carried_out(program: str, *arguments: str, lines: str) -> None:
    done = subprocess.run(
        [program, *arguments, "-"], input=lines, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("side", SIDES)
def test_systemd_makes_users_and_folders_of_them(side: str, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr/lib/haidang").mkdir(parents=True)
    shutil.copy(TEMPLATE, tmp_path / "usr/lib/haidang")
    (users,) = (UNITS / side / "sysusers.d").iterdir()
    lines = users.read_text() + "u systemd-timesync -\n"
    carried_out("systemd-sysusers", f"--root={tmp_path}", lines=lines)
    for path in FOLDERS[side]:  # ACLs name users, whom a running system alone knows by their names
        wanted = [line for line in (UNITS / path).read_text().splitlines() if not line.startswith("a+")]
        carried_out("systemd-tmpfiles", f"--root={tmp_path}", "--create", lines="\n".join(wanted) + "\n")
    if side == "box":
        assert re.search("^haidang:x:7401:", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)
        spool = (tmp_path / "data/haidang/spool").stat()
        assert (spool.st_uid, spool.st_mode & 0o7777) == (7401, 0o711)
        box = (tmp_path / "data/haidang/box.toml").stat()
        assert (box.st_uid, box.st_mode & 0o7777) == (7404, 0o644), "enrolment writes it, all of ours read it"
        assert (tmp_path / "run/haidang").stat().st_mode & 0o7777 == 0o2751


def test_what_is_said_aloud_can_be_read_by_video_whatever_the_umask(tmp_path: Path) -> None:
    """The ACL, for a user that this machine has, as the file system carries it out."""
    lines = (UNITS / FOLDERS["box"][1]).read_text().splitlines()
    (line,) = [one for one in lines if one.startswith("a+") and "/prompts " in one]
    folder = tmp_path / "prompts"
    folder.mkdir(mode=0o700)
    acl = line.split()[-1].replace("haidang-video", "nobody")
    carried_out("systemd-tmpfiles", "--create", lines=f"a+ {folder} - - - - {acl}\n")
    before = os.umask(0o077)
    try:
        (folder / "ringing.wav").write_bytes(b"RIFF")
    finally:
        os.umask(before)
    assert (folder / "ringing.wav").stat().st_mode & 0o040, "the mask of the ACL lets the user read"
    assert b"\x02\x00\x04\x00" in os.getxattr(folder / "ringing.wav", "system.posix_acl_access"), "user: r"


def test_the_classes_of_devices_that_units_allow_are_loaded_before() -> None:
    modules = (UNITS / "box/modules-load.d/haidang.conf").read_text().split("\n")
    makes = {"ttyUSB": "ftdi_sio", "ttyACM": "cdc_acm", "video4linux": "uvcvideo", "alsa": "snd_usb_audio"}
    allowed = "\n".join(path.read_text() for path in SERVICES)
    for name, module in makes.items():
        assert f"DeviceAllow=char-{name} " in allowed
        assert module in modules


def test_the_toml_of_the_box_is_toml() -> None:
    assert set(tomllib.loads(TEMPLATE.read_text())) == {"data_dir", "sockets", "commands"}
