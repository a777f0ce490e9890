"""The operator's picture for the page of `edge panel` (shell): a frame for each question, and none beside.

One Unix socket, one reader. It asks with a byte and is given the length (u32, little-endian) of a JPEG and
the JPEG, once there is a newer frame than it had; a length of 0: nobody is to be seen. Nothing is coded while
nobody asks, and what a slow reader misses is never coded.
"""

import contextlib
import io
import logging
import os
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)

WATCHED_S: Final = 3.0  # since it asked last, it still looks
WAIT_S: Final = 2.0  # for a newer frame; then it is told that there is none to be seen
JPEG_QUALITY: Final = 75
WIDTH_MAX: Final = 640
_LENGTH: Final = struct.Struct("<I")


class PanelScreen:
    """Shows the newest frame to whoever asks. `is_watched`: somebody has asked lately."""

    def __init__(self, path: Path) -> None:
        self._changed = threading.Condition()
        self._newest: Any = None  # an `av.VideoFrame`; None: nobody is to be seen
        self._number = 0  # of what is shown, a cleared screen included
        self._asked_s: float | None = None
        self._listener = _listen(path)
        threading.Thread(target=self._serve, name="picture", daemon=True).start()

    @property
    def is_watched(self) -> bool:
        """Whether the panel shows it."""
        asked_s = self._asked_s
        return asked_s is not None and time.monotonic() - asked_s < WATCHED_S

    def show(self, frame: Any) -> None:
        """Show this frame; one that another overtakes is never shown."""
        with self._changed:
            self._newest = frame
            self._number += 1
            self._changed.notify()

    def clear(self) -> None:
        """Nobody is to be seen any more."""
        self.show(None)

    def _serve(self) -> None:
        while True:
            try:
                reader, _ = self._listener.accept()
                with reader:
                    self._answer(reader)
            except OSError as error:
                log.debug("the panel went: %s", error)
            except Exception:  # a frame that cannot be shown costs neither the next one nor the call
                log.exception("the operator's picture was not shown")
                time.sleep(1.0)

    def _answer(self, reader: socket.socket) -> None:
        told = -1
        while reader.recv(1):
            self._asked_s = time.monotonic()
            with self._changed:
                self._changed.wait_for(lambda told=told: self._number != told, timeout=WAIT_S)  # type: ignore[misc]
                is_new, told, frame = self._number != told, self._number, self._newest
            data = jpeg(frame) if is_new and frame is not None else b""
            self._asked_s = time.monotonic()
            reader.sendall(_LENGTH.pack(len(data)) + data)


def jpeg(frame: Any) -> bytes:
    """Return an `av.VideoFrame` as a JPEG of at most WIDTH_MAX pixels a line."""
    width = min(frame.width, WIDTH_MAX)
    data = io.BytesIO()
    height = round(frame.height * width / frame.width)
    frame.to_image(width=width, height=height).save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()


def _listen(path: Path) -> socket.socket:
    """Raises OSError: it cannot listen there."""
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:  # below the 108 bytes that the kernel takes, however deep the folder lies
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o660)
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener
