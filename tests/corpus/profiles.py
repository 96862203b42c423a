"""Colour profiles (ICC.1:2010), as small as they can be, with which a picture looks plainly otherwise than without."""

import struct
from collections.abc import Mapping

Row = tuple[float, float, float]

P3: tuple[Row, Row, Row] = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE: tuple[Row, Row, Row] = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
"""Red, green and blue as XYZ under D50: Display P3, Adobe RGB (1998)."""


def rgb(name: str, primaries: tuple[Row, Row, Row], gamma: float = 2.2) -> bytes:
    """Make a profile of three primaries and one gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {
        b"desc": _described(name),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        **{tag: _xyz(row) for tag, row in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def cmyk(name: str) -> bytes:
    """Make a profile of four inks: a table of Lab at the corners, in which cyan is a dull green, so that it is plainly seen."""
    rows = []
    for corner in range(16):
        cyan, magenta, yellow, black = (bool(corner & bit) for bit in (8, 4, 2, 1))
        light = 0 if black else 255 - 70 * (cyan + magenta) - 20 * yellow
        rows.append(
            bytes((max(light, 0), 128 + (50 if magenta else 0) - (60 if cyan else 0), 128 + (80 if yellow else 0)))
        )
    straight = bytes(range(256))
    table = (
        b"mft1"
        + bytes(4)
        + bytes((4, 3, 2, 0))
        + struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
        + straight * 4
        + b"".join(rows)
        + straight * 3
    )
    return _profile(
        b"prtr", b"CMYK", b"Lab ", {b"desc": _described(name), b"cprt": b"text" + bytes(4) + b"none\0", b"A2B0": table}
    )


def _profile(kind: bytes, colours: bytes, space: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    table, data = [], b""
    start = 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table.append(tag + struct.pack(">II", start + len(data), len(value)))
        data += padded
    size = start + len(data)
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, kind, colours, space) + date + b"acsp"
    head = head + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + b"".join(table) + data


def _described(name: str) -> bytes:
    text = name.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(12 + 67)


def _xyz(row: Row) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in row))
