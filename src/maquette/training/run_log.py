"""What a run measures, as a table, for TensorBoard and, where asked for, for Weights & Biases."""

import csv
import hashlib
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from jaxtyping import Float
from torch import Tensor

from ..io.atomic import replacing
from ..io.errors import BadInput, as_bad_input
from .run_folder import RunFolder

COLUMNS = ("step", "seconds", "samples_per_second", "lr", "loss", "iou", "val_loss", "val_iou")


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
        keep_rows(self._table, start)
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
        """Add the values behind `step` steps; names are columns of the table.

        Raises:
            BadInput: it cannot be written.
        """
        cells = [str(step), *(repr(values[name]) if name in values else "" for name in COLUMNS[1:])]
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


def keep_rows(table: Path, start: int) -> None:
    """Bring a table to what it was behind `start` steps; a new one has its header alone.

    A last line that was cut off is dropped.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    with as_bad_input(table, OSError, ValueError, say="cannot be continued"):
        if table.is_file():
            with open(table, encoding="utf-8", newline="") as file:
                whole = [line for line in file if line.endswith("\n")]
            for row in list(csv.reader(whole))[1:]:
                if len(row) == len(COLUMNS) and int(row[0]) <= start:
                    writer.writerow(row)
        with replacing(table, "w") as file:
            file.write(text.getvalue())


def _start_wandb(folder: Path, project: str, config: Mapping[str, Any]) -> Any:
    import wandb

    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return wandb.init(
        project=project, name=folder.name, id=name, resume="allow", dir=str(folder), config=dict(config)
    )
