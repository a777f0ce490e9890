"""What is printed, and where to (core): `edge vitals` tells it to the process that prints."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from contract.signals import Urgency

URGENCY_WORDS: Final[dict[Urgency, str]] = {
    "routine": "Thường quy",
    "soon": "Sớm",
    "urgent": "Khẩn",
    "emergency": "CẤP CỨU",
}


class PrintJob(BaseModel):
    """`station`: as people call it. `zone`: of its hours. `code` is of the visit. `to`: as [print] to of the
    configuration. `now_utc_us`: None, the box does not know what time it is. `own`: a folder of the box: the
    disk that holds it is no stick."""

    model_config = ConfigDict(frozen=True)

    to: str
    own: str
    station: str
    zone: str = "Asia/Ho_Chi_Minh"
    code: str
    advice: int
    urgency: Urgency
    text: str
    by: str
    made_utc_us: int
    now_utc_us: int | None = None
    is_practice: bool = False

    @property
    def name(self) -> str:
        """Of the file on a stick, and of the job in a queue: it says nothing of anybody."""
        return f"{self.code}_{self.advice}"
