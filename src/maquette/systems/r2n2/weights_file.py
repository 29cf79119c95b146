"""What a weights file of 3D-R2N2 holds beside its tensors."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

from ...data.views_config import ViewsConfig
from ...io.errors import as_bad_input
from ...training.typed import typed
from ...training.weights import Weights, save_weights
from ...training.weights_header import Precision
from .config import THRESHOLD, NetworkConfig, scaled
from .encoder import CHANNELS, FEATURES, pooled_side
from .network import R2N2Network

SYSTEM = "r2n2"
_LARGEST_PICTURE = 4096
_WITNESS, _BINS = "encoder.dense.weight", "viewpoint.bins.bias"


def write_weights(
    path: str | PathLike,
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
        views: how its training pictures were taken.
        threshold: least probability of a solid cell.
        training: what is to be known of its training, as JSON can hold it.
        precision: of the tensors in the file.

    Raises:
        BadInput: the file cannot be written.
    """
    config = {
        "network": asdict(network.config),
        "views": asdict(views),
        "threshold": threshold,
        "training": dict(training),
    }
    save_weights(path, network.state_dict(), SYSTEM, network.config.variant, config, precision)


def read_settings(weights: Weights) -> tuple[NetworkConfig, ViewsConfig, float]:
    """Network, pictures and threshold that a weights file was made with; it may say anything.

    Raises:
        BadInput: settings that make no sense, or do not fit the tensors.
    """
    config = weights.config
    with as_bad_input(weights.path, ValueError, say="the settings in its header"):
        network = typed(NetworkConfig, config.get("network", {}), "network")
        views = typed(ViewsConfig, config.get("views", {"size": network.size}), "views")
        threshold = config.get("threshold", THRESHOLD)
        if not isinstance(threshold, float) or not 0 <= threshold <= 1:
            raise ValueError(f"threshold must lie in [0, 1], got {threshold!r}")
        _check_claims(network, weights)
        if views.framing == "camera" and not views.size <= views.render_size <= _LARGEST_PICTURE:
            least, most = views.size, _LARGEST_PICTURE
            raise ValueError(f"views.render_size must lie in [{least}, {most}], got {views.render_size}")
    return network, views, threshold


def _check_claims(config: NetworkConfig, weights: Weights) -> None:
    """Refuse settings that do not fit the file's largest tensors, before a network of any size is built."""
    found = weights.tensors.get(_WITNESS)
    width = config.width if config.encoder_width is None else config.encoder_width
    wanted = scaled(FEATURES, config.width), scaled(CHANNELS[-1], width) * pooled_side(config.size) ** 2
    if found is None or tuple(found.shape) != wanted:
        shape = "missing" if found is None else tuple(found.shape)
        raise ValueError(f"width {width:g} and size {config.size} do not fit: {_WITNESS} is {shape}")
    bins = weights.tensors.get(_BINS)
    if (0 if bins is None else len(bins)) != config.view_bins:
        raise ValueError(f"view_bins {config.view_bins} does not fit {_BINS}")
