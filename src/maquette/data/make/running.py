"""Making the objects of a data set at once, and what came of it: for all layouts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...io.errors import BadInput
from ...io.json_file import read_json
from ..problems import Problem
from .jobs import Job

Progress = Callable[[int, int, str], None]
State = bool | Problem


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        made: ids of the objects made in this run.
        kept: ids of those that were there already.
        skipped: objects that could not be used, and why.
    """

    made: tuple[str, ...]
    kept: tuple[str, ...]
    skipped: tuple[Problem, ...]

    @classmethod
    def of(cls, done: Sequence[tuple[Job, State]]) -> "Made":
        """What `run_jobs` gave."""
        return cls(
            made=tuple(sorted(job.entry.id for job, state in done if state is True)),
            kept=tuple(sorted(job.entry.id for job, state in done if state is False)),
            skipped=tuple(sorted(state for _, state in done if isinstance(state, Problem))),
        )


def run_jobs(
    jobs: Sequence[Job], make: Callable[[Job], bool], threads: int, progress: Progress | None
) -> Iterator[tuple[Job, State]]:
    """Each job as it ends, and whether it was made now, was there already, or why it cannot be made.

    Args:
        jobs: the objects.
        make: makes one; False where it was there; raises `BadInput` or `ValueError` where it cannot be made.
        threads: objects that are worked on at once.
        progress: told (done, total, id) after every object.
    """
    rest, running = iter(jobs), {}
    pool = ThreadPoolExecutor(threads, "make", lambda: torch.set_num_threads(1))
    count = 0
    try:
        while True:
            for job in rest:
                running[pool.submit(_state, job, make)] = job
                if len(running) >= 2 * threads:
                    break
            if not running:
                return
            ended: set[Future[State]] = wait(running, return_when=FIRST_COMPLETED).done
            for future in ended:
                job, count = running.pop(future), count + 1
                yield job, future.result()
                if progress is not None:
                    progress(count, len(jobs), job.entry.id)
    finally:
        pool.shutdown(cancel_futures=True)


def check_made(root: Path, name: str, settings: Mapping[str, Any]) -> None:
    """Refuse a folder that holds anything but a data set made with the same settings.

    Args:
        root: the folder.
        name: of the file of settings in it.
        settings: as JSON gives them back.

    Raises:
        BadInput: it is refused.
    """
    if root.exists() and not root.is_dir():
        raise BadInput(root, "is a file; the output is a folder")
    if not root.exists() or not any(root.iterdir()):
        return
    if not (root / name).is_file():
        raise BadInput(root, "is a folder with other files in it; nothing is added to it")
    if read_json(root / name, dict) != settings:
        raise BadInput(root, f"was made with other settings ({name}); use them again, or another folder")


def _state(job: Job, make: Callable[[Job], bool]) -> State:
    try:
        return make(job)
    except BadInput as error:
        return Problem.of(error)
    except ValueError as error:
        return Problem(job.source, str(error))
