"""`R2N2`: 3D-R2N2 behind the common face of the systems."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ...structures.voxel_log_odds import solid_log_odds
from .. import shipped_weights
from ..about import About
from ..framing import frame_views
from ..occupancy import OccupancySystem
from ..pictures import Pictures, as_views
from ..portable import Portable
from .about import ABOUT, R2N2Options
from .config import NetworkConfig
from .network import R2N2Network
from .portable import PortableR2N2

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Exports, Reconstructs

SHIPPED = shipped_weights(ABOUT.name)
_PICTURES_AT_ONCE = 32


class R2N2(OccupancySystem[R2N2Network]):
    """3D-R2N2 (Choy et al., ECCV 2016): any number of pictures of an object to voxels, and from these to a mesh.

    Arguments are those of `OccupancySystem`.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    network_class, config_class = R2N2Network, NetworkConfig

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

    @staticmethod
    def example(config: NetworkConfig, device: torch.device) -> dict[str, Tensor]:
        """One picture."""
        return {"images": torch.zeros(1, 1, 3, config.size, config.size, device=device)}

    def portable(self) -> Portable:
        """The network, from framed pictures to what `occupancy` and `azimuths` say."""
        size = self.network_config.size
        images = ("batch", "view", 3, size, size)
        outputs = ("solid",) if self.network.viewpoint is None else ("solid", "azimuths")
        return Portable(PortableR2N2(self.network), {"images": images}, outputs, self.framing())

    @staticmethod
    def training_module(config: Any) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import R2N2Training

        return R2N2Training(config)


if TYPE_CHECKING:
    _: type[Reconstructs] = R2N2
    __: type[Exports] = R2N2
