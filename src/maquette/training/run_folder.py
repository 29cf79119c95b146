"""`RunFolder`: what lies where in the folder of a run."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..data.recognise import count_of_faces
from ..io.atomic import replacing
from ..io.errors import BadInput, as_bad_input
from ..io.json_file import read_json
from ..io.typed import typed
from .initial import InitialWeights

FORMAT = "maquette-run/1"
_STEP = re.compile(r"step_(\d{9})")
_KEPT = 2

Read = TypeVar("Read")


@dataclass(frozen=True)
class _Data:
    """Where the data of a run are."""

    shapes: str | None = None
    data: str | None = None
    split_file: str | None = None
    given: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _OnData:
    """What `config.json` must say for those who use the data of a run."""

    data: _Data


@dataclass(frozen=True)
class _About(_OnData):
    """What it must say for those who train on."""

    system: str
    recipe: str
    config: Mapping[str, Any]
    init: InitialWeights | None = None
    maquette: str = ""
    format: str = FORMAT


class RunFolder:
    """A folder with `config.json`, `checkpoints/`, `metrics.csv`, `tensorboard/`, `eval/`, `weights.safetensors`.

    Args:
        path: the folder; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self.checkpoints = path / "checkpoints"
        self.metrics = path / "metrics.csv"
        self.tensorboard = path / "tensorboard"
        self.evaluations = path / "eval"
        self.weights = path / "weights.safetensors"
        self.unfinished = path / "unfinished.safetensors"  # those of a checkpoint, until the run has ended
        self.pack = path / "shapes.pack"

    def write_config(self, about: dict[str, Any]) -> None:
        """Write `config.json`: what the run is, and where its data are.

        Raises:
            BadInput: it cannot be written.
        """
        with (
            as_bad_input(self.config_file, OSError, say="cannot be written"),
            replacing(self.config_file, "w") as file,
        ):
            file.write(json.dumps({"format": FORMAT, **about}, indent=1) + "\n")

    def read_config(self) -> dict[str, Any]:
        """What `write_config` wrote, with all that training needs at its end.

        Raises:
            BadInput: missing, or not that.
        """
        return self._read(_About)

    def read_data(self) -> dict[str, Any]:
        """What `config.json` says of the data, whatever else it lacks.

        Raises:
            BadInput: missing, or it says nothing of them.
        """
        data: dict[str, Any] = self._read(_OnData)["data"]
        return data

    def _read(self, kind: type[Any]) -> dict[str, Any]:
        about = read_json(self.config_file, dict, nan=True)
        wrong = "is not the configuration of a run"
        if about.get("format") != FORMAT:
            raise BadInput(self.config_file, wrong)
        with as_bad_input(self.config_file, ValueError, say=wrong):
            known = asdict(typed(kind, about, more=True))
        known["data"] = (
            about["data"] | known["data"]
        )  # what other versions wrote stays when it is written again
        return about | known

    def shapes(self, data: dict[str, Any]) -> str | None:
        """Where the shapes are that the configuration's `data` name; a path within the folder moves with it.

        Faces ("faces:N") lie nowhere and keep their name.
        """
        stored = data.get("shapes")
        drawn = stored and count_of_faces(stored) is not None
        return stored if drawn else stored and str(self.path / stored)

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint behind `step` steps is."""
        return self.checkpoints / f"step_{step:09}"

    def steps(self) -> list[int]:
        """Steps that there are checkpoints of, rising."""
        if not self.checkpoints.is_dir():
            return []
        names = [_STEP.fullmatch(entry.name) for entry in self.checkpoints.iterdir()]
        return sorted(int(match[1]) for match in names if match)

    def newest(
        self, read: Callable[[Path], Read], say: Callable[[str], None], clear: bool = True
    ) -> tuple[int, Read] | None:
        """The last step with a sound checkpoint, and what was read of it; what was half written is cleared away.

        Checkpoints that cannot be used are put aside under another name: what failed may have been the disk.

        Args:
            read: raises BadInput about a checkpoint that cannot be used.
            say: told of checkpoints that cannot be used.
            clear: whether to clear away.

        Raises:
            BadInput: there are checkpoints, but none that can be used.
        """
        problem = None
        for step in reversed(self.steps()):
            try:
                found = read(self.checkpoint(step))
            except BadInput as error:
                problem = problem or error
                say(f"{error}; going back to the checkpoint before")
                continue
            if clear:
                self._clear(step)
            return step, found
        if problem is not None:
            raise problem
        if clear:
            self._clear(-1)
        return None

    def prune(self, best: int | None) -> None:
        """Remove checkpoints other than the last two and the one behind step `best`."""
        steps = self.steps()
        for step in steps[:-_KEPT]:
            if step != best:
                self._remove(step)

    def _clear(self, last: int) -> None:
        """Remove unfinished checkpoints, and put those behind `last` aside."""
        for step in self.steps():
            if step > last:
                self._put_aside(step)
        if self.checkpoints.is_dir():
            for entry in self.checkpoints.iterdir():
                if entry.name.startswith("."):
                    shutil.rmtree(entry, ignore_errors=True)

    def _put_aside(self, step: int) -> None:
        path = self.checkpoint(step)
        aside = path.with_name(f"{path.name}.broken")
        with suppress(OSError):
            shutil.rmtree(aside, ignore_errors=True)
            path.rename(aside)

    def _remove(self, step: int) -> None:
        """Remove a checkpoint so that no half of it is ever seen under its name."""
        going = self.checkpoints / f".step_{step:09}.old"
        with suppress(OSError):
            shutil.rmtree(going, ignore_errors=True)
            self.checkpoint(step).rename(going)
            shutil.rmtree(going, ignore_errors=True)
