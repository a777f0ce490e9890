"""What stands in a backup (core): one JSON document beside the files, written last."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST: Final = "manifest.json"
HUB_DB: Final = "hub.db"
ACCOUNTS: Final = "accounts.db"
CONFIG: Final = "hub.toml"
ROUTING: Final = "routing.toml"
CA: Final = "ca.crt"
SEAL_PUBLIC: Final = "seal.pub"


class BackupError(Exception):
    """A backup cannot be made or used. The text says what, where and what to do."""


class BackupFile(BaseModel):
    """One file, by its path within the backup."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(pattern=r"^(segments/)?[a-z0-9]+\.[a-z]+$")
    size_bytes: int
    sha256: str


class Manifest(BaseModel):
    """All of it. `damaged` says, in words, what the hub had lost already when the backup was made."""

    model_config = ConfigDict(frozen=True)

    haidang_backup: Literal[1] = 1
    made_utc: str
    epoch: int
    stations: int
    records: int
    newest_record_utc: str | None
    files: list[BackupFile]
    damaged: list[str] = []


def segment_file(segment: int) -> str:
    """Return the path of a segment within a backup."""
    return f"segments/{segment:08d}.segment"
