"""What stands for a file's content: its MD5 where storage knows one, and its CRC32C with its size. Pure.

A composite object (a parallel upload) has no MD5 (Cloud Storage, "Hashes and ETags"), so the same bytes may be known by both
once, and by the second alone another time. What earlier versions wrote down is one of the two.
"""


def checksum(md5: str | None, crc32c: str | None, size: int) -> str:
    """Give the checksum of an object, as a listing shows its sums (base64) and its size in bytes."""
    return " ".join([*([f"md5:{md5}"] if md5 else []), *([f"crc32c:{crc32c}:{size}"] if crc32c else [])])


def is_same(one: str, other: str) -> bool:
    """Whether two checksums stand for the same content: by MD5 where both have it, else by what both have."""
    if one == other:
        return True
    first, second = _sums(one), _sums(other)
    kind = "md5" if "md5" in first and "md5" in second else "crc32c"
    return kind in first and first[kind] == second.get(kind)


def parts(text: str) -> list[str]:
    """Give the sums that a checksum holds: two that stand for the same content have one in common."""
    return text.split(" ")


def _sums(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in parts(text))
    return {kind: value for kind, _, value in pairs if kind in ("md5", "crc32c")}
