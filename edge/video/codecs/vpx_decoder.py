"""libvpx's VP8 decoder: what the self-test looks at the encoder's work with (shell: ctypes).

In a call nobody decodes here: `aiortc` decodes what the operator sends.
"""

import ctypes

from edge.errors import CodecError
from edge.video.codecs import vpx_library as vpx


class VpxDecoder:
    """A VP8 decoder. Raises CodecError; `close` frees what C holds."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._context = vpx.Context()
        refusal = library.vpx_codec_dec_init_ver(
            self._context, library.vpx_codec_vp8_dx(), None, 0, vpx.DECODER_ABI
        )
        if refusal:
            raise CodecError(f"libvpx opens no decoder of ABI {vpx.DECODER_ABI} (error {refusal})")

    def luminance(self, data: bytes) -> tuple[int, int, bytes] | None:
        """Return width, height and Y plane, row after row, of a coded picture; None: it is not shown."""
        refusal = self._library.vpx_codec_decode(self._context, data, len(data), None, 0)
        if refusal:
            reason = vpx.complaint(self._library, self._context)
            raise CodecError(f"libvpx does not decode {len(data)} bytes (error {refusal}): {reason}")
        found = self._library.vpx_codec_get_frame(self._context, ctypes.c_void_p())
        if not found:
            return None
        image = found.contents
        starts = (image.planes[0] + image.stride[0] * row for row in range(image.d_h))
        return image.d_w, image.d_h, b"".join(ctypes.string_at(start, image.d_w) for start in starts)

    def close(self) -> None:
        """Free the decoder. Called once."""
        self._library.vpx_codec_destroy(self._context)
