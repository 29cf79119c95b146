"""`Unsup3DSystem`: Unsup3D, its weights and its training, behind the common face of the systems."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.pictures_config import PicturesConfig
from ...io.errors import BadInput, as_bad_input
from ...io.typed import typed
from ...metrics.protocols.depth import SeenDepth
from ...structures.device import make_device
from ...training.weights import fill, load_weights, save_weights
from ...training.weights_header import Precision
from .. import shipped_weights
from ..about import About
from ..info import Info, describe_network
from .about import ABOUT
from .config import NetworkConfig
from .formation import canonical, reconstruct
from .network import Unsup3DNetwork
from .recipes import RECIPES, Unsup3DConfig

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import System


class Unsup3DSystem:
    """Unsup3D (Wu et al., CVPR 2020): a picture to depth, colours, light and view.

    Args:
        network: the five networks; they are put into evaluation mode.
        views_config: how their training pictures were cut out; the square in the middle when not given.
        training: settings that they were trained with, as JSON can hold them.
        weights: where their weights came from.

    Raises:
        ValueError: networks for pictures of another size.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    def __init__(
        self,
        network: Unsup3DNetwork,
        views_config: PicturesConfig | None = None,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        size = network.config.size
        self.network, self.views_config = network.eval(), views_config or PicturesConfig(size=size)
        self.training, self.weights = dict(training or {}), weights
        if self.views_config.size != size:
            sizes = f"{size} and {self.views_config.size}"
            raise ValueError(f"network and pictures must have one size, got {sizes}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.variant}, weights {self.weights}, on {self.device})"

    @property
    def variant(self) -> str:
        """Which of the networks it is."""
        return self.network.config.variant

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.network.parameters()).device

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
        shipped = shipped_weights(cls.about.name)
        if weights is None and not shipped.is_file():
            raise BadInput(
                shipped, "no weights ship with this version; name a weights file or the folder of a run"
            )
        found = load_weights(shipped if weights is None else weights, cls.about.name)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            config = typed(NetworkConfig, found.config.get("network", {}), "network")
            views = typed(PicturesConfig, found.config.get("views", {"size": config.size}), "views")
            if not isinstance(found.config.get("training", {}), Mapping):
                raise ValueError("training must be an object")
        if variant not in (None, config.variant):
            raise BadInput(found.path, f"these are weights of variant {config.variant}, not of {variant}")
        with torch.device("meta"):
            network = Unsup3DNetwork(config)
        fill(network, found)
        network.requires_grad_(False)
        name = "shipped" if weights is None else fspath(weights)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network.to(make_device(device)), views, found.config.get("training"), name)

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads; raises BadInput where it cannot be written."""
        config = {"network": asdict(self.network.config), "views": asdict(self.views_config)}
        config |= {"training": self.training}
        save_weights(path, self.network.state_dict(), self.about.name, self.variant, config, precision)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a variant as the recipe of its name has it, for one picture.

        Raises:
            ValueError: an unknown variant.
        """
        variant = cls.variants[0] if variant is None else variant
        if variant not in cls.variants:
            raise ValueError(f"variant must be one of {', '.join(cls.variants)}; got {variant!r}")
        return cls(Unsup3DNetwork(RECIPES[variant](variant).network)).info

    @property
    def info(self) -> Info:
        """The same of the system's own networks."""
        size = self.network.config.size
        images = torch.zeros(1, 3, size, size, device=self.device)
        return describe_network(self.about.name, self.variant, self.network, images=images)

    def facts(self) -> Mapping[str, Any]:
        """Range of depths and field of view in degrees."""
        formation = self.network.config.formation
        return {"depth": list(formation.depth), "fov": formation.fov}

    @torch.inference_mode()
    def depths(self, images: Float[Tensor, "batch 3 size size"]) -> SeenDepth:
        """What the camera sees of the surfaces in pictures of the networks' size (`DepthSystem.depths`)."""
        formation = self.network.config.formation
        made = reconstruct(canonical(self.network(images.to(self.device)), formation), formation)
        return SeenDepth(made.depth[: len(images)], made.seen[: len(images)])

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        return RECIPES

    @staticmethod
    def training_module(config: Unsup3DConfig) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .lemul import LeMulTraining  # with what only training needs
        from .supervised import SupervisedTraining
        from .training import Unsup3DTraining

        pairs = LeMulTraining if config.network.second == "pair" else Unsup3DTraining
        return (SupervisedTraining if config.network.parts == "depth" else pairs)(config)


if TYPE_CHECKING:
    _: type[System] = Unsup3DSystem
