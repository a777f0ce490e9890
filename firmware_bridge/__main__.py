"""The bridge's command line: `./run device …`."""

from firmware_bridge.cli import device_app

device_app(prog_name="device")
