"""`python -m tests.links_bench.senders.stock_aiortc FILM SPEECH`: aiortc as it comes."""

import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer

LOOK_EVERY_S = 1.0


async def main() -> None:
    """Offer, send, and end with the input."""
    film, speech = (MediaPlayer(path, loop=True) for path in sys.argv[1:])
    assert film.video is not None and speech.audio is not None, "a film has a picture, a speech a voice"
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # by itself it asks one of the internet
    sender = peer.addTrack(film.video)
    peer.addTrack(speech.audio)
    await peer.setLocalDescription(await peer.createOffer())
    say({"offer": peer.localDescription.sdp})
    lines = asyncio.to_thread(sys.stdin.readline)
    await peer.setRemoteDescription(RTCSessionDescription(json.loads(await lines)["answer"], "answer"))
    telling = asyncio.create_task(tell_target(sender))
    while await asyncio.to_thread(sys.stdin.readline):
        pass
    telling.cancel()
    await peer.close()


async def tell_target(sender: RTCRtpSender) -> None:
    """Say each second what its encoder aims for; its name is private."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        encoder = getattr(sender, "_RTCRtpSender__encoder", None)
        if encoder is not None:
            say({"target_bps": encoder.target_bitrate})


def say(message: dict[str, object]) -> None:
    """One line."""
    print(json.dumps(message), flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    asyncio.run(main())
