"""The card of a box: Debian, our wheels and our code, as one image that is the same bytes every time."""
