"""The command line of the image."""

import os
import sys
from typing import Annotated

import typer

from images.build_service import build, build_twice
from images.commands import say
from images.debian import make_lock
from images.errors import ImageError
from images.places import MACHINES, TOOLBOX, Arch

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The card of a box, as an image.")


@app.command("build")
def build_image(
    arch: Annotated[Arch, typer.Option(help="arm64 for a Raspberry Pi, amd64 for the tests.")] = Arch.AMD64,
    twice: Annotated[bool, typer.Option("--twice", help="Make it two times and compare the bytes.")] = False,
) -> None:
    """Make the image, or find it in build/image."""
    if not twice:
        build(arch)
    elif not build_twice(arch):
        raise ImageError("the two builds are not the same bytes")


@app.command("lock")
def lock_packages() -> None:
    """Ask Debian which packages the lists need today, and write the locks."""
    for name in (TOOLBOX, *MACHINES):
        make_lock(name)


if __name__ == "__main__":
    if os.geteuid() != 0:
        say("an image has files of many owners: run it as root (sudo ./run image ...)")
        sys.exit(1)
    try:
        app()
    except ImageError as error:
        say(str(error))
        sys.exit(1)
