"""Where skipping pays: fitted to what `maquette bench dynamic` measured on one CPU thread, in float32.

Gathering rows and writing them back takes time that a dense convolution does not spend: the fewer channels and the
fewer products for each value that is moved, the earlier dense execution wins. Making lists of positions takes as long
for any map: for a small one all that skipping saves.
"""

import math

_LISTS = 6e6
"""Multiply-accumulates that take as long as making the lists."""
_MOST = 0.7


def break_even(channels: int, positions: int, macs: float) -> float:
    """The share of a branch's multiply-accumulates below which skipping is faster.

    Within .2 of the shares measured for bottlenecks and basic blocks of 64 and 256 channels, mostly below them.

    Args:
        channels: coming in.
        positions: of the branch's outputs, of the whole batch.
        macs: of the branch at every position.

    Returns:
        a share, at most .7; 0 or less where skipping never pays.
    """
    products = macs / (positions * channels)  # for each value that comes in
    share = 0.15 * math.sqrt(channels / 256) * math.pow(products, 0.18)
    return min(_MOST, share) - _LISTS / macs
