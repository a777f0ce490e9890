"""From the camera to coded frames: what the link has room for."""
