"""Whether a PNG file holds all the rows that its header tells; decoders leave those that are missing black."""

import zlib
from collections.abc import Iterator

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_MOST_PACKED = 1032  # bytes that deflate makes of one, at most
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_STEP = 1 << 20


def may_hold_rows(data: bytes) -> bool:
    """Whether the file is long enough for its rows, however well they are packed."""
    return _bytes_of_rows(data) <= _MOST_PACKED * len(data)


def holds_rows(data: bytes) -> bool:
    """Whether the packed data are as long as the header tells, without keeping what is unpacked."""
    left, stream = _bytes_of_rows(data), zlib.decompressobj()
    for chunk in _chunks(data):
        while chunk and left > 0:
            left -= len(stream.decompress(chunk, _STEP))
            chunk = stream.unconsumed_tail
    return left - len(stream.flush()) <= 0


def _bytes_of_rows(data: bytes) -> int:
    """Bytes of the unpacked rows, each with its filter's."""
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    depth, kind, interlaced = data[24], data[25], data[28]
    bits = depth * _CHANNELS.get(kind, 1)
    total = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        total += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    return total


def _chunks(data: bytes) -> Iterator[bytes]:
    """The chunks of packed pixels."""
    at = 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            yield data[at + 8 : at + 8 + size]
        at += 12 + size
