"""`edge video` as a process: a stand-in for `edge vitals` on its socket, stock aiortc for the page."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self, get_args

import av
import numpy as np
import pytest
from PIL import Image

from contract.media import (
    Answer,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PictureLimit,
    PictureWish,
    Renew,
    TakePhoto,
)
from edge.call.photographs import PhotoIntake
from edge.call.video_messages import (
    CallNow,
    CameraWish,
    DevicesNow,
    End,
    FromHub,
    Here,
    PhotoSlice,
    Spoke,
    ToHub,
    ToVideo,
    encode_line,
    parse_from_video,
)
from edge.video.media import VOICE_HZ
from edge.video.vitals_link import UNSENT_MAX_BYTES
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video.peers import StockPage, until

SPOOL, SEQ = "0123456789abcdef", 6
CALL: Final[dict[str, Any]] = {"spool": SPOOL, "call_seq": SEQ}
PAGE, OTHER_PAGE = "a" * 16, "b" * 16
RSS_MAX_BYTES: Final = 180_000_000
STARTS_WITHIN_S: Final = 60.0  # it loads the video libraries, on a machine that does much else


class Vitals:
    """What `edge vitals` does at the socket of `edge video`, and what came over it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "video.sock"
        self.devices: list[DevicesNow] = []
        self.signals: list[dict[str, Any]] = []
        self.slices: list[PhotoSlice] = []
        self.spoken: list[tuple[int, str]] = []
        self.lines = 0  # connections so far
        self.pids: list[int] = []
        self.is_call_over = False  # it wants nobody
        self.is_slow = False  # takes 10 ms for a line, as with a card that writes
        self._writer: asyncio.StreamWriter | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        (self.path.parent / "data").mkdir()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(2)
        await self.call()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()
        self.listener.close()

    async def call(self) -> None:
        """Connect, as at the start of a call."""
        reader, self._writer = await asyncio.open_unix_connection(self.path, limit=70_000)
        self._hearing = asyncio.create_task(self._hear(reader))

    async def die(self) -> None:
        """As `kill -9` of `edge vitals`: the connection closes."""
        if self._writer is not None:
            self._writer.transport.abort()
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                if self.is_slow:
                    await asyncio.sleep(0.01)
                match parse_from_video(line):
                    case Here(pid=pid):
                        self.pids.append(pid)
                        self.lines += 1
                        now = CallNow(spool=SPOOL, call_seq=SEQ, is_claimed=True, by="truc-ban")
                        self.say(End() if self.is_call_over else now)
                    case DevicesNow() as devices:
                        self.devices.append(devices)
                    case ToHub(signal=signal):
                        self.signals.append(signal)
                    case PhotoSlice() as one:
                        self.slices.append(one)
                    case Spoke(number=number, text=text):
                        self.spoken.append((number, text))

    def say(self, message: ToVideo) -> None:
        assert self._writer is not None
        self._writer.write(encode_line(message))

    def hub(self, signal: MediaSignal) -> None:
        self.say(FromHub(signal=signal.model_dump(mode="json", exclude_none=True)))

    def said(self, name: str) -> list[dict[str, Any]]:
        return [signal for signal in self.signals if signal["signal"] == name]

    async def offer(self, *, after: int = 0) -> dict[str, Any]:
        """The first offer of a leg that is not among the first `after` legs."""
        await until(lambda: len(self.legs()) > after, limit_s=STARTS_WITHIN_S)
        return next(one for one in self.said("offer") if one["leg"] == self.legs()[after])

    def legs(self) -> list[str]:
        return list(dict.fromkeys(one["leg"] for one in self.said("offer")))

    async def meet(self, page: StockPage, offer: dict[str, Any]) -> None:
        """Let the page answer, and offer its own."""
        named: dict[str, Any] = {**CALL, "page": offer["page"], "leg": offer["leg"]}
        self.hub(Answer(**named, direction="up", sdp=await page.answer(offer["sdp"])))
        self.hub(Offer(**named, direction="down", sdp=await page.offer()))
        await until(lambda: any(one["leg"] == offer["leg"] for one in self.said("answer")))
        answer = next(one for one in self.said("answer") if one["leg"] == offer["leg"])
        await page.take_answer(answer["sdp"])


