"""The box's command line, but for the services, which edge/__main__.py starts."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from edge.advice.cli import advice_app
from edge.call.call_facts import CallFacts
from edge.config import BoxConfig, read_config
from edge.control_service import ask
from edge.desired.lines import configuration_lines
from edge.enrolment.cli import enrol
from edge.errors import BoxError, ControlError, DeviceError
from edge.factory.cli import factory_return
from edge.health.report import NO_CALL, Finding, Report
from edge.health.self_test import SelfTestNow, SelfTestState
from edge.place.cli import place
from edge.prompts.cli import prompts_app
from edge.spool.cli import spool_app
from edge.spool.seal_service import read_enrolled_key

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The box of a station.",
    epilog="Services, which systemd starts: vitals, video, panel, network; each with --config FILE.",
)
call = typer.Typer(no_args_is_help=True, help="The call of this station.")
visit = typer.Typer(no_args_is_help=True, help="Who is being seen.")
app.add_typer(call, name="call")
app.add_typer(visit, name="visit")
camera = typer.Typer(no_args_is_help=True, help="The camera, in the call of now.")
app.add_typer(camera, name="camera")
device = typer.Typer(no_args_is_help=True, help="The instruments of this station.")
app.add_typer(device, name="device")
clock = typer.Typer(no_args_is_help=True, help="What time it is.")
app.add_typer(advice_app)
app.add_typer(spool_app)
app.add_typer(prompts_app)
app.add_typer(clock, name="time")
app.command("enrol")(enrol)
app.command("factory-return")(factory_return)
app.command("place")(place)
out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The box's TOML file.")]
ASK_EVERY_S = 0.5
DEFAULT_CONFIG = Path("/etc/haidang/box.toml")


@app.command("check-devices", hidden=True)
def check_the_devices(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Try camera, sound and printer and print what was found, as JSON. Started by the self-test."""
    from edge.video.device_check_service import check_devices

    findings = [finding.model_dump() for finding in check_devices(_read(config))]
    print(json.dumps(findings))


