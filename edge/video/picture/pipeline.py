"""The thread between camera and line: takes frames, scales, codes, hands on (shell: threading, time)."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Literal, Protocol

from contract.media import CameraState, PictureMode
from edge.errors import CodecError, DeviceError
from edge.video.codecs.encoder import PictureEncoder, open_encoder
from edge.video.codecs.vpx import CodedPicture, Picture, Plane
from edge.video.media import TRACKS, VIDEO_HZ, EncodedFrame, LinkNow, Track, VoiceMode
from edge.video.picture.plan import PictureNow, PicturePlan, Shot

AGAIN_AFTER_S: Final = 2.0  # a camera that is missing, busy or lost is tried again
STILL_LIMIT_S: Final = 10.0
_STOP_LIMIT_S: Final = 5.0  # a camera's frame blocks for a second at most

log = logging.getLogger(__name__)

Fault = Literal["missing", "busy", "lost"]


class CameraFrame(Protocol):
    """What we use of an `av.VideoFrame`."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def planes(self) -> Sequence[Plane]: ...

    def reformat(self, width: int, height: int, format: str, *, interpolation: str) -> Picture: ...


class Camera(Protocol):
    """An open camera, as `edge/video/picture/camera.py` makes one. Raises DeviceError."""

    def fit(self, box: tuple[int, int]) -> None: ...

    def frame(self) -> CameraFrame: ...

    def still(self) -> bytes: ...

    def close(self) -> None: ...


