"""The socket of a call's page: what it says to the room, what the room says to it. Source: docs/media.md."""

import asyncio
import json
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from contract.errors import RefusedError
from contract.ids import CallId
from hub.console.guard import account_of, is_own_origin
from hub.console.guests import visitor_of
from hub.console.live import POLICY_VIOLATION, SESSION_CHECK_S
from hub.console.page import rooms_of
from hub.console.words import Words, language_of
from hub.rooms.direct import Why
from hub.rooms.page_line import PageLine
from hub.rooms.page_messages import ToPage

NORMAL: Final = 1000
CLOSED_BY_THE_PAGE: Final = frozenset({1000, 1001})  # it said so; 1005 is what uvicorn says of a lost one too
WORDS: Final = {
    Why.NO_ANSWER: "Trạm chưa trả lời: chưa có ảnh.",
    Why.DAMAGED: "Ảnh bị hỏng trên đường truyền. Hãy chụp lại.",
    Why.TOO_MANY: "Quá nhiều ảnh đang chờ hoặc đã có: chưa chụp ảnh này.",
}


async def serve_media(socket: WebSocket) -> None:
    """Serve a page of somebody in the call until it goes, another one comes, or the call is over."""
    rooms = rooms_of(socket)
    name = await _who(socket) if is_own_origin(socket, is_required=True) else None
    call_id = _call_in_path(socket)
    if name is None or call_id is None:
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    if not rooms.media.may_come(call_id, name):  # the page is told, or it would come again and again
        await socket.send_text(json.dumps({"type": "ended", "reason": "over"}))
        await socket.close(NORMAL)
        return
    awake = asyncio.Event()
    line = PageLine(call_id, name, wake=awake.set, now_s=rooms.hub.now_s())
    close_page = rooms.open_page(name)
    sending = asyncio.create_task(_send(socket, line, awake), name=f"media of {call_id}")
    is_for_good = False
    try:
        is_for_good = await _hear(socket, line, sending)
    finally:
        close_page()
        rooms.media.left(line, is_for_good=is_for_good)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _who(socket: WebSocket) -> str | None:
    """Return who asks: an account, or the guest of the call that the address names."""
    account = await account_of(socket, rooms_of(socket).people)
    if account is not None:
        return account.name
    visitor = await visitor_of(socket)
    return visitor.name if visitor is not None and visitor.call_id == _call_in_path(socket) else None


def _call_in_path(socket: WebSocket) -> CallId | None:
    try:
        return CallId.parse(socket.path_params["call"])
    except RefusedError:
        return None


async def _hear(socket: WebSocket, line: PageLine, sending: asyncio.Task[None]) -> bool:
    """Take what the page says until it goes; return whether it said that it goes."""
    rooms = rooms_of(socket)
    check_at_s = rooms.hub.now_s() + SESSION_CHECK_S
    try:
        while not sending.done():
            text = None
            try:
                async with asyncio.timeout(SESSION_CHECK_S):
                    text = await socket.receive_text()
            except TimeoutError:
                pass
            except KeyError:
                line.refuse("expected a text")
            if rooms.hub.now_s() >= check_at_s:  # also of a page that never stops talking
                if await _who(socket) != line.operator:
                    await socket.close(POLICY_VIOLATION)
                    return True
                check_at_s = rooms.hub.now_s() + SESSION_CHECK_S
            if text is not None:
                rooms.media.hear(line, text)
    except WebSocketDisconnect as gone:
        if not line.is_over:
            return gone.code in CLOSED_BY_THE_PAGE
    return line.refused_count > 0  # we closed it: for nonsense for good, for being slow until it is back


async def _send(socket: WebSocket, line: PageLine, awake: asyncio.Event) -> None:
    words = Words(language_of(socket))
    while True:
        awake.clear()
        while (message := line.take()) is not None:
            await socket.send_text(json.dumps(_in_words(message, words)))
        if line.is_over:
            await socket.close(NORMAL)
            return
        await awake.wait()


def _in_words(message: ToPage, words: Words) -> ToPage:
    """Put what the hub itself has to say into the page's language; the box's texts stay as they are."""
    why = message.pop("why", None)
    return message if why is None else {**message, "text": words(WORDS[why])}
