"""The bridge's command line: `./run device …`."""

import signal

import typer

from firmware_bridge.terminal.bytes_cli import bytes_app
from firmware_bridge.terminal.ports_cli import ports_app

device_app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Instruments on the serial ports of this machine."
)
device_app.add_typer(ports_app)
device_app.add_typer(bytes_app)

if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends it without a word
    device_app(prog_name="device")
