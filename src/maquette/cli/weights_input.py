"""Weights that commands are given: judged by their header before torch is imported."""

from pathlib import Path

from ..io.errors import BadInput
from ..systems import shipped_weights
from ..training.weights_header import WeightsHeader, read_weights_header


def need_weights(system: str, weights: Path | None, flag: str = "--weights") -> WeightsHeader:
    """The header of weights; refuse those that are missing, or of something else.

    Args:
        system: whose they must be.
        weights: a file or the folder of a run; None takes those that ship.
        flag: that names others.
    """
    shipped = shipped_weights(system)
    if weights is None and not shipped.is_file():
        raise BadInput(
            shipped, f"no weights ship with this version; {flag} names a file or the folder of a run"
        )
    return read_weights_header(weights or shipped, system)
