"""`maquette train` as processes that start in a second: forked from a server that has imported everything."""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

PRELOADED = (
    "lightning_fabric",
    "torch.utils.tensorboard",
    "typeguard",
    "maquette.cli.train",
    "maquette.cli.evaluate",
    "maquette.data.drawn_views",
    "maquette.data.open",
    "maquette.renderer.voxel_pictures",
    "maquette.systems.mem3d.training",
    "maquette.systems.r2n2.training",
    "maquette.training.fit",
)


def start(words: Sequence[object], said: Path, environment: dict[str, str] | None = None):
    """Start `maquette WORDS...`; what it says goes to the end of a file.

    Returns:
        the process; its `exitcode` is that of the command.
    """
    process = _server().Process(
        target=_run, args=([str(word) for word in words], str(said), environment or {})
    )
    process.start()
    return process


def run(words: Sequence[object], said: Path, environment: dict[str, str] | None = None) -> int:
    """Run `maquette WORDS...` to its end and return its exit code."""
    process = start(words, said, environment)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


@cache
def _server():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _run(words: list[str], said: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    with open(said, "a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    from maquette.cli.main import main

    if "MAQUETTE_FAKES" in os.environ:
        import fakes

        fakes.mount()
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.exit(main(words))
