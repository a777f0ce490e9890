"""`hub front-config`: what HAProxy and coturn are told."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.config import read_config
from hub.front.coturn import coturn_config
from hub.front.haproxy import haproxy_config
from hub.front.relay import relay_secret
from hub.pki.authority import Authority
from hub.pki.files import read_file, write_file

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")
FRONT: Final = "haproxy.cfg"
RELAY: Final = ("turnserver.conf", "relay.crt", "relay.key")


def front_config(
    out: Annotated[Path, typer.Option(help="Folder for what HAProxy and coturn read.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write the configuration of the one port: haproxy -f OUT/haproxy.cfg, and turnserver -c
    OUT/turnserver.conf --cert OUT/relay.crt --pkey OUT/relay.key. Without [front] in hub.toml what was
    there is taken away.
    """
    settings = read_config(config)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.front is None:
        for name in (FRONT, *RELAY):
            (out / name).unlink(missing_ok=True)
        typer.echo(f"{settings.path} has no [front]: every service stays at a port of its own")
        return
    certificate, key = Authority(settings.pki_folder).pair("broker")
    relay = coturn_config(settings.front, secret=relay_secret(settings))
    write_file(out / FRONT, haproxy_config(settings, settings.front).encode(), mode=0o644)
    for name, data in zip(RELAY, (relay.encode(), read_file(certificate), read_file(key)), strict=True):
        write_file(out / name, data, mode=0o600)
    typer.echo(f"{os.fspath(out / FRONT)} {os.fspath(out / RELAY[0])}")
