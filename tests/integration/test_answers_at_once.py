"""What listens for pages writes at once: the body of an answer does not wait until its head has arrived."""

import socket
from dataclasses import replace
from pathlib import Path

from edge.config import PanelConfig
from edge.panel import panel_service
from hub import hub_service
from hub.config import parse_config
from hub.front.listener import FrontListener
from tests.broker import free_port
from tests.unit.edge.test_doctor import CONFIG

# PROXY, version 2: TCP over IPv4, twelve bytes of addresses and ports
HEADER_OF_THE_FRONT = b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11, 0, 12]) + bytes(12)


def waits_for_arrival(listener: socket.socket) -> bool:
    """Whether a connection that is taken there holds a second write back until the first has arrived."""
    listener.listen()
    with socket.create_connection(listener.getsockname(), timeout=30) as browser:
        browser.sendall(HEADER_OF_THE_FRONT)
        taken, _ = listener.accept()
        with taken:
            return not taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_console_s_own_port_does(tmp_path: Path) -> None:
    config = parse_config("", path=tmp_path / "hub.toml")
    with hub_service.listen(replace(config, console=replace(config.console, port=0))) as listener:
        assert not waits_for_arrival(listener)


def test_what_the_front_passes_on_does() -> None:
    with FrontListener(0) as listener:
        assert not waits_for_arrival(listener)


def test_the_panel_of_a_box_does() -> None:
    with panel_service.listen(replace(CONFIG, panel=PanelConfig(port=free_port()))) as listener:
        assert not waits_for_arrival(listener)
