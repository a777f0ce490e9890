"""The bridge's command line: `./run device …`."""

import logging
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
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: no port is left behind
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    logging.basicConfig(level=logging.ERROR)  # what is the matter with a port is told as an event
    device_app(prog_name="device")
