"""`FrustumSystem`: the viewer-centred network behind the common face of the systems."""

import math
import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from ...io.errors import BadInput, as_bad_input
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ..about import About
from ..lens import FOV, Lens
from ..occupancy import OccupancySystem
from ..pictures import Pictures, as_views
from ..portable import Portable
from .about import ABOUT, FrustumOptions
from .confidence import SURE, confidence, expected_overlap
from .config import NetworkConfig
from .framing import frame
from .fusion import fuse
from .grid import EXTENT
from .network import FrustumNetwork, Told
from .portable import PortableFrustum
from .rays import Rays, agreed, filled, rays_on, taken
from .scene import Scene
from .surface import surface_of

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Exports, Reconstructs


class Sight(NamedTuple):
    """What is seen of pictures.

    Attributes:
        field: probabilities that the cells of the frustums are solid.
        up: unit vectors upwards in the camera frame.
    """

    field: Float[Tensor, "batch depth row column"]
    up: Float[Tensor, "batch 3"]


class FrustumSystem(OccupancySystem[FrustumNetwork]):
    """A picture of an object to a mesh that agrees with it, in the camera's frame.

    Arguments are those of `OccupancySystem`.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    network_class, config_class = FrustumNetwork, NetworkConfig

    def reconstruct(self, pictures: Pictures, options: FrustumOptions | None = None) -> list[Reconstruction]:
        """A shape from one picture of an object, or from several whose cameras are known.

        Args:
            pictures: as `systems.pictures.as_views` takes them; the object is found where no mask is there.
            options: another threshold than that of the weights, or the field of view of a single picture; else that
                of its camera counts, or what its file says of the lens.

        Returns:
            a list of one reconstruction: of several pictures in the cameras' world; of one in the camera frame, in
            sides of the square around the object. Its facts: the chance that it is good (`confidence`), threshold,
            and field of view and elevation of the camera in degrees.

        Raises:
            BadInput: several pictures without cameras, told a field of view, or whose masks do not meet; a file that
                is no picture, or a picture in which no object is found, or one thinner than the outline's pixels.
        """
        from ...lift import Result
        from ...lift.colours import paint_from_views
        from ...segment import with_masks

        began = time.perf_counter()
        options = options or FrustumOptions()
        views = with_masks(as_views(pictures))
        if len(views) > 1:
            return [self._together(views, options, began)]
        (image,), (mask,) = views.images, views.masks or ()
        assert mask is not None
        lens, name = Lens.of_views(views, options.fov), (views.names or ["the picture"])[0]
        with as_bad_input(name, ValueError):
            framed = frame(image, mask, lens, self.views_config.size, sum(self.views_config.margin) / 2)
        sight = self.see(framed.image[None], framed.mask[None])
        seen = time.perf_counter()
        field, up, threshold = sight.field[0], sight.up[0], options.threshold or self.threshold
        with as_bad_input(name, ValueError):
            mesh = surface_of(field, framed.outline, framed.frustum, threshold)
        mesh = paint_from_views(mesh, [image], [mask], [framed.camera])
        seconds = {"network": seen - began, "surface": time.perf_counter() - seen}
        sure = confidence(expected_overlap(field, threshold, framed.frustum))
        facts = {
            "confidence": round(sure, 3),
            "threshold": threshold,
            "fov": round(lens.fov((image.shape[1], image.shape[2])), 2),
            "elevation": round(math.degrees(math.asin(min(max(-float(up[2]), -1.0), 1.0))), 1),
        }
        info = {"system": self.name, "variant": self.variant, "weights": self.weights, "seconds": seconds}
        remarks = () if sure >= SURE else (f"a guess: it is good with a chance of {100 * sure:.0f} %",)
        return [Result(mesh, "camera", up=up, info=info, facts=facts, remarks=remarks, pictures=views)]

    def _together(self, views: Views, options: FrustumOptions, began: float) -> Reconstruction:
        """A shape from several pictures of an object, in the world of their cameras."""
        from ...lift import Result
        from ...lift.colours import paint_from_views

        name = f"{(views.names or ['the first picture'])[0]} and {len(views) - 1} more"
        if views.cameras is None:
            raise BadInput(name, f"one picture at a time, not {len(views)}: several need their cameras")
        if options.fov is not None:
            raise BadInput(name, "of several pictures the cameras say the field of view; none can be told")
        threshold = options.threshold or self.threshold
        here = views.to("cpu")
        masks = [mask for mask in here.masks or () if mask is not None]
        with as_bad_input(name, ValueError):
            scene = Scene.of_views(here, self.views_config.size, sum(self.views_config.margin) / 2)
            fields = self.see(scene.images, scene.masks).field
            seen = time.perf_counter()
            mesh = fuse(scene.witnesses(fields), threshold)
        cameras = [scene.cameras[[i]] for i in range(len(views))]
        mesh = scene.back(paint_from_views(mesh, here.images, masks, cameras))
        seconds = {"network": seen - began, "surface": time.perf_counter() - seen}
        info = {"system": self.name, "variant": self.variant, "weights": self.weights, "seconds": seconds}
        facts = {"threshold": threshold}
        return Result(mesh.to(views.device), "world", info=info, facts=facts, pictures=views)

    @torch.no_grad()
    def see(
        self,
        images: Float[Tensor, "batch 3 size size"],
        masks: Float[Tensor, "batch 1 size size"],
    ) -> Sight:
        """What the network says of pictures.

        Args:
            images: RGB in [0, 1], framed as in training (`framing.frame`).
            masks: 1 on the object.
        """
        resolution = self.network.config.resolution
        on = rays_on(masks, resolution)
        told: Told = self.network(images.to(self.device), masks.to(self.device))
        rays = Rays.of_output(taken(told.rays.to(images.device), on), resolution)
        up = normalize(told.up.to(images.device), dim=1)
        return Sight(filled(agreed(rays, on).solid(), on), up)

    @staticmethod
    def example(config: NetworkConfig, device: torch.device) -> dict[str, Tensor]:
        """One picture with its mask."""
        picture = torch.zeros(1, 3, config.size, config.size, device=device)
        return {"images": picture, "masks": picture[:, :1]}

    def portable(self) -> Portable:
        """The network, from framed pictures and masks to what `see` says."""
        size = self.network_config.size
        inputs = {"images": ("batch", 3, size, size), "masks": ("batch", 1, size, size)}
        settings = {**self.framing(), "fov": FOV, "extent": EXTENT}
        return Portable(PortableFrustum(self.network), inputs, ("solid", "up"), settings)

    @staticmethod
    def training_module(config: Any) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import FrustumTraining

        return FrustumTraining(config)


if TYPE_CHECKING:
    _: type[Reconstructs] = FrustumSystem
    __: type[Exports] = FrustumSystem
