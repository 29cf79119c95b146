"""`ViewpointSystem`: the viewpoint network, its weights and its training, behind the common face of the systems."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from ...data.views_config import ViewsConfig, check_pictures
from ...io.errors import as_bad_input
from ...metrics.protocols.viewpoint import Viewpoints
from ...training.weights_header import Precision
from ..about import About
from ..info import Info, describe_network
from ..of_network import OfNetwork
from ..sizes import check_size
from ..weights_file import filled, open_weights, read_network, source_of, write_weights
from .about import ABOUT
from .config import NetworkConfig
from .network import ViewpointNetwork
from .recipes import RECIPES, ViewpointConfig
from .von_mises import likeliest, resultant_length

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import System

_AT_ONCE = 256
_CIRCLE = 360


class ViewpointSystem(OfNetwork[ViewpointNetwork]):
    """Pictures of one object each to where they were taken from.

    Args:
        network: with its settings in `config`; it is put into evaluation mode.
        views_config: how its training pictures were taken.
        training: settings that it was trained with, as JSON can hold them.
        weights: where its weights came from.

    Raises:
        ValueError: a network for pictures of another size, or settings of which no picture can be made.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    def __init__(
        self,
        network: ViewpointNetwork,
        views_config: ViewsConfig | None = None,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        size = network.config.size
        self.network = network.eval()
        self.views_config = views_config or ViewsConfig(size=size, render_size=size, flip=0.0)
        self.training, self.weights = dict(training or {}), weights
        check_size(size, self.views_config.size)
        check_pictures(self.views_config)

    @classmethod
    def load(
        cls,
        weights: str | PathLike[str] | None = None,
        variant: str | None = None,
        device: str | torch.device = "auto",
    ) -> Self:
        """A trained system (`System.load`).

        Raises:
            BadInput: weights that are missing, broken, or of another system or variant.
        """
        found = open_weights(cls.about.name, weights)
        config, views, training = read_network(found, NetworkConfig, ViewsConfig)
        network = filled(ViewpointNetwork, config, found, variant, device)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network, views, training, source_of(weights))

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads; raises BadInput where it cannot be written."""
        network, views = self.network, self.views_config
        write_weights(path, self.about.name, network, network.config, views, None, self.training, precision)

    @torch.inference_mode()
    def viewpoints(self, images: Float[Tensor, "picture 3 height width"]) -> Viewpoints:
        """Where pictures were taken from (`ViewpointTeller.viewpoints`).

        Args:
            images: RGB in [0, 1], of any size, each with one object that stands in it as in the training pictures
                (`views_config`).

        Returns:
            on the device of the pictures; `confidence` is the length of the mean direction
            (`von_mises.resultant_length`).

        Raises:
            ValueError: pictures that are not square, or none.
        """
        height, width = images.shape[2:]
        if height != width or not images.numel():
            raise ValueError(
                f"{len(images)} pictures of {width} x {height}: there must be some, and square ones"
            )
        parts = [self._seen(some) for some in images.split(_AT_ONCE)]
        return Viewpoints(*(torch.cat(one).to(images.device) for one in zip(*parts, strict=True)))

    def _seen(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        size = self.network.config.size
        seen = images.to(self.device, torch.float32)
        if seen.shape[-1] != size:
            seen = interpolate(seen, (size, size), mode="bilinear", antialias=True).clamp(0, 1)
        logits, directions, elevation = self.network(seen)
        azimuth = torch.rad2deg(likeliest(logits, directions)) % _CIRCLE
        return azimuth, torch.rad2deg(elevation[:, 0]), resultant_length(logits, directions)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of the network, for one picture.

        Raises:
            ValueError: another variant.
        """
        return cls(ViewpointNetwork(NetworkConfig(variant or ABOUT.variants[0]))).info

    @property
    def info(self) -> Info:
        """The same of the system's own network."""
        size = self.network.config.size
        images = torch.zeros(1, 3, size, size, device=self.device)
        return describe_network(self.about.name, self.variant, self.network, images=images)

    def facts(self) -> Mapping[str, Any]:
        """Pixels a side, and how many directions an azimuth may be told as."""
        config = self.network.config
        return {"size": config.size, "modes": config.modes}

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        return RECIPES

    @staticmethod
    def training_module(config: ViewpointConfig) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import ViewpointTraining  # with what only training needs

        return ViewpointTraining(config)


if TYPE_CHECKING:
    _: type[System] = ViewpointSystem