def write_config(folder: Path, **video: str) -> Path:
    """A box of which `edge video` needs no more than its folder and its devices."""
    settings = {"camera": "generated", "microphone": "generated", "loudspeaker": "none", "screen": "none"}
    lines = "\n".join(f'{key} = "{value}"' for key, value in {**settings, **video}.items())
    config = folder / "box.toml"
    hub = 'host = "localhost"\nca = "ca"\ncertificate = "c"\nkey = "k"\nseal_key = "s"'
    board = 'port = "board"'
    config.write_text(
        f'station = "con-dao-01"\ndata_dir = "data"\n[hub]\n{hub}\n[board]\n{board}\n[video]\n{lines}\n'
    )
    return config


@asynccontextmanager
async def edge_video(config: Path, vitals: Vitals) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run it; end it as `edge vitals` does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "video", "--config", str(config)), stdin=vitals.listener.fileno()
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(30):
            await process.wait()


def open_files(process: asyncio.subprocess.Process) -> set[str]:
    """The names of all that the process has open."""
    names = set()
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.add(str(link.readlink()))
    return names


def rss_bytes(process: asyncio.subprocess.Process) -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def speech(path: Path) -> Path:
    """Half a minute of sound in a WAV file."""
    at = np.arange(VOICE_HZ * 30) / VOICE_HZ
    sound = (6_000 * np.sin(2 * np.pi * 300 * at) * (np.sin(2 * np.pi * 3 * at) > 0)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=VOICE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None, :], format="s16", layout="mono")
        frame.sample_rate = VOICE_HZ
        container.mux(stream.encode(frame))
    return path


@in_a_loop
async def test_a_page_that_joins_sees_and_hears_the_station_and_the_devices_close_when_it_leaves(
    tmp_path: Path,
) -> None:
    wav = speech(tmp_path / "talk.wav")
    config = write_config(tmp_path, microphone=f"file:{wav}", loudspeaker=f"file:{tmp_path / 'out.wav'}")
    async with Vitals(tmp_path) as vitals, edge_video(config, vitals) as process, StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        assert str(wav) not in open_files(process)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())
        await until(lambda: len(page.frames["video"]) > 15 and len(page.frames["audio"]) > 50)
        loudest = max(int(np.abs(frame.to_ndarray()).max()) for frame in page.frames["audio"])
        assert loudest > 1_000
        await until(lambda: vitals.said("media")[-1]["is_connected"])
        state = vitals.said("media")[-1]
        assert (state["camera"], state["microphone"], state["loudspeaker"]) == ("open", "open", "open")
        assert state["leg"] == vitals.legs()[0]
        assert str(wav) in open_files(process)
        assert rss_bytes(process) <= RSS_MAX_BYTES
        vitals.hub(Leave(**CALL, page=PAGE))
        await until(
            lambda: vitals.devices[-1].camera == "closed" and vitals.devices[-1].microphone == "closed"
        )
        assert str(wav) not in open_files(process)
    assert process.returncode == 0
    assert (tmp_path / "out.wav").stat().st_size > VOICE_HZ


@in_a_loop
async def test_a_lost_path_a_page_that_asks_and_another_page_each_get_another_leg(tmp_path: Path) -> None:
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals):
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        async with StockPage() as first:
            offer = await vitals.offer()
            await vitals.meet(first, offer)
            await until(lambda: len(first.frames["video"]) > 2)
        offer = await vitals.offer(after=1)  # the page's connections were closed: by itself
        async with StockPage() as second:
            await vitals.meet(second, offer)
            await until(lambda: len(second.frames["video"]) > 2)
            while len(vitals.legs()) == 2:  # as a page does that goes on hearing nothing
                vitals.hub(Renew(**CALL, page=PAGE, leg=offer["leg"]))
                await asyncio.sleep(0.2)
            renewed = await vitals.offer(after=2)
            async with StockPage() as third:
                await vitals.meet(third, renewed)
                await until(lambda: len(third.frames["video"]) > 2)
                vitals.hub(Join(**CALL, page=OTHER_PAGE))
                assert (await vitals.offer(after=3))["page"] == OTHER_PAGE


