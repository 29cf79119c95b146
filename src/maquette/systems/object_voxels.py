"""`ObjectVoxels`: what systems have in common that make a grid in the object frame of any number of pictures."""

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..structures.reconstruction import Reconstruction
from ..structures.views import Views
from .framing import frame_views
from .occupancy import OccupancySystem
from .of_network import NetworkT

_PICTURES_AT_ONCE = 32
Seen = tuple[
    Tensor, Tensor | None
]  # solid (x, y, z), and azimuths (view, bin) where they are told; on the CPU


class ObjectVoxels(OccupancySystem[NetworkT]):
    """One network from pictures of an object to the voxels of its cube; arguments are those of `OccupancySystem`."""

    def frame(self, views: Views) -> Float[Tensor, "view 3 size size"]:
        """Pictures as the network sees them: the object is found where no mask says where it is, and framed.

        Raises:
            BadInput: no object is found in a picture.
        """
        from ..segment import with_masks  # with OpenCV

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
            solid = [self._solid(part.to(self.device), counts) for part in images.split(at_once)]
        return torch.cat(solid, dim=1).to(images.device)

    @abstractmethod
    def _solid(
        self, images: Float[Tensor, "batch view 3 h w"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch x y z"]:
        """What `occupancies` says of a few objects, on the network's device."""

    def _lifted(
        self, views: Views, see: Callable[[Tensor], Seen], threshold: float | None, began: float
    ) -> Reconstruction:
        """A mesh of what is seen of pictures.

        Args:
            views: with masks.
            see: what the network says of (1, view, 3, size, size).
            threshold: that of the weights when not given.
            began: when, by `time.perf_counter`.
        """
        from ..lift import lift_reconstruction  # with its kernels; nothing else here needs them

        occupancy, azimuths = see(frame_views(views, self.views_config)[None])
        seen = time.perf_counter()
        asked = self.threshold if threshold is None else threshold
        made: Reconstruction = lift_reconstruction(occupancy, views, asked, azimuths)
        seconds = {"network": seen - began, "lift": time.perf_counter() - seen}
        seconds |= {f"lift_{part}": took for part, took in made.info.get("lift_seconds", {}).items()}
        about = {"system": self.about.name, "variant": self.variant, "weights": self.weights}
        return replace(made, info={**made.info, **about, "seconds": seconds})

    @staticmethod
    def example(config: Any, device: torch.device) -> dict[str, Tensor]:
        """One picture."""
        return {"images": torch.zeros(1, 1, 3, config.size, config.size, device=device)}
