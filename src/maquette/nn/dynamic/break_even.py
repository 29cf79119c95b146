"""Where skipping pays: found with `maquette bench dynamic`, on one CPU thread in float32.

Gathering rows and writing them back takes time that a dense convolution does not spend: the fewer channels, the more
of it beside the products. And making lists of positions takes as long for any map: for a small one all that it saves.
"""

import math

_OVERHEAD = 10e6
"""Multiply-accumulates that take as long as making the lists of positions."""


def break_even(channels: int, macs: float) -> float:
    """The share of a branch's multiply-accumulates below which skipping is faster.

    Args:
        channels: coming in.
        macs: of the branch at every position.

    Returns:
        a share below 1; at most 0 where skipping never pays.
    """
    return 0.1 * math.log2(channels) - 0.2 - _OVERHEAD / macs
