"""A pytest plugin that lets tests written for `pytorch3d` import maquette, and writes what became of each test.

Load it with `-p maquette.bench.studies.pytorch3d_alias`; `--outcomes FILE` gets one JSON object a line: first the
tests that were collected, then each test as it ends. A name that maquette lacks becomes a `Placeholder`, so that a
test module can still be imported; whoever uses the placeholder gets `NotOffered`. The plain twins that their tests
compare kernels with (`rasterize_meshes_python`, ...) are read from PyTorch3D's own sources where PYTORCH3D_SOURCES
names them.
"""

import functools
import importlib
import json
import os
import sys
import types
from collections.abc import Generator, Iterator, Sequence
from contextlib import nullcontext
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, NoReturn

import pytest

from .cuda_random import cuda_random

THEIRS, OURS = "pytorch3d", "maquette"
COLOURED_BY_CUDA = {f"TestRenderMeshes::test_join_{kind}" for kind in ("uvs", "verts", "atlas")}
"""Tests whose reference pictures have colours that a GPU's generator drew."""
SOURCES = os.environ.get("PYTORCH3D_SOURCES", "")
"""The folder of PyTorch3D's package, for the twins in Python that its tests compare with."""


class NotOffered(Exception):
    """Raised when a name that maquette lacks is used."""


class Placeholder:
    """Stands in for an absent name: it can be imported, subclassed and compared, not used."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise NotOffered(self.__name__)

    __call__ = __iter__ = __getitem__ = __len__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self.__name__}.{name}")

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type]:
        return (type(self.__name__.rpartition(".")[2], (), {"__init__": self._refuse}),)

    def __instancecheck__(self, instance: object) -> bool:
        return False


class Alias(types.ModuleType):
    """A module under PyTorch3D's name that reads from maquette's module of the same path, or from nothing."""

    def __init__(self, name: str, real: types.ModuleType | None) -> None:
        super().__init__(name, getattr(real, "__doc__", None))
        self.__dict__["_real"] = real
        self.__dict__["__path__"] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        value = getattr(self._real, name, self)
        if value is self:
            twin = their_twins(self.__name__).get(name) if name.endswith("_python") else None
            return twin or Placeholder(f"{self.__name__}.{name}")
        if isinstance(value, types.ModuleType) and value.__name__.startswith(f"{OURS}."):
            return importlib.import_module(f"{self.__name__}.{name}")
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        is_child = isinstance(value, Alias)
        if not is_child or not hasattr(self._real, name):
            super().__setattr__(name, value)


@functools.cache
def their_twins(module: str) -> dict[str, Any]:
    """What a module of PyTorch3D defines, for the plain twins that its tests compare with; {} without sources.

    Everything that the module imports from PyTorch3D is ours.
    """
    path = Path(SOURCES, *module.split(".")[1:]).with_suffix(".py")
    if not SOURCES or not path.is_file():
        return {}
    names = {"__name__": module, "__package__": module.rpartition(".")[0]}
    exec(compile(path.read_text(), path, "exec"), names)
    return names


class AliasFinder(MetaPathFinder, Loader):
    """Answers every import below `pytorch3d`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of an alias; None for other packages."""
        if name == THEIRS or name.startswith(f"{THEIRS}."):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> Alias:
        """An alias of our module, or of nothing where we have no module of that path."""
        ours = OURS + spec.name[len(THEIRS) :]
        try:
            return Alias(spec.name, importlib.import_module(ours))
        except ModuleNotFoundError as absent:
            if not (absent.name or "").startswith(OURS):
                raise
            return Alias(spec.name, None)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: the alias reads when asked."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--outcomes`."""
    parser.addoption("--outcomes", type=Path, help="write what became of each test here")


def pytest_configure(config: pytest.Config) -> None:
    """Answer imports from now on, before any test is imported; start the file of outcomes."""
    sys.meta_path.insert(0, AliasFinder())
    if config.option.outcomes:
        config.pluginmanager.register(Outcomes(config.option.outcomes))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Give the tests of `COLOURED_BY_CUDA` the numbers of a GPU's generator."""
    with cuda_random() if name_of(item) in COLOURED_BY_CUDA else nullcontext():
        yield


def name_of(item: pytest.Item) -> str:
    """The name of a test with its class: "TestKNN::test_knn_gather"."""
    return item.nodeid.partition("::")[2]


def line_of(cause: pytest.ExceptionInfo[BaseException], path: Path) -> str:
    """Where in the test's file and where at last something went wrong."""
    entries = [entry for entry in cause.traceback if entry.path == path] + [cause.traceback[-1]]
    places = [f"{Path(entry.path).name}:{entry.lineno + 1}" for entry in entries[-2:]]
    return ", ".join(dict.fromkeys(places))


class Outcomes:
    """Writes a line for the collection and a line a test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **fields: object) -> None:
        """Append one line."""
        with self.path.open("a") as file:
            file.write(json.dumps(fields) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be imported."""
        if report.failed:
            self.write(
                test="(import)", outcome="failed", error="ImportError", text=str(report.longrepr)[-2000:]
            )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which tests there are."""
        self.write(collected=[name_of(item) for item in session.items])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how a test ended, with the exception that ended it."""
        report = yield
        if report.when == "call" or report.outcome != "passed":
            cause = call.excinfo
            self.write(
                test=name_of(item),
                outcome=report.outcome,
                error=type(cause.value).__name__ if cause else None,
                text=str(cause.value)[:1000] if cause else None,
                line=line_of(cause, item.path) if cause else None,
                seconds=round(call.duration, 3),
            )
        return report
