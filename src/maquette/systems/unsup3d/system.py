"""`Unsup3DSystem`: Unsup3D, its weights and its training, behind the common face of the systems."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.pictures_config import PicturesConfig
from ...io.errors import BadInput, as_bad_input
from ...metrics.protocols.depth import SeenDepth
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ...training.weights import save_weights
from ...training.weights_header import Precision
from ..about import About, NoOptions
from ..info import Info, describe_network
from ..of_network import OfNetwork
from ..pictures import Pictures, as_views
from ..sizes import check_size
from ..weights_file import filled, open_weights, read_network, source_of
from .about import ABOUT
from .config import NetworkConfig
from .formation import Canonical, Reconstructed, canonical, reconstruct
from .network import Raw, Unsup3DNetwork
from .own_colours import own_colours
from .recipes import RECIPES, Unsup3DConfig
from .relief import relief
from .relighting import relit
from .sheet import enlarged, sheet
from .told import camera_normals, confidence_of, light_facts, maps_of, view_facts
from .turning import turned

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Relights, Turns

_FINE = 256  # pixels a side of the part of a picture that colours are taken from


class Unsup3DSystem(OfNetwork[Unsup3DNetwork]):
    """Unsup3D (Wu et al., CVPR 2020): a picture to depth, colours, light and view, and from these to a mesh.

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
        check_size(size, self.views_config.size)

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
        config, views, training = read_network(found, NetworkConfig, PicturesConfig)
        network = filled(Unsup3DNetwork, config, found, variant, device)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network, views, training, source_of(weights))

    def reconstruct(self, pictures: Pictures, options: NoOptions | None = None) -> list[Reconstruction]:
        """The face in a picture: as a mesh from the front, and as depth, normals, colours, light and view.

        Args:
            pictures: one, as `systems.pictures.as_views` takes it; the face is found where no box says where it is
                (`Views.boxes`).
            options: none there are.

        Returns:
            a list of one reconstruction in the camera frame of the face turned to the front, nodding as in its
            picture (what networks call the front may look up or down), in sides of the square that was looked at.
            Its facts: `light` and `view` in degrees (`told`), and of what the picture was `cut`; its maps: those of
            `About.maps`, without confidence where the networks have none; its `box`: the square in the picture.

        Raises:
            BadInput: several pictures, a file that is no picture, one without a face, or with fewer than 32 pixels a
                side of it.
        """
        from ...lift import Result
        from ...segment import cut_square  # with what finds faces
        from .crop import crop

        began = time.perf_counter()
        views = as_views(pictures)
        name = (views.names or ["the picture"])[0]
        if len(views) > 1:
            raise BadInput(name, f"one picture at a time, not {len(views)}")
        config = self.network.config.formation
        (box,) = views.boxes or (None,)
        cut = crop(views.images[0], self.network.config.size, name, box)
        framed = time.perf_counter()
        image = cut.image.to(self.device)
        raw, found, made = self.see(image[None])
        seen = time.perf_counter()
        confidence = None if raw.sigma_pixels is None else confidence_of(raw.sigma_pixels[0, :1])
        own = own_colours(found, cut_square(views.images[0], cut.square, _FINE).to(self.device), config)
        mesh = relief(own.depth[0], (own.image[0] + 1) / 2, config, float(found.view[0, 0]))
        seconds = {"crop": framed - began, "network": seen - framed, "surface": time.perf_counter() - seen}
        return [
            Result(
                mesh,
                "camera",
                depth=found.depth[:1],
                albedo=(found.albedo[0] + 1) / 2,
                normals=camera_normals(found.normals[0]),
                confidence=confidence,
                aside=enlarged(sheet(image[None], found, made, config.depth)),
                light={key: getattr(found.light, key)[0] for key in ("ambient", "diffuse", "direction")},
                view=found.view[0],
                box=torch.tensor(cut.square.box()),
                info={
                    "system": self.name,
                    "variant": self.variant,
                    "weights": self.weights,
                    "seconds": seconds,
                    "canonical": own,
                },
                facts={
                    "cut": {"by": cut.by, "turned": round(math.degrees(cut.square.turned), 2)},
                    "light": light_facts(found.light),
                    "view": view_facts(found.view),
                },
                remarks=cut.remarks,
                maps=maps_of(image, found, confidence, config),
                pictures=views,
            )
        ]

    @torch.no_grad()
    def see(self, images: Float[Tensor, "batch 3 size size"]) -> tuple[Raw, Canonical, Reconstructed]:
        """What the networks say of pictures in [0, 1], the objects from the front, and the pictures made again."""
        config = self.network.config.formation
        raw = self.network(images.to(self.device))
        found = canonical(raw, config)
        return raw, found, reconstruct(found, config)

    def relight(
        self, made: Reconstruction, angles_deg: Sequence[float]
    ) -> Float[Tensor, "frame 3 height width"]:
        """The face in other light (`face.Relights`, `relighting.relit`)."""
        return relit(made.info["canonical"], self.network.config.formation, angles_deg)

    def turn(
        self, made: Reconstruction, angles_deg: Sequence[float]
    ) -> Float[Tensor, "frame 3 height width"]:
        """The face from other sides (`face.Turns`, `turning.turned`)."""
        return turned(made.info["canonical"], self.network.config.formation, angles_deg)

    @classmethod
    def claims(cls, views: Views) -> bool:
        """Whether there is one picture, which a face fills as far as its object does (`crop.is_portrait`)."""
        from .crop import is_portrait

        return len(views) == 1 and views.cameras is None and is_portrait(views)

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
    _: type[Relights] = Unsup3DSystem
    __: type[Turns] = Unsup3DSystem
