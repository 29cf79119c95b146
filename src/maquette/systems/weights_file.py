"""From a weights file to a network and back, and what the file holds beside tensors."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from os import PathLike, fspath
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..data.views_config import ViewsConfig
from ..io.errors import BadInput, as_bad_input
from ..io.typed import typed
from ..structures.device import make_device
from ..training.weights import Weights, fill, load_weights, save_weights
from ..training.weights_header import Precision
from . import shipped_weights

_LARGEST_PICTURE = 4096

ConfigT = TypeVar("ConfigT")
ViewsT = TypeVar("ViewsT")
NetworkT = TypeVar("NetworkT", bound=nn.Module)


def write_weights(
    path: str | PathLike[str],
    system: str,
    network: nn.Module,
    config: Any,
    views: ViewsConfig,
    threshold: float | None,
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
        threshold: least probability of a solid cell; None where there are none.
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
        **({} if threshold is None else {"threshold": threshold}),
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


def open_weights(system: str, weights: str | PathLike[str] | None) -> Weights:
    """The weights of a system: a file's, those of the folder of a run, or, of None, those that ship.

    Raises:
        BadInput: weights that are missing, broken, or of another system.
    """
    shipped = shipped_weights(system)
    if weights is None and not shipped.is_file():
        raise BadInput(
            shipped, "no weights ship with this version; name a weights file or the folder of a run"
        )
    return load_weights(shipped if weights is None else weights, system)


def source_of(weights: str | PathLike[str] | None) -> str:
    """Where a system says that its weights came from."""
    return "shipped" if weights is None else fspath(weights)


def filled(
    make: Callable[[Any], NetworkT],
    config: Any,
    weights: Weights,
    variant: str | None,
    device: str | torch.device,
    put: Callable[[Any, Weights], None] = fill,
) -> NetworkT:
    """A network with the weights of a file, which is not to be trained.

    Args:
        make: the network of its settings.
        config: the settings, with `variant`.
        weights: the file.
        variant: that it must be of; None takes any.
        device: where the network goes.
        put: puts the weights into the network, which is on the device "meta" until then.

    Raises:
        BadInput: another variant, or tensors that are not the network's.
    """
    if variant not in (None, config.variant):
        raise BadInput(weights.path, f"these are weights of variant {config.variant}, not of {variant}")
    with torch.device("meta"):
        network = make(config)
    put(network, weights)
    network.requires_grad_(False)
    return network.to(make_device(device))


def read_network(
    weights: Weights, kind: type[ConfigT], views: type[ViewsT]
) -> tuple[ConfigT, ViewsT, Mapping[str, Any]]:
    """Settings of network, pictures and training that a weights file was made with; it may say anything.

    Args:
        weights: the file.
        kind: of the network's settings, with `size`, that of the pictures where the file says nothing of them.
        views: of the pictures' settings.

    Raises:
        BadInput: settings that make no sense.
    """
    config = weights.config
    with as_bad_input(weights.path, ValueError, say="the settings in its header"):
        network: Any = typed(kind, config.get("network", {}), "network")
        pictures = typed(views, config.get("views", {"size": network.size}), "views")
        training = config.get("training", {})
        if not isinstance(training, Mapping):
            raise ValueError("training must be an object")
    return network, pictures, training


def read_settings(
    weights: Weights, kind: type[ConfigT], threshold: float
) -> tuple[ConfigT, ViewsConfig, Mapping[str, Any], float]:
    """The same of views of shapes, and the threshold.

    Args:
        weights: the file.
        kind: of the network's settings.
        threshold: where the file has none.

    Raises:
        BadInput: settings that make no sense.
    """
    network, views, training = read_network(weights, kind, ViewsConfig)
    with as_bad_input(weights.path, ValueError, say="the settings in its header"):
        threshold = weights.config.get("threshold", threshold)
        if not isinstance(threshold, float) or not 0 < threshold <= 1:
            raise ValueError(f"threshold must lie in (0, 1], got {threshold!r}")
        if views.framing == "camera" and not views.size <= views.render_size <= _LARGEST_PICTURE:
            least, most = views.size, _LARGEST_PICTURE
            raise ValueError(f"views.render_size must lie in [{least}, {most}], got {views.render_size}")
    return network, views, training, threshold
