"""Voices of nurses who are not there: Vietnamese speech from espeak-ng, as WAV files (shell)."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WORDS_A_MINUTE: Final = 150
SPEAK_LIMIT_S: Final = 60.0


class NoVoiceError(Exception):
    """espeak-ng is not installed, or does not speak. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks (a voice of espeak-ng and its variant), and what."""

    speaker: str
    text: str


VOICES: Final = {
    "con-dao-01": Voice(
        "vi-vn-x-south+f3",
        "Chào bác sĩ, tôi là điều dưỡng ở Côn Đảo. Bệnh nhân đau ngực từ sáng nay, vẫn tỉnh, nói được. "
        "Tôi đã gắn điện tim và kẹp đo ô xy. Bác sĩ xem giúp tôi sóng điện tim có gì lạ không?",
    ),
    "co-to-02": Voice(
        "vi+m3",
        "Chào bác sĩ, trạm y tế Cô Tô đây. Bệnh nhân khó thở từ đêm qua, huyết áp hơi cao. "
        "Biển đang động, hôm nay không có tàu. Bác sĩ cho tôi hỏi phải làm gì tiếp?",
    ),
    "muong-nhe-03": Voice(
        "vi+f4",
        "Chào bác sĩ, tôi gọi từ Mường Nhé. Bệnh nhân chóng mặt, hồi hộp, tim đập nhanh. "
        "Đường về tỉnh mất sáu tiếng. Bác sĩ nhìn bệnh nhân giúp tôi với.",
    ),
}


def speak(voice: Voice, path: Path) -> None:
    """Write the speech as WAV (mono, 16 bit). Raises NoVoiceError."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise NoVoiceError("no speech: apt-get install espeak-ng")
    command = [program, "-v", voice.speaker, "-s", str(WORDS_A_MINUTE), "-w", str(path), voice.text]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SPEAK_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise NoVoiceError(f"espeak-ng did not speak within {SPEAK_LIMIT_S} s") from error
    if done.returncode != 0 or not path.is_file():
        raise NoVoiceError(f"espeak-ng does not speak: {done.stderr.decode(errors='replace').strip()}")
