"""Several processes on one machine that share each batch, started and watched over by torchrun's agent."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

_POLL_SECONDS = 0.2


def run_processes(count: int, words: Sequence[str]) -> int:
    """Run `maquette WORDS...` in several processes that find each other.

    When one fails the others are ended. A signal that would end this process is handed on to them, and they have
    half a minute to end by themselves.

    Args:
        count: how many.
        words: of the command.

    Returns:
        the exit code of the first that failed; 0 where none did, 128 and its number after a signal.
    """
    logging.getLogger("torch.distributed.elastic").setLevel(
        logging.CRITICAL
    )  # each process speaks for itself
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // count)))
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id="maquette",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        monitor_interval=_POLL_SECONDS,
    )
    launch: Any = elastic_launch(config, sys.executable)
    try:
        launch("-m", "maquette", *words)
    except SignalException as error:
        return 128 + error.sigval
    except ChildFailedError as error:
        first = error.get_first_failure()[1]
        return first.exitcode if first.exitcode > 0 else 128 - first.exitcode
    return 0
