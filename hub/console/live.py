"""The socket of a station's live view: history first, then what comes. Source: docs/live.md."""

import asyncio
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from hub.console.guard import account_of, is_own_origin
from hub.console.guests import guest_at
from hub.console.page import rooms_of
from hub.live.viewers import Viewer

POLICY_VIOLATION: Final = 1008
TRY_AGAIN_LATER: Final = 1013
SESSION_CHECK_S: Final = 15.0


async def serve_view(socket: WebSocket) -> None:
    """Send a view until the page goes away, its session ends or it no longer reads."""
    rooms = rooms_of(socket)
    try:
        station = parse_station(socket.path_params["station"])
    except RefusedError:
        await socket.close(POLICY_VIOLATION)
        return
    is_allowed = is_own_origin(socket, is_required=True) and rooms.stations.knows(station)
    if not is_allowed or not await _may_see(socket, station):
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    awake = asyncio.Event()
    viewer = Viewer(station, wake=awake.set)
    rooms.watch(viewer)
    sending = asyncio.create_task(_send(socket, viewer, awake), name=f"view of {station}")
    try:
        await rooms.feed.begin_view(viewer)
        while not sending.done():
            try:
                async with asyncio.timeout(SESSION_CHECK_S):
                    await socket.receive_bytes()  # a page only listens: this waits for its going
            except TimeoutError:
                if not await _may_see(socket, station):
                    await socket.close(POLICY_VIOLATION)
                    return
            except KeyError:
                continue  # a text; nothing is asked of us
    except WebSocketDisconnect:
        pass
    finally:
        rooms.viewers.remove(viewer)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _may_see(socket: WebSocket, station: StationId) -> bool:
    """Whether somebody with an account asks, or the guest of that station's call."""
    has_account = await account_of(socket, rooms_of(socket).people) is not None
    return has_account or await guest_at(socket, station) is not None


async def _send(socket: WebSocket, viewer: Viewer, awake: asyncio.Event) -> None:
    while not viewer.is_hopeless:
        await awake.wait()
        awake.clear()
        while (message := viewer.take()) is not None:
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_text(message)
    await socket.close(TRY_AGAIN_LATER)
