"""Whether bytes are really a picture, and the same picture without what a camera writes into it: place, time, names."""

import zlib
from dataclasses import dataclass

LARGEST = 1_000_000
"""Bytes."""
LONGEST_SIDES = 10_000
"""Pixels of width and height together: https://core.telegram.org/bots/api#sendphoto"""
MOST_UNEVEN = 20
"""So many times as long one side may be as the other: as above."""
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
_JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_METADATA = {*range(0xE1, 0xF0), 0xFE} - {0xE2, 0xEE}  # colour profiles are kept
_SCAN, _END = 0xDA, 0xD9


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be sent: `image/png` or `image/jpeg`."""

    media_type: str
    content: bytes

    @property
    def ending(self) -> str:
        """How a file of it ends."""
        return "png" if self.media_type == "image/png" else "jpg"


def examined(content: bytes) -> Picture | None:
    """The picture that these bytes are, without metadata; None where they are none, or one that cannot be sent."""
    if len(content) > LARGEST:
        return None
    if content.startswith(_PNG):
        cleaned = _png(content)
        return Picture("image/png", cleaned) if cleaned else None
    if content.startswith(b"\xff\xd8\xff"):
        cleaned = _jpeg(content)
        return Picture("image/jpeg", cleaned) if cleaned else None
    return None


def _fits(width: int, height: int) -> bool:
    short, long = sorted((width, height))
    return short > 0 and width + height <= LONGEST_SIDES and long <= short * MOST_UNEVEN


def _png(content: bytes) -> bytes | None:
    """Chunk by chunk, every checksum compared: https://www.w3.org/TR/png-3/#5Chunk-layout"""
    kept, at, fits, data = [_PNG], len(_PNG), False, False
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        name, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            return None
        if name == b"IHDR":
            fits = length == 13 and _fits(
                int.from_bytes(content[at + 8 : at + 12], "big"), int.from_bytes(content[at + 12 : at + 16], "big")
            )
        data = data or name == b"IDAT"
        if name in _PNG_KEPT:
            kept.append(content[at:end])
        elif name[:1].isupper():
            return None  # a part that every reader has to understand, and we do not
        if name == b"IEND":
            return b"".join(kept) if fits and data else None
        at = end
    return None


def _jpeg(content: bytes) -> bytes | None:
    """Segment by segment up to the pixels: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B"""
    kept, at, fits = [content[:2]], 2, False
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(content):
            return None
        if marker in _JPEG_SIZES and length >= 7:
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            fits = _fits(int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        if marker == _SCAN:
            closing = content.rfind(b"\xff\xd9")
            return b"".join([*kept, content[at : closing + 2]]) if fits and closing > end else None
        if marker not in _JPEG_METADATA:
            kept.append(content[at:end])
        at = end
    return None