@in_a_loop
async def test_media_go_on_while_edge_vitals_is_away_and_the_leg_is_kept_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals), StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        offer = await vitals.offer()
        await vitals.meet(page, offer)
        await until(lambda: len(page.frames["video"]) > 2)
        await vitals.die()
        seen = len(page.frames["video"])
        await until(lambda: len(page.frames["video"]) > seen + 5)  # before it ends by itself
        await vitals.call()
        await until(lambda: vitals.lines == 2)
        vitals.hub(Join(**CALL, page=PAGE, leg=offer["leg"]))
        await until(lambda: vitals.said("media")[-1]["is_connected"])
        assert len(vitals.legs()) == 1


@in_a_loop
async def test_one_that_the_next_edge_vitals_does_not_want_ends_at_once(tmp_path: Path) -> None:
    """The call was over before it came back: nobody may be seen or heard for longer."""
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals) as process:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await until(lambda: bool(vitals.devices) and vitals.devices[-1].camera == "open")
        vitals.is_call_over = True
        await vitals.die()
        await vitals.call()
        async with asyncio.timeout(30):
            assert await process.wait() == 0
        assert vitals.pids == [process.pid] * 2


@in_a_loop
async def test_the_doctors_mode_changes_what_is_sent_and_the_station_says_so_and_what_bounds_it(
    tmp_path: Path,
) -> None:
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals), StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())

        def now() -> tuple[str, int]:
            """Mode and width, as the station said last. The rest depends on the machine that runs this."""
            state = vitals.said("media")[-1]
            return state["mode"], state.get("sent", {}).get("width", 0)

        await until(lambda: now()[0] == "motion" and now()[1] >= 320)
        sent = vitals.said("media")[-1]["sent"]
        assert sent["voice_bps"] in (8_000, 12_000, 18_000, 20_000, 24_000)
        assert sent["limit"] in get_args(PictureLimit)
        vitals.hub(PictureWish(**CALL, page=OTHER_PAGE, mode="detail"))  # not the page of now
        vitals.hub(PictureWish(**CALL, page=PAGE, mode="detail"))
        await until(lambda: now()[0] == "detail" and now()[1] >= 480)
        await until(lambda: page.frames["video"][-1].width >= 480)
        vitals.hub(PictureWish(**CALL, page=PAGE, mode="motion"))
        await until(lambda: now()[0] == "motion")


@in_a_loop
async def test_a_photograph_comes_whole_and_the_nurse_closes_the_camera(tmp_path: Path) -> None:
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals), StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())
        vitals.hub(TakePhoto(**CALL, photo="c" * 32))
        vitals.hub(TakePhoto(**CALL, photo="c" * 32))
        await until(lambda: bool(vitals.slices) and len(vitals.slices) == vitals.slices[0].total)
        jpeg = b"".join(one.data for one in vitals.slices)
        assert jpeg[:3] == b"\xff\xd8\xff"
        assert len(jpeg) == vitals.slices[0].size_bytes
        vitals.say(CameraWish(is_allowed=False))
        await until(lambda: vitals.devices[-1].camera == "off")
        vitals.hub(TakePhoto(**CALL, photo="d" * 32))
        await until(lambda: bool(vitals.said("photo taken")))
        assert "switched off" in vitals.said("photo taken")[0]["text"]
        vitals.say(CameraWish(is_allowed=True))
        await until(lambda: vitals.devices[-1].camera == "open")


@pytest.mark.parametrize(
    ("video", "is_so"),
    [
        (
            {"camera": "v4l2:/dev/video-none"},
            lambda now: now.camera == "missing" and now.microphone == "open",
        ),
        ({"microphone": "alsa:none-such"}, lambda now: now.microphone == "missing" and now.camera == "open"),
    ],
    ids=["no camera", "no microphone"],
)
def test_what_is_missing_is_named_and_the_rest_of_the_call_goes_on(
    tmp_path: Path, video: dict[str, str], is_so: Callable[[DevicesNow], bool]
) -> None:
    @in_a_loop
    async def run() -> None:
        async with (
            Vitals(tmp_path) as vitals,
            edge_video(write_config(tmp_path, **video), vitals),
            StockPage() as page,
        ):
            await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
            vitals.hub(Join(**CALL, page=PAGE))
            await vitals.meet(page, await vitals.offer())
            await until(lambda: bool(vitals.devices) and is_so(vitals.devices[-1]))
            assert vitals.devices[-1].text
            going_on = "video" if "microphone" in video else "audio"
            await until(lambda: len(page.frames[going_on]) > 10)

    run()


