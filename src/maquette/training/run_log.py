"""What a run measures, as a table, for TensorBoard and, where asked for, for Weights & Biases."""

import csv
import hashlib
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from jaxtyping import Float
from torch import Tensor

from ..io.atomic import replacing
from ..io.errors import BadInput, as_bad_input
from .run_folder import RunFolder

_FIRST = ("step", "seconds", "samples_per_second", "lr")


class RunLog:
    """Rows of `metrics.csv` and events in `tensorboard/`, continued behind `start` steps; closed where a `with` ends.

    Args:
        run: the folder.
        start: steps that are done; later rows are dropped.
        wandb: project at Weights & Biases; None for none.
        config: settings to be shown there.

    Raises:
        BadInput: the table or the events cannot be written.
    """

    def __init__(
        self, run: RunFolder, start: int, wandb: str | None = None, config: Mapping[str, Any] | None = None
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._table = run.metrics
        self._columns = keep_rows(self._table, start)
        self._folder = run.tensorboard
        with as_bad_input(self._folder, OSError, say="cannot be written"):
            self._events = SummaryWriter(str(self._folder), purge_step=start + 1 if start else None)
        self._wandb = _start_wandb(run.path, wandb, config or {}) if wandb else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *args: object) -> None:
        """Close; an error on its way says more than the one that this may raise."""
        try:
            self.close()
        except BadInput:
            if kind is None:
                raise

    def row(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values behind `step` steps; a new name becomes a column behind the others.

        Raises:
            BadInput: it cannot be written.
        """
        new = [name for name in values if name not in self._columns]
        if new:
            self._columns = keep_rows(self._table, step, new)
        cells = [str(step), *(repr(values[name]) if name in values else "" for name in self._columns[1:])]
        with (
            as_bad_input(self._table, OSError, say="cannot be written"),
            open(self._table, "a", encoding="utf-8", newline="") as file,
        ):
            file.write(",".join(cells) + "\n")
        with as_bad_input(self._folder, OSError, say="cannot be written"):
            for name, value in values.items():
                self._events.add_scalar(name, value, step)
        if self._wandb is not None:
            self._wandb.log(dict(values), step=step)

    def picture(self, step: int, name: str, picture: Float[Tensor, "3 height width"]) -> None:
        """Add a picture, RGB in [0, 1].

        Raises:
            BadInput: it cannot be written.
        """
        with as_bad_input(self._folder, OSError, say="cannot be written"):
            self._events.add_image(name, picture, step)
        if self._wandb is not None:
            import wandb

            self._wandb.log({name: wandb.Image(picture.permute(1, 2, 0).numpy())}, step=step)

    def close(self) -> None:
        """Write what is still held back.

        Raises:
            BadInput: it cannot be written.
        """
        with as_bad_input(self._folder, OSError, say="cannot be written"):
            self._events.close()
        if self._wandb is not None:
            self._wandb.finish()


@contextmanager
def quiet_writer() -> Iterator[None]:
    """No traceback of the thread that writes TensorBoard's events: `RunLog` raises its error as well."""
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not type(args.thread).__module__.startswith("tensorboard."):
            before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def keep_rows(table: Path, start: int, new: Sequence[str] = ()) -> tuple[str, ...]:
    """Bring a table to what it was behind `start` steps; a new one has its header alone.

    A last line that was cut off is dropped.

    Args:
        table: the file, which need not be there.
        start: steps that are done.
        new: names of columns to add behind the others, empty so far.

    Returns:
        names of all columns.
    """
    text = io.StringIO()
    with as_bad_input(table, OSError, ValueError, say="cannot be continued"):
        rows = _whole_rows(table) or [list(_FIRST)]
        columns = tuple(rows[0]) + tuple(new)
        kept = [row for row in rows[1:] if len(row) == len(rows[0]) and int(row[0]) <= start]
        csv.writer(text, lineterminator="\n").writerows([columns, *(row + [""] * len(new) for row in kept)])
        with replacing(table, "w") as file:
            file.write(text.getvalue())
    return columns


def _whole_rows(table: Path) -> list[list[str]]:
    """Header and rows of a table, without a last line that was cut off; empty where there is none."""
    if not table.is_file():
        return []
    with open(table, encoding="utf-8", newline="") as file:
        return list(csv.reader(line for line in file if line.endswith("\n")))


def _start_wandb(folder: Path, project: str, config: Mapping[str, Any]) -> Any:
    import wandb

    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return wandb.init(
        project=project, name=folder.name, id=name, resume="allow", dir=str(folder), config=dict(config)
    )