@app.command("self-test")
def test_the_box(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Try card, camera, sound, lamp, link and hub now; a tone is played. A press ends it at once."""
    settings = _read(config)
    _do(settings, "self-test", "the box tests itself: a tone, a blinking lamp …")
    try:
        while True:
            time.sleep(ASK_EVERY_S)
            now = SelfTestNow.model_validate(_ask(settings, "self-test now"))
            if now.state == SelfTestState.QUIET.name:
                break
    except BoxError as error:
        err.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if now.result is None:
        err.print("broken off: a call came first")
        raise typer.Exit(1)
    _print_findings(f"Self-test of {settings.station}", now.result)
    raise typer.Exit(1 if now.ill else 0)


def _print_findings(title: str, findings: Iterable[Finding]) -> None:
    table = Table(title=title, show_header=False, box=None, padding=(0, 1))
    for finding in findings:
        remedy = "" if finding.is_well else f"→ {finding.remedy}"
        table.add_row("✓" if finding.is_well else "✗", finding.part, f"{finding.text}\n{remedy}".strip())
    out.print(table, highlight=False, markup=False)


@app.command()
def doctor(
    config: ConfigFile = DEFAULT_CONFIG,
    sound: Annotated[bool, typer.Option("--sound", help="Play a tone, and hear it.")] = False,
) -> None:
    """Say what the box sees — devices, clock, spool, link, hub — and what to do about each fault."""
    settings = _read(config)
    if sound:
        _check_sound(settings)
    try:
        read_enrolled_key(settings.seal_key)
        report = Report.model_validate(_ask(settings, "doctor")["report"])
    except BoxError as error:
        err.print(f"[bold]✗[/bold] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    _print_findings(f"Station {report.station}", report.findings)
    raise typer.Exit(0 if report.is_well else 1)


def _check_sound(settings: BoxConfig) -> NoReturn:
    """Play a tone through the configured loudspeaker: the configured microphone must hear it."""
    from edge.video.voice.sound_check_service import check_sound

    try:
        with contextlib.suppress(ControlError):  # `edge vitals` does not run, so nobody has the sound
            report = Report.model_validate(_ask(settings, "doctor")["report"])
            if any(finding.part == "call" and finding.text != NO_CALL for finding in report.findings):
                raise DeviceError("busy", "a call has microphone and loudspeaker; try again when it is over")
        out.print("a tone for a second …")
        heard = check_sound(settings.video)
    except DeviceError as error:
        err.print(f"✗ {error.state}: {error}", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1) from None
    is_well = not heard.remedy
    out.print(f"{'✓' if is_well else '✗'} {heard.text}", highlight=False, soft_wrap=True, markup=False)
    if not is_well:
        out.print(f"→ {heard.remedy}", highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(0 if is_well else 1)


@app.command("config")
def show_config(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Say what the engineer set here, what the hub wants, and what is in force."""
    try:
        answer = _ask(_read(config), "configuration")
    except BoxError as error:
        err.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    for line in configuration_lines(answer):
        out.print(line, highlight=False, soft_wrap=True, markup=False)


@call.command("cancel")
def cancel_call(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Cancel the open call; the hub still looks at it."""
    _do(_read(config), "cancel call", "the call is cancelled")


@call.command("show")
def show_call(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Say how the call stands, and whether the hub calls."""
    try:
        facts = CallFacts.model_validate(_ask(_read(config), "call"))
    except BoxError as error:
        err.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    for line in facts.lines():
        out.print(line, highlight=False, soft_wrap=True, markup=False)


@call.command("accept")
def accept_call(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Answer the hub's ring, as the button does."""
    _do(_read(config), "accept call", "the ring is answered")


@call.command("decline")
def decline_call(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Do not take the hub's ring; the hub is told."""
    _do(_read(config), "decline call", "the ring is declined")


@call.command("raise")
def raise_call(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Make the open call an emergency, as holding the button for two seconds does."""
    _do(_read(config), "raise call", "the call is an emergency")


@call.command("practice")
def practise(
    kind: Annotated[str, typer.Argument(help="drill: a whole call; test: only the way; off: none.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """The next press within ten minutes is practice; the one after it is real."""
    done = "the next press is real" if kind == "off" else f"the next press within ten minutes is a {kind}"
    _do(_read(config), "practice", done, kind=kind)


@visit.command("next")
def next_person(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """The next person comes: nothing of the one before is theirs."""
    _do(_read(config), "next person", "the visit is closed; the next begins with the next signal")


@camera.command("off")
def close_camera(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Close the camera until the call is over; voice goes on."""
    _do(_read(config), "camera", "the camera is off for this call", is_allowed=False)


@camera.command("on")
def allow_camera(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Allow the camera again."""
    _do(_read(config), "camera", "the camera may be opened", is_allowed=True)


@device.command("confirm")
def confirm_device(
    name: Annotated[str, typer.Argument(help="The name for the time being, as `edge doctor` shows it.")],
    is_device: Annotated[
        str | None, typer.Option("--is", help="Which device it is; without it, a new one.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Say which device it is, where nobody can tell: what it measures counts from then on."""
    done = f"{name} is {is_device or 'a new device'}; what it measured before stays held apart"
    _do(_read(config), "confirm device", done, device=name, is_device=is_device)


@device.command("forget")
def forget_device(
    name: Annotated[
        str, typer.Argument(help="The name of the device, as the console or `edge doctor` shows it.")
    ],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Say that a device will not come back: nobody is asked any more whether another is it."""
    _do(_read(config), "forget device", f"{name} is forgotten; plugged in, it is a new device", device=name)


@clock.command("set")
def set_time(
    text: Annotated[str, typer.Argument(help="Such as 2026-11-26T14:05; Vietnam's time.")],
    within: Annotated[int, typer.Option(help="Seconds by which it may be wrong.")] = 60,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Tell the hub what time it is, where no network does. No clock of the box is changed."""
    _do(_read(config), "time", "the hub will be told", text=text, within_s=within)


def _do(settings: BoxConfig, name: str, done: str, **details: object) -> None:
    try:
        _ask(settings, name, **details)
    except BoxError as error:
        err.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    out.print(done)


def _ask(settings: BoxConfig, name: str, **details: object) -> dict[str, object]:
    return asyncio.run(ask(settings.control_socket, name, **details))


def _read(config: Path) -> BoxConfig:
    try:
        return read_config(config)
    except BoxError as error:
        err.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
