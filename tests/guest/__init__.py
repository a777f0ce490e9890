"""A virtual aarch64 machine with Debian's kernel: what a build machine has not (USB, input devices, GPIO)."""