class PicturePipeline:
    """A camera's pictures, coded for the link of the moment; the camera is open from `start` to `stop`.

    `on_frame` and `on_state` are called from the pipeline's thread. All methods are safe from any thread, and
    only `stop` and `still` block. It may be started again after it was stopped.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        *,
        on_frame: Callable[[EncodedFrame], None],
        on_state: Callable[[CameraState, str], None],
    ) -> None:
        self._open_camera, self._on_frame, self._on_state = open_camera, on_frame, on_state
        self._made_s = time.monotonic()
        self._lock = threading.Condition()  # over all that follows
        self._plan = PicturePlan()
        self._is_allowed = True
        self._run_number = 0  # a thread of an earlier run ends itself
        self._thread: threading.Thread | None = None
        self._stills: list[Future[bytes]] = []
        self._told: tuple[CameraState, str] = ("closed", "")

    @property
    def is_sending(self) -> bool:
        """Whether a picture is on its way: the camera is open, and the link has room for stills at least."""
        with self._lock:
            return self._told[0] == "open" and self._plan.has_room

    def start(self) -> None:
        """Open the camera and begin. Does nothing when it runs."""
        with self._lock:
            if self._thread is not None:
                return
            self._run_number += 1
            self._thread = threading.Thread(
                target=self._run, args=(self._run_number,), name="picture", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Close the camera and end; blocks until the thread has ended, a second or two at most."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._run_number += 1
            self._lock.notify_all()
        if thread is not None:
            thread.join(_STOP_LIMIT_S)
        self._refuse_stills("missing", "the picture has ended")

    def link(self, now: LinkNow) -> VoiceMode:
        """Follow the link; return how voice is to be coded beside this picture.

        To be said at each change, and as often as the queue is known anew.
        """
        with self._lock:
            return self._plan.link(now, now_s=time.monotonic())

    def want_key(self, track: Track) -> None:
        """The other side cannot go on without a keyframe of this track. Asked too often, it is answered less
        often.
        """
        with self._lock:
            self._plan.want_key(track, now_s=time.monotonic())

    def set_mode(self, mode: PictureMode) -> None:
        """What the doctor looks for."""
        with self._lock:
            self._plan.set_mode(mode)

    def set_limits(self, *, max_bps: int | None, max_height: int | None) -> None:
        """The hub wants no more than this of the picture; None: as the link has room for."""
        with self._lock:
            self._plan.set_limits(max_bps=max_bps, max_height=max_height)

    def now(self) -> PictureNow:
        """Return what is sent of the picture, and what bounds it."""
        with self._lock:
            return self._plan.now(now_s=time.monotonic())

    def set_allowed(self, is_allowed: bool) -> None:
        """The nurse's wish: the camera is closed while it is not allowed."""
        with self._lock:
            self._is_allowed = is_allowed
            self._lock.notify_all()

    def still(self) -> bytes:
        """Return a JPEG of the camera's full size. Blocks up to STILL_LIMIT_S: not for the loop.

        Raises DeviceError when there is no picture to be had.
        """
        asked: Future[bytes] = Future()
        with self._lock:
            if self._thread is None:
                raise DeviceError("missing", "the camera is closed")
            self._stills.append(asked)
            self._lock.notify_all()
        try:
            return asked.result(STILL_LIMIT_S)
        except TimeoutError:
            raise DeviceError("lost", "the camera gave no still picture in time") from None

    def _run(self, number: int) -> None:
        while number == self._run_number:
            if not self._is_allowed:
                self._tell("off", "")
                self._refuse_stills("missing", "the camera is switched off at the station")
                self._wait(lambda: self._is_allowed or number != self._run_number, None)
                continue
            try:
                self._film(number)
            except DeviceError as error:
                self._rest(number, error.state, str(error))
            except CodecError as error:
                log.warning("no picture: %s", error)
                self._rest(number, "lost", str(error))
            except Exception:
                log.exception("no picture")
                self._rest(number, "lost", "the picture stopped for a reason that is in the log")
        self._tell("closed", "")

    def _film(self, number: int) -> None:
        camera = self._open_camera()
        coders: dict[Track, _Coder] = {track: _Coder() for track in TRACKS}
        try:
            self._tell("open", "")
            while self._is_allowed and number == self._run_number:
                camera.fit(self._plan.camera_box)
                frame = camera.frame()
                self._take_stills(camera)
                self._send(frame, coders)
        finally:
            for coder in coders.values():
                coder.close()
            camera.close()

    def _send(self, frame: CameraFrame, coders: "dict[Track, _Coder]") -> None:
        now_s = time.monotonic()
        with self._lock:
            shot = self._plan.shot((frame.width, frame.height), now_s=now_s)
        if shot is not None:
            self._code(frame, shot, coders["low"], taken_s=now_s)
        with self._lock:
            high = self._plan.high_shot(now_s=now_s)
        if high is not None:
            self._code(frame, high, coders["high"], taken_s=now_s)

    def _code(self, frame: CameraFrame, shot: Shot, coder: "_Coder", *, taken_s: float) -> None:
        """`taken_s`: when the camera gave the frame."""
        began_s = time.monotonic()
        pts = round((taken_s - self._made_s) * VIDEO_HZ)
        coded = coder.code(frame, shot, pts=pts)
        coded_s = time.monotonic()
        with self._lock:
            self._plan.coded(shot, took_s=coded_s - began_s, now_s=coded_s)
            if coded is not None:
                self._plan.sent(shot, len(coded.data), is_key=coded.is_key, now_s=taken_s)
        if coded is not None:
            self._on_frame(EncodedFrame(coded.data, pts, coded.is_key, shot.packet_bytes, shot.track))

    def _take_stills(self, camera: Camera) -> None:
        if not self._stills:
            return
        jpeg = camera.still()  # what it raises refuses them, with all else that ends the filming
        with self._lock:
            asked, self._stills = self._stills, []
        for future in asked:
            future.set_result(jpeg)

    def _refuse_stills(self, state: Fault, why: str) -> None:
        with self._lock:
            refused, self._stills = self._stills, []
        for future in refused:
            future.set_exception(DeviceError(state, why))

    def _rest(self, number: int, state: Fault, text: str) -> None:
        self._tell(state, text)
        self._refuse_stills(state, text)
        self._wait(lambda: not self._is_allowed or number != self._run_number, AGAIN_AFTER_S)

    def _wait(self, until: Callable[[], bool], limit_s: float | None) -> None:
        """A still that is asked for ends it too: it is tried, or refused, at once."""
        with self._lock:
            self._lock.wait_for(lambda: until() or bool(self._stills), limit_s)

    def _tell(self, state: CameraState, text: str) -> None:
        with self._lock:
            if self._thread not in (None, threading.current_thread()):
                return  # it hung when it was stopped, and another has the camera now
            is_news, self._told = (state, text) != self._told, (state, text)
        if is_news:
            self._on_state(state, text)


class _Coder:
    """The encoder of the size of the moment; a new one only where the size changes."""

    def __init__(self) -> None:
        self._encoder: PictureEncoder | None = None

    def code(self, frame: CameraFrame, shot: Shot, *, pts: int) -> CodedPicture | None:
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (shot.width, shot.height):
            self.close()
            encoder = open_encoder(shot.width, shot.height, fps=shot.fps, bitrate_bps=shot.bitrate_bps)
            self._encoder = encoder
        encoder.set_rate(shot.bitrate_bps, fps=shot.fps)
        picture = frame.reformat(shot.width, shot.height, "yuv420p", interpolation="AREA")
        return encoder.encode(picture, pts=pts, force_key=shot.is_key)

    def close(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
