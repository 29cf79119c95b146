"""`R2N2`: 3D-R2N2 behind the common face of the systems."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...structures.reconstruction import Reconstruction
from ...structures.voxel_log_odds import solid_log_odds
from ..about import About
from ..object_voxels import ObjectVoxels
from ..pictures import Pictures, as_views
from ..portable import Portable
from .about import ABOUT, R2N2Options
from .config import NetworkConfig
from .network import R2N2Network
from .portable import PortableR2N2

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Exports, Reconstructs


class R2N2(ObjectVoxels[R2N2Network]):
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
        from ...segment import with_masks  # with OpenCV

        began = time.perf_counter()
        views = with_masks(as_views(pictures))
        return [self._lifted(views, self._see, None if options is None else options.threshold, began)]

    def _solid(
        self, images: Float[Tensor, "batch view 3 h w"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch x y z"]:
        logits = self.network.after(images, counts)
        solid: Tensor = solid_log_odds(logits.flatten(0, 1)).unflatten(0, logits.shape[:2]).sigmoid()
        return solid

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
