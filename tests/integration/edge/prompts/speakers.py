"""Whoever speaks the prompts of a test: programs in the place of espeak-ng, and recordings."""

from pathlib import Path


def program(folder: Path, lines: str, *, name: str = "program") -> str:
    """A program in the place of espeak-ng. Its runs are counted in `folder`/runs."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$$ $*" >> "{folder}/runs"\n{lines}\n', encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def runs(folder: Path) -> list[str]:
    path = folder / "runs"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def recording(folder: Path, language: str, stem: str, data: bytes) -> Path:
    path = folder / language / f"{stem}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
