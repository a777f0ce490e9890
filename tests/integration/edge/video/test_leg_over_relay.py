"""A leg through coturn, where nothing else passes."""

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aioice.ice import get_host_addresses

from contract.media import IceServer
from edge.hub_tls import relay_context
from edge.video.transport.leg import LegState
from hub.pki.authority import Authority
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video.peers import Station, StockPage, until

START_LIMIT_S = 20.0


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[IceServer]:
    """Run coturn, which answers over TLS alone, with a certificate of the hub's own authority."""
    program = shutil.which("turnserver")
    assert program, "no turnserver on PATH: apt-get install coturn"
    address = get_host_addresses(use_ipv4=True, use_ipv6=False)[0]
    with socket.create_server((address, 0)) as free:
        port = free.getsockname()[1]
    authority = Authority(tmp_path / "pki")
    authority.make(names=[address], now=datetime.now(UTC))
    certificate, key = authority.pair("console")
    log = (tmp_path / "turn.log").open("wb")
    settings = ["-n", "--no-cli", "--no-udp", "--no-tcp", "--no-dtls", "--lt-cred-mech", "--fingerprint"]
    settings += [f"--listening-ip={address}", f"--tls-listening-port={port}", f"--relay-ip={address}"]
    settings += ["--realm=haidang", "--user=box:secret", f"--pidfile={tmp_path / 'turn.pid'}"]
    settings += ["--log-file=stdout", f"--userdb={tmp_path / 'turn.db'}"]
    settings += [f"--cert={certificate}", f"--pkey={key}"]
    server = subprocess.Popen([program, *settings], stdout=log, stderr=log, cwd=tmp_path)
    try:
        wait_for_port(address, port)
        yield IceServer(urls=(f"turns:{address}:{port}?transport=tcp",), username="box", credential="secret")
    finally:
        server.kill()
        server.wait()
        log.close()


def wait_for_port(address: str, port: int) -> None:
    deadline_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline_s:
        with suppress(OSError), socket.create_connection((address, port), timeout=1.0):
            return
        time.sleep(0.05)
    raise TimeoutError("coturn does not listen")


@in_a_loop
async def call_through(relay: IceServer, tls: ssl.SSLContext) -> None:
    async with StockPage() as page, Station(ice=[relay], relay_tls=tls) as station:
        offer = await station.leg.offer()
        relayed = [
            line for line in offer.splitlines() if line.startswith("a=candidate") and "typ relay" in line
        ]
        assert relayed
        # The page learns of the relay alone, and the station has no other address to reach the page from.
        only_relay = re.sub(r"a=candidate:[^\r\n]*typ host[^\r\n]*\r\n", "", offer)
        ice = station.leg._up.getTransceivers()[0].receiver.transport.transport._connection  # type: ignore[union-attr]
        for protocol in list(ice._protocols):
            if protocol.local_candidate.type == "host":
                ice._protocols.remove(protocol)
                await protocol.close()
        await station.leg.on_answer(await page.answer(only_relay))
        await until(lambda: station.leg.state is LegState.CONNECTED)
        station.talk()
        await until(lambda: len(page.frames["video"]) > 5 and len(page.frames["audio"]) > 20)
        assert all(pair.local_candidate.type == "relay" for pair in ice._nominated.values())


def test_where_only_tls_to_one_port_passes_a_call_goes_through_the_relay(
    relay: IceServer, tmp_path: Path
) -> None:
    call_through(relay, relay_context((tmp_path / "pki" / "ca.crt").read_bytes()))


@in_a_loop
async def test_a_relay_that_is_not_the_hub_s_is_not_taken(relay: IceServer, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.make(names=(), now=datetime.now(UTC))
    for tls in (None, relay_context(other.ca.read_bytes())):
        async with Station(ice=[relay], relay_tls=tls) as station:
            assert "typ relay" not in await station.leg.offer()
