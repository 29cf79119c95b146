"""`R2N2`: 3D-R2N2 behind the common face of the systems."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.views_config import ViewsConfig
from ...io.errors import BadInput, as_bad_input
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ...structures.voxel_log_odds import solid_log_odds
from ...training.weights import fill, load_weights
from ...training.weights_header import Precision
from .. import shipped_weights
from ..about import About
from ..info import Info, describe_network
from ..pictures import Pictures, as_views
from .about import ABOUT, R2N2Options
from .config import THRESHOLD, NetworkConfig
from .framing import frame_views
from .network import R2N2Network
from .weights_file import SYSTEM, read_settings, write_weights

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Reconstructs

SHIPPED = shipped_weights(SYSTEM)
_PICTURES_AT_ONCE = 32


class R2N2:
    """3D-R2N2 (Choy et al., ECCV 2016): any number of pictures of an object to voxels, and from these to a mesh.

    Args:
        network: the network; it is put into evaluation mode.
        views_config: how its training pictures were taken, and pictures are framed.
        threshold: least probability of a solid cell.
        training: settings that it was trained with, as JSON can hold them.
        weights: where its weights came from.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    def __init__(
        self,
        network: R2N2Network,
        views_config: ViewsConfig | None = None,
        threshold: float = THRESHOLD,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        self.network = network.eval()
        self.views_config = views_config or ViewsConfig(size=network.config.size)
        self.threshold = threshold
        self.training = dict(training or {})
        self.weights = weights
        if self.views_config.size != network.config.size:
            sizes = f"{network.config.size} and {self.views_config.size}"
            raise ValueError(f"network and pictures must have one size, got {sizes}")

    @property
    def network_config(self) -> NetworkConfig:
        """Which of the networks it is, and how wide."""
        return self.network.config

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    @classmethod
    def load(
        cls,
        weights: str | PathLike[str] | None = None,
        variant: str | None = None,
        device: str | torch.device = "cpu",
    ) -> "R2N2":
        """A trained system.

        Args:
            weights: a weights file or the folder of a run; None takes the weights that ship with maquette.
            variant: that the weights must be of; None takes any.
            device: where to compute.

        Raises:
            BadInput: weights that are missing, broken, or of another system or variant.
        """
        if weights is None and not SHIPPED.is_file():
            raise BadInput(
                SHIPPED, "no weights ship with this version; name a weights file or the folder of a run"
            )
        found = load_weights(SHIPPED if weights is None else weights, cls.name)
        network_config, views_config, threshold = read_settings(found)
        if variant is not None and network_config.variant != variant:
            raise BadInput(
                found.path, f"these are weights of variant {network_config.variant}, not of {variant}"
            )
        with torch.device("meta"):
            network = R2N2Network(network_config)
        fill(network, found)
        network.requires_grad_(False)
        name = "shipped" if weights is None else fspath(weights)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network.to(device), views_config, threshold, found.config.get("training"), name)

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads.

        Raises:
            BadInput: the file cannot be written.
        """
        write_weights(path, self.network, self.views_config, self.threshold, self.training, precision)

    def reconstruct(self, pictures: Pictures, options: R2N2Options | None = None) -> list[Reconstruction]:
        """One shape from the pictures of one object, which the recurrence sees one after another.

        Args:
            pictures: `Views`, or files, arrays or tensors as `systems.pictures.as_views` takes them; where no mask
                says where the object is, it is found.
            options: another threshold than that of the weights.

        Returns:
            a list of one reconstruction in the object frame.

        Raises:
            BadInput: a file that is not a picture, or a picture in which no object is found.
        """
        from ...lift import lift_reconstruction  # with its kernels; nothing else here needs them
        from ...segment import with_masks

        began = time.perf_counter()
        views = with_masks(as_views(pictures))
        occupancy, azimuths = self._see(frame_views(views, self.views_config)[None])
        seen = time.perf_counter()
        asked = None if options is None else options.threshold
        made = lift_reconstruction(occupancy, views, self.threshold if asked is None else asked, azimuths)
        seconds = {"network": seen - began, "lift": time.perf_counter() - seen}
        seconds |= {f"lift_{part}": took for part, took in made.info.get("lift_seconds", {}).items()}
        about = {"system": self.name, "variant": self.network_config.variant, "weights": self.weights}
        return [replace(made, info={**made.info, **about, "seconds": seconds})]

    def frame(self, views: Views) -> Float[Tensor, "view 3 size size"]:
        """Pictures as the network sees them: the object is found where no mask says where it is, and framed.

        Raises:
            BadInput: no object is found in a picture.
        """
        from ...segment import with_masks  # with OpenCV

        return frame_views(with_masks(views), self.views_config)

    def occupancy(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch x y z"]:
        """Probability that each cell is solid, without gradients, some objects at a time.

        Args:
            images: as `frame` gives them, or data sets.

        Returns:
            on the device of the images.
        """
        return self.occupancies(images, (images.shape[1],))[0]

    def occupancies(
        self, images: Float[Tensor, "batch view 3 h w"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch x y z"]:
        """What `occupancy` says after the first n pictures, for every n of `counts`; each is encoded once."""
        at_once = max(1, _PICTURES_AT_ONCE // images.shape[1])
        with torch.no_grad():
            logits = [self.network.after(part.to(self.device), counts) for part in images.split(at_once)]
            solid = [solid_log_odds(part.flatten(0, 1)).unflatten(0, part.shape[:2]) for part in logits]
        return torch.cat(solid, dim=1).sigmoid().to(images.device)

    @torch.no_grad()
    def azimuths(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch view bin"] | None:
        """How probable each azimuth is for each picture; None for networks that do not tell.

        Args:
            images: as `frame` gives them.

        Returns:
            probabilities; the k-th bin's middle is at 360 k / bins degrees.
        """
        if self.network.viewpoint is None:
            return None
        features = self.network.encode(images.to(self.device))
        logits: Tensor = self.network.viewpoint(features)
        return logits.float().softmax(dim=-1).to(images.device)

    @torch.no_grad()
    def _see(
        self, images: Float[Tensor, "1 view 3 h w"]
    ) -> tuple[Float[Tensor, "x y z"], Float[Tensor, "view bin"] | None]:
        """What `occupancy` and `azimuths` say of one object, whose pictures are encoded once; on the CPU."""
        features = self.network.encode(images.to(self.device))
        solid, head = solid_log_odds(self.network.decode(features))[0].sigmoid(), self.network.viewpoint
        told = None if head is None else head(features)[0].float().softmax(dim=-1).cpu()
        return solid.cpu(), told

    @classmethod
    def claims(cls, views: Views) -> bool:
        """None: it takes what no other system claims."""
        return False

    @property
    def variant(self) -> str:
        """Which of the networks it is."""
        return self.network_config.variant

    def facts(self) -> Mapping[str, Any]:
        """The threshold."""
        return {"threshold": self.threshold}

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a network of published width, for one picture.

        Raises:
            ValueError: an unknown variant.
        """
        return _describe(R2N2Network(NetworkConfig() if variant is None else NetworkConfig(variant=variant)))

    @property
    def info(self) -> Info:
        """Parameters, multiply-accumulates and shapes of this system's own network, for one picture."""
        return _describe(self.network)

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        from .recipes import RECIPES

        return RECIPES

    @staticmethod
    def training_module(config: Any) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import R2N2Training

        return R2N2Training(config)


def _describe(network: R2N2Network) -> Info:
    parameter, config = next(network.parameters()), network.config
    picture = torch.zeros(1, 1, 3, config.size, config.size, device=parameter.device)
    return describe_network(R2N2.name, config.variant, network, images=picture)


if TYPE_CHECKING:
    _: type[Reconstructs] = R2N2
