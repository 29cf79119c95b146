"""Weights that a run starts from instead of random ones: which file, and what of its settings holds for the run."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ..io.checksum import sha256_of
from ..io.errors import BadInput, as_bad_input
from .typed import typed
from .weights_header import WeightsHeader, weights_file

_FRAMING = ("size", "framing", "margin")
_FRAMING_OF_CAMERA = ("render_size",)


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
    header: WeightsHeader, recipe: Callable[..., Any], variant: str | None = None
) -> dict[str, Any]:
    """The parts of a recipe's settings, but the network and the framing of pictures as a weights file has them.

    Args:
        header: what the file says about itself.
        recipe: gives complete settings for a variant, with the parts `network` and `views`.
        variant: taken instead of the file's own.

    Returns:
        parts by name; whether they go together is up to what the user changes in them.

    Raises:
        BadInput: settings in the file that are unknown or impossible.
    """
    with as_bad_input(header.file, ValueError, say="the settings in its header"):
        kind, config = recipe(), header.config
        network = typed(type(kind.network), config.get("network", {}), "network")
        views = typed(type(kind.views), config.get("views", {"size": network.size}), "views")
        if network.size != views.size:
            raise ValueError(f"network.size is {network.size}, views.size {views.size}")
        network = replace(network, variant=variant or network.variant)
        fresh = recipe(network.variant)
        names = _FRAMING + (_FRAMING_OF_CAMERA if views.framing == "camera" else ())
        framed = replace(fresh.views, **{name: getattr(views, name) for name in names})
    parts = {field.name: getattr(fresh, field.name) for field in fields(fresh)}
    return {**parts, "network": network, "views": framed}
