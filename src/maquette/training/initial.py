"""Weights that a run starts from instead of random ones: which file, and what of its settings holds for the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ..io.checksum import sha256_of
from ..io.errors import BadInput, as_bad_input
from ..io.typed import typed
from .weights_header import WeightsHeader, weights_file

Adopt = Callable[[Mapping[str, Any], Callable[..., Any], str | None], dict[str, Any]]


@dataclass(frozen=True)
class InitialWeights:
    """A weights file, and what it was when the run began; kept in the run's `config.json`.

    Attributes:
        given: what the user called it.
        file: its absolute path.
        sha256: of its bytes.
    """

    given: str
    file: str
    sha256: str

    @property
    def name(self) -> str:
        """What to call it where other people read it: without the folders that it lies in."""
        return Path(self.given).name or Path(self.file).parent.name

    def check(self) -> None:
        """Refuse a file that is not what it was.

        Raises:
            BadInput: it has vanished or changed.
        """
        why = "the run has no checkpoint yet and starts from this file"
        with as_bad_input(self.file, OSError, say=why):
            if sha256_of(self.file) != self.sha256:
                raise BadInput(self.file, f"{why}, which has changed: its SHA-256 is another")


def initial_weights(given: str, path: str | PathLike[str]) -> InitialWeights:
    """Take down which file a run starts from.

    Args:
        given: what the user called it.
        path: the file, or the folder of a run.

    Raises:
        BadInput: missing, or not readable.
    """
    file = weights_file(path).resolve()
    with as_bad_input(file, OSError, say="cannot be read"):
        return InitialWeights(given, fspath(file), sha256_of(file))


def settings_with(
    header: WeightsHeader,
    recipe: Callable[..., Any],
    variant: str | None = None,
    adopt: Adopt | None = None,
) -> dict[str, Any]:
    """The parts of a recipe's settings, with what a system takes over of those in a weights file.

    Args:
        header: what the file says about itself.
        recipe: gives complete settings for a variant.
        variant: taken instead of the file's own.
        adopt: of the system; when not given, the parts `network` and `views` are the file's.

    Returns:
        parts by name; whether they go together is up to what the user changes in them.

    Raises:
        BadInput: settings in the file that are unknown or impossible.
    """
    with as_bad_input(header.file, ValueError, say="the settings in its header"):
        return (adopt or adopt_whole)(header.config, recipe, variant)


def adopt_whole(stored: Mapping[str, Any], recipe: Callable[..., Any], variant: str | None) -> dict[str, Any]:
    """The parts of a recipe, but the network and the pictures as they are in a weights file.

    Raises:
        ValueError: settings that are unknown or impossible.
    """
    kind = recipe()
    network = typed(type(kind.network), stored.get("network", {}), "network")
    network = replace(network, variant=variant or network.variant)
    fresh = recipe(network.variant)
    views = typed(type(fresh.views), stored.get("views", {}), "views")
    parts = {field.name: getattr(fresh, field.name) for field in fields(fresh)}
    return {**parts, "network": network, "views": views}
