"""The secret that the hub and its relay share (shell over the pki folder): made once, told to nobody.

A backup has it not, as it has no key; another one is made then, and calls of before find another relay.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Final

from hub.config import Config
from hub.pki.files import read_file, write_file

FILE_NAME: Final = "relay.secret"
SECRET_BYTES: Final = 32


def relay_secret(config: Config) -> str:
    """Return the secret, made where there is none: by the hub or by its front, whoever starts first. Raises
    PkiError, OSError.
    """
    path = config.pki_folder / FILE_NAME
    if not path.exists():
        new = path.with_name(f"{FILE_NAME}.{os.getpid()}")
        write_file(new, secrets.token_hex(SECRET_BYTES).encode(), mode=0o600)
        with suppress(FileExistsError):
            os.link(new, path)  # whole or not at all, and never in place of another
        new.unlink()
    return read_file(path).decode("ascii").strip()


def with_relay(config: Config) -> Config:
    """Return the configuration with the secret of the front's relay; the same where there is no front."""
    if config.front is None:
        return config
    return replace(config, media=replace(config.media, turn_secret=relay_secret(config).encode()))
