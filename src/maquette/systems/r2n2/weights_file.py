"""What a weights file of 3D-R2N2 holds beside its tensors."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from os import PathLike
from typing import Any

from ...data.views_config import ViewsConfig
from ...io.errors import as_bad_input
from ...training.typed import typed
from ...training.weights import Weights, save_weights
from ...training.weights_header import Precision
from .config import THRESHOLD, NetworkConfig
from .network import R2N2Network

SYSTEM = "r2n2"
_LARGEST_PICTURE = 4096


def write_weights(
    path: str | PathLike[str],
    network: R2N2Network,
    views: ViewsConfig,
    threshold: float,
    training: Mapping[str, Any],
    precision: Precision,
) -> None:
    """Write the weights file that `R2N2.load` reads.

    Args:
        path: the file to write or replace.
        network: its weights.
        views: how its training pictures were taken; a folder of photographs behind them is not kept, since pictures
            without augmentation need none.
        threshold: least probability of a solid cell.
        training: what is to be known of its training, as JSON can hold it.
        precision: of the tensors in the file.

    Raises:
        BadInput: the file cannot be written.
    """
    backgrounds = tuple(kind for kind in views.backgrounds if kind != "photos") or ("plain",)
    config = {
        "network": asdict(network.config),
        "views": asdict(replace(views, photos=None, backgrounds=backgrounds)),
        "threshold": threshold,
        "training": dict(training),
    }
    save_weights(path, network.state_dict(), SYSTEM, network.config.variant, config, precision)


def read_settings(weights: Weights) -> tuple[NetworkConfig, ViewsConfig, float]:
    """Network, pictures and threshold that a weights file was made with; it may say anything.

    Raises:
        BadInput: settings that make no sense.
    """
    config = weights.config
    with as_bad_input(weights.path, ValueError, say="the settings in its header"):
        network = typed(NetworkConfig, config.get("network", {}), "network")
        views = typed(ViewsConfig, config.get("views", {"size": network.size}), "views")
        threshold = config.get("threshold", THRESHOLD)
        if not isinstance(threshold, float) or not 0 < threshold <= 1:
            raise ValueError(f"threshold must lie in (0, 1], got {threshold!r}")
        if not isinstance(config.get("training", {}), Mapping):
            raise ValueError("training must be an object")
        if views.framing == "camera" and not views.size <= views.render_size <= _LARGEST_PICTURE:
            least, most = views.size, _LARGEST_PICTURE
            raise ValueError(f"views.render_size must lie in [{least}, {most}], got {views.render_size}")
    return network, views, threshold
