"""Splits without a table: decided by a hash, so that they never change when shapes are added."""

import hashlib

SHARES = (("train", 0.8), ("val", 0.1), ("test", 0.1))


def split_of(key: str) -> str:
    """Split of all shapes with this key: "train" (80 %), "val" (10 %) or "test" (10 %).

    Args:
        key: family of the shape, so that variants of one object stay together, or its id where it has none.
    """
    place = place_of(key)
    for split, share in SHARES:
        place -= share
        if place < 0:
            return split
    return SHARES[-1][0]


def place_of(key: str) -> float:
    """A number in [0, 1) that a key has for ever."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
