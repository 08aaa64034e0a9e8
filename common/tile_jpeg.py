"""The JPEG stream of one tile.

TIFF keeps what a tile's stream has in common with others, its tables, apart (Technical Note 2,
1995), and says by a tag of its own what the components are. Here both are put back into the stream,
which is then decoded about as strictly as OpenSlide does: damage the decoder could paint over
counts. Of tiles damaged at random the two judge fewer than one in a hundred differently.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import simplejpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

_START: Final = b"\xff\xd8"
_COLOURS: Final = {
    name: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + transform
    for name, transform in (("RGB", b"\x00"), ("YCBCR", b"\x01"))
}
"""The segment by which a stream itself says what its components are."""

_HARMLESS: Final = "extraneous bytes before marker 0xd9"
"""What the decoder says of bytes after the last pixel, which OpenSlide never looks at."""

_QUANTISATION, _HUFFMAN, _SCAN, _END, _FILL = 0xDB, 0xC4, 0xDA, 0xD9, 0xFF
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_APPLICATION: Final = range(0xE0, 0xF0)


def decode(encoded: bytes, tables: bytes, colours: str, pixels: npt.NDArray[np.uint8]) -> bool:
    """Decode a tile into `pixels`.

    Parameters
    ----------
    encoded : bytes
        The tile's stream, whole or without tables.
    tables : bytes
        The segments of `shared_tables`.
    colours : {"YCBCR", "RGB"}
        What the three components are, whatever the stream says.
    pixels : (H, W, 3) uint8, RGB
        Filled in; of any content where the tile does not decode.

    Returns
    -------
    bool
        Whether it decoded without a complaint, and is of this shape: a stream that claims to be
        larger is refused before memory is taken for it.
    """
    try:
        stream = _whole(encoded, tables, colours, pixels.shape)
        if stream is None:
            return False
        simplejpeg.decode_jpeg(stream, "RGB", buffer=pixels)
    except struct.error:
        return False
    except ValueError as error:
        return _HARMLESS in str(error)
    return True


def shared_tables(stream: bytes | None) -> bytes:
    """The segments of a directory's JPEG tables that hold for every tile; none for None."""
    try:
        return b"".join(
            segment
            for marker, segment in _segments(stream or b"")
            if marker in {_QUANTISATION, _HUFFMAN}
        )
    except struct.error:
        return b""


def _whole(encoded: bytes, tables: bytes, colours: str, shape: tuple[int, ...]) -> bytes | None:
    """The stream with its tables, and saying what its components are; None if of another shape."""
    parts = [_START, _COLOURS[colours], tables]
    fits = False
    for marker, segment in _segments(encoded):
        if marker in _FRAMES:
            fits = struct.unpack_from(">BHHB", segment, 4) == (8, *shape)
            if not fits:
                return None
        if marker not in _APPLICATION:
            parts.append(segment)
    return b"".join(parts) if fits else None


def _segments(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment; the last, a scan, with all that follows it.

    Raises
    ------
    struct.error
        If the stream ends within a segment.
    """
    at = len(_START) if stream.startswith(_START) else len(stream)
    while stream[at : at + 1] == b"\xff" and stream[at + 1 : at + 2] != bytes([_END]):
        marker, length = struct.unpack_from(">BH", stream, at + 1)
        end = len(stream) if marker == _SCAN else at + 2 + length
        if marker == _FILL:
            end = at + 1
        else:
            yield marker, stream[at:end]
        at = end
