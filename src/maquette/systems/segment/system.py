"""`SegmentSystem`: the mask network, its weights and its training, behind the common face of the systems."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.views_config import ViewsConfig
from ...io.errors import as_bad_input
from ...segment.mask_net import MaskNet
from ...segment.network_mask import network_masks
from ...training.weights_header import Precision
from ..about import About
from ..info import Info, describe_network
from ..of_network import OfNetwork
from ..sizes import check_size
from ..weights_file import filled, open_weights, read_settings, source_of, write_weights
from .about import ABOUT
from .config import NetworkConfig
from .network import THRESHOLD, made
from .recipes import RECIPES, SegmentConfig

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import System


class SegmentSystem(OfNetwork[MaskNet]):
    """The mask network: a picture to the pixels of the object that it is about.

    Args:
        network: it is put into evaluation mode.
        config: how large it is.
        views_config: how its training pictures were taken.
        training: settings that it was trained with, as JSON can hold them.
        weights: where its weights came from.

    Raises:
        ValueError: a network for pictures of another size.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    def __init__(
        self,
        network: MaskNet,
        config: NetworkConfig | None = None,
        views_config: ViewsConfig | None = None,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        self.network, self.config = network.eval(), config or NetworkConfig()
        size = self.config.size
        self.views_config = views_config or ViewsConfig(size=size, framing="object")
        self.training, self.weights = dict(training or {}), weights
        check_size(size, self.views_config.size)

    @property
    def network_config(self) -> NetworkConfig:
        """How large it is."""
        return self.config

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
        config, views, training, _ = read_settings(found, NetworkConfig, THRESHOLD)
        network = filled(made, config, found, variant, device)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network, config, views, training, source_of(weights))

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads; raises BadInput where it cannot be written."""
        write_weights(
            path,
            self.about.name,
            self.network,
            self.config,
            self.views_config,
            THRESHOLD,
            self.training,
            precision,
        )

    def masks(
        self, images: Float[Tensor, "picture 3 height width"]
    ) -> Float[Tensor, "picture 1 height width"]:
        """Probability of the object at each pixel of pictures, RGB in [0, 1] (`MaskSystem.masks`)."""
        return network_masks(self.network, images).to(images.device)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of the network, for one picture.

        Raises:
            ValueError: another variant.
        """
        config = NetworkConfig(variant or ABOUT.variants[0])
        return cls(made(config), config).info

    @property
    def info(self) -> Info:
        """The same of the system's own network."""
        size = self.config.size
        images = torch.zeros(1, 3, size, size, device=self.device)
        return describe_network(self.about.name, self.variant, self.network, images=images)

    def facts(self) -> Mapping[str, Any]:
        """From which probability on a pixel is solid."""
        return {"threshold": THRESHOLD}

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        return RECIPES

    @staticmethod
    def training_module(config: SegmentConfig) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import SegmentTraining  # with what only training needs

        return SegmentTraining(config)


if TYPE_CHECKING:
    _: type[System] = SegmentSystem
