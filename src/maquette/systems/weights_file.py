"""What a weights file holds beside its tensors, of systems that take views of shapes and tell solid from empty."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from os import PathLike
from typing import Any, TypeVar

from torch import Tensor, nn

from ..data.views_config import ViewsConfig
from ..io.errors import as_bad_input
from ..io.typed import typed
from ..training.weights import Weights, save_weights
from ..training.weights_header import Precision

_LARGEST_PICTURE = 4096


ConfigT = TypeVar("ConfigT")


def write_weights(
    path: str | PathLike[str],
    system: str,
    network: nn.Module,
    config: Any,
    views: ViewsConfig,
    threshold: float,
    training: Mapping[str, Any],
    precision: Precision,
    tensors: Mapping[str, Tensor] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a weights file that a system's `load` reads.

    Args:
        path: the file to write or replace.
        system: its name.
        network: the tensors.
        config: settings of the network: a dataclass with `variant` and `size`.
        views: how its training pictures were taken; a folder of photographs behind them is not kept, since pictures
            without augmentation need none.
        threshold: least probability of a solid cell.
        training: what is to be known of its training, as JSON can hold it.
        precision: of the tensors in the file.
        tensors: what the file holds in the place of the network's own state.
        more: further settings, by name.

    Raises:
        BadInput: the file cannot be written.
    """
    backgrounds = tuple(kind for kind in views.backgrounds if kind != "photos") or ("plain",)
    settings = {
        "network": asdict(config),
        "views": asdict(replace(views, photos=None, backgrounds=backgrounds)),
        "threshold": threshold,
        "training": dict(training),
        **(more or {}),
    }
    save_weights(
        path,
        network.state_dict() if tensors is None else tensors,
        system,
        config.variant,
        settings,
        precision,
    )


def read_settings(
    weights: Weights, kind: type[ConfigT], threshold: float
) -> tuple[ConfigT, ViewsConfig, float]:
    """Network, pictures and threshold that a weights file was made with; it may say anything.

    Args:
        weights: the file.
        kind: of the network's settings.
        threshold: where the file has none.

    Raises:
        BadInput: settings that make no sense.
    """
    config = weights.config
    with as_bad_input(weights.path, ValueError, say="the settings in its header"):
        network: Any = typed(kind, config.get("network", {}), "network")
        views = typed(ViewsConfig, config.get("views", {"size": network.size}), "views")
        threshold = config.get("threshold", threshold)
        if not isinstance(threshold, float) or not 0 < threshold <= 1:
            raise ValueError(f"threshold must lie in (0, 1], got {threshold!r}")
        if not isinstance(config.get("training", {}), Mapping):
            raise ValueError("training must be an object")
        if views.framing == "camera" and not views.size <= views.render_size <= _LARGEST_PICTURE:
            least, most = views.size, _LARGEST_PICTURE
            raise ValueError(f"views.render_size must lie in [{least}, {most}], got {views.render_size}")
    return network, views, threshold
