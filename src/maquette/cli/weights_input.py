"""Weights that commands are given: judged by their header before torch is imported."""

import sys
from pathlib import Path

from ..io.errors import BadInput
from ..systems import shipped_weights
from ..training.run_folder import RunFolder
from ..training.weights_header import WeightsHeader, read_weights_header
from .extras import need_extra


def usable(weights: Path | None, quiet: bool = False) -> Path | None:
    """The same; of a run that has not ended the weights of its newest checkpoint, which is said on stderr."""
    run = None if weights is None else RunFolder(weights)
    if run is None or run.weights.is_file() or not run.config_file.is_file() or not run.steps():
        return weights
    need_extra("train", "an unfinished run")
    from ..systems.unfinished import write_unfinished

    def say(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    file, done = write_unfinished(run.path, say)
    say(f"the run in {run.path} has not ended: taking its checkpoint of step {done}, as {file.name}")
    return file


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