@in_a_loop
async def test_what_cannot_be_read_or_is_of_another_call_changes_nothing(tmp_path: Path) -> None:
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals) as process:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(spool=SPOOL, call_seq=SEQ + 1, page=OTHER_PAGE))
        vitals.say(FromHub(signal={"signal": "join", "page": "no page"}))
        vitals.say(FromHub(signal={"signal": "?"}))
        vitals._writer.write(b"garbage\n{}\n")  # type: ignore[union-attr]
        vitals.hub(Join(**CALL, page=PAGE))
        offer = await vitals.offer()
        assert offer["page"] == PAGE
        named: dict[str, Any] = {**CALL, "page": PAGE, "leg": offer["leg"]}
        vitals.hub(Answer(**{**named, "leg": "0" * 16}, direction="up", sdp="v=0"))
        vitals.hub(Answer(**named, direction="up", sdp="v=0"))  # an answer that cannot be used
        again = await vitals.offer(after=1)
        assert again["leg"] != offer["leg"]
        assert process.returncode is None


def skin(path: Path) -> Path:
    """A picture whose photograph has many megabytes."""
    noise = np.random.default_rng(3).integers(0, 256, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


@in_a_loop
async def test_a_photograph_of_many_megabytes_comes_whole_though_edge_vitals_takes_its_time(
    tmp_path: Path,
) -> None:
    config = write_config(tmp_path, camera=f"file:{skin(tmp_path / 'skin.png')}")
    async with Vitals(tmp_path) as vitals, edge_video(config, vitals), StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())
        vitals.is_slow = True
        vitals.hub(TakePhoto(**CALL, photo="c" * 32))
        await until(lambda: bool(vitals.slices) and len(vitals.slices) == vitals.slices[0].total)
        assert vitals.slices[0].size_bytes > 2 * UNSENT_MAX_BYTES
        assert sum(len(one.data) for one in vitals.slices) == vitals.slices[0].size_bytes


@in_a_loop
async def test_two_photographs_asked_for_at_once_come_whole_and_one_after_the_other(tmp_path: Path) -> None:
    config = write_config(tmp_path, camera=f"file:{skin(tmp_path / 'skin.png')}")
    async with Vitals(tmp_path) as vitals, edge_video(config, vitals), StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())
        for name in ("c" * 32, "d" * 32):
            vitals.hub(TakePhoto(**CALL, photo=name))
        intake, whole = PhotoIntake(), list[str]()

        def are_both_there() -> bool:
            while vitals.slices:
                photograph = intake.take(vitals.slices.pop(0))
                whole.extend([photograph.photo] if photograph is not None else [])
            return len(whole) == 2

        await until(are_both_there)
        assert intake.given_up == 0


@in_a_loop
async def test_a_photograph_that_a_dead_edge_vitals_had_is_taken_again_for_the_next(tmp_path: Path) -> None:
    async with Vitals(tmp_path) as vitals, edge_video(write_config(tmp_path), vitals), StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())
        vitals.hub(TakePhoto(**CALL, photo="c" * 32))
        await until(lambda: bool(vitals.slices) and len(vitals.slices) == vitals.slices[0].total)
        await vitals.die()
        vitals.slices.clear()
        await vitals.call()
        await until(lambda: vitals.lines == 2)
        vitals.hub(TakePhoto(**CALL, photo="c" * 32))
        await until(lambda: bool(vitals.slices) and len(vitals.slices) == vitals.slices[0].total)


@pytest.mark.parametrize("stdin", [asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE])
@in_a_loop
async def test_started_by_hand_it_says_who_starts_it(tmp_path: Path, stdin: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "video", "--config", str(write_config(tmp_path))),
        stdin=stdin,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    assert process.returncode == 1
    assert b"`edge vitals` or haidang-video.socket starts this program" in complaint
