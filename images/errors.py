"""What can go wrong while an image is made."""


class ImageError(Exception):
    """The image cannot be made; the text says what, where and what to do."""
