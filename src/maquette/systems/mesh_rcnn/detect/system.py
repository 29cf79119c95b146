"""`DetectSystem`: variant `detect` behind the common face of the systems."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from os import PathLike, fspath
from typing import Any, ClassVar, Self

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from ....data.batch import known
from ....data.scenes_config import ScenesConfig
from ....io.errors import BadInput, as_bad_input
from ....io.typed import typed
from ....lift import Result
from ....lift.colours import paint_from_views
from ....lift.marked import pixel_camera
from ....metrics.detection_precision import box_iou
from ....nn.macs import count_parameters, measure_products
from ....structures.device import make_device
from ....structures.reconstruction import Reconstruction
from ....structures.views import Views
from ....training.module import TrainingModule
from ....training.weights import fill, load_weights, save_weights
from ....training.weights_header import Precision
from ... import shipped_weights
from ...about import About
from ...info import Info
from ...lens import Lens
from ...of_network import OfNetwork
from ...pictures import Pictures, as_views
from ...portable import Portable
from ..about import ABOUT, MeshRCNNOptions
from .config import VARIANT, DetectConfig
from .network import DetectNetwork, Found
from .placing import placed
from .recipes import RECIPES, DetectRunConfig
from .training import DetectTraining

_SURE = 0.5  # least score of an object that is shown
_ON = 0.5  # share of a pixel that an object covers
_SAME = 0.5  # overlap of boxes of one object
_EXAMPLE = (224, 224)


class DetectSystem(OfNetwork[DetectNetwork]):
    """A photograph to the objects in it, placed in the camera frame.

    Args:
        network: the network; it is put into evaluation mode.
        views_config: how its training pictures were scaled.
        training: settings that it was trained with, as JSON can hold them.
        weights: where its weights came from.

    Raises:
        ValueError: pictures of other classes than the network's.
    """

    about: ClassVar[About] = replace(ABOUT, needs_masks=False, protocols=("pix3d",))
    name, variants, protocols = about.name, (VARIANT,), about.protocols

    def __init__(
        self,
        network: DetectNetwork,
        views_config: ScenesConfig | None = None,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        classes = network.config.classes
        self.network, self.views_config = network.eval(), views_config or ScenesConfig(classes)
        self.training, self.weights = dict(training or {}), weights
        if self.views_config.classes != classes:
            raise ValueError(f"network and pictures have classes {classes} and {self.views_config.classes}")

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
        if weights is None:
            raise BadInput(
                shipped, f"no weights of variant {VARIANT} ship; name a file or the folder of a run"
            )
        found = load_weights(weights, cls.about.name)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            config = typed(DetectConfig, found.config.get("network", {}), "network")
            views = typed(ScenesConfig, found.config.get("views", {}), "views")
            if not isinstance(found.config.get("training", {}), Mapping):
                raise ValueError("training must be an object")
            if variant not in (None, config.variant):
                raise BadInput(found.path, f"these are weights of variant {config.variant}, not of {variant}")
            network = DetectNetwork(config)
            fill(network, found)
            network.requires_grad_(False)
            return cls(network.to(make_device(device)), views, found.config.get("training"), fspath(weights))

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads; raises BadInput where it cannot be written."""
        config = {"network": asdict(self.network.config), "views": asdict(self.views_config)}
        config |= {"training": self.training}
        save_weights(path, self.network.state_dict(), self.about.name, self.variant, config, precision)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of the published network, for one box in a picture.

        Raises:
            ValueError: another variant.
        """
        return _described(DetectNetwork(DetectConfig(variant or VARIANT)))

    @property
    def info(self) -> Info:
        """The same of the system's own network."""
        return _described(self.network)

    def facts(self) -> Mapping[str, Any]:
        """Classes, and probability of a solid cell."""
        return {"classes": list(self.network.config.classes), "threshold": self.network.config.threshold}

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        return RECIPES

    @staticmethod
    def training_module(config: DetectRunConfig) -> TrainingModule:
        """What is trained with a recipe's settings."""
        return DetectTraining(config)

    @classmethod
    def claims(cls, views: Views) -> bool:
        """None."""
        return False

    def portable(self) -> Portable:
        """Nothing: how many objects there are decides what is computed.

        Raises:
            BadInput: always.
        """
        raise BadInput(
            self.weights, f"variant {VARIANT} cannot be exported: its graph depends on what is found"
        )

    @torch.no_grad()
    def reconstruct(self, pictures: Pictures, options: MeshRCNNOptions | None = None) -> list[Reconstruction]:
        """Every object that a photograph shows, surest first, in the camera frame.

        How far away each is no picture tells: it stands where it is as large as its class usually is in the training
        data (`placing.placed`), which its fact `distance` says; a mesh scales with it along its rays.

        Of objects of different classes in the same place only the surest is kept.

        Args:
            pictures: one photograph, as `systems.pictures.as_views` takes it.
            options: field of view, where neither a camera nor the file says it, and least score of an object.

        Raises:
            BadInput: gates are to be shown; several pictures, or one in which nothing is found.
        """
        began = time.perf_counter()
        options = options or MeshRCNNOptions()
        if options.show_gates:
            raise BadInput(self.weights, f"variant {self.variant} has no gates to show")
        least = _SURE if options.score is None else options.score
        views = as_views(pictures)
        name = (views.names or ["the picture"])[0]
        if len(views) > 1:
            raise BadInput(name, f"one picture at a time, not {len(views)}: objects are found in each")
        image, camera = views.images[0], _camera(views, options.fov)
        objects = _distinct(self._placed(image, camera, least))
        looked = time.perf_counter()
        if not objects:
            words = ", ".join(self.network.config.classes)
            raise BadInput(name, f"nothing is found in the picture that is one of {words}")
        eye = pixel_camera(camera, image.shape[1:])
        meshes = [self._painted(one, image, eye) for one in objects]
        seconds = {"network": looked - began, "surface": time.perf_counter() - looked}
        info = {
            "system": self.about.name,
            "variant": self.variant,
            "weights": self.weights,
            "seconds": seconds,
        }
        return [
            Result(
                mesh,
                "camera",
                box=one.box,
                mask=one.mask,
                label=one.label,
                score=one.score,
                info=info,
                facts=one.facts,
                remarks=one.remarks,
                pictures=views,
            )
            for one, mesh in zip(objects, meshes, strict=True)
        ]

    @torch.no_grad()
    def detect(self, pictures: Views) -> list[Reconstruction]:
        """All that might be an object in one photograph, however unsure, for `metrics.protocols.pix3d`."""
        return self._placed(pictures.images[0], _camera(pictures, None))

    def _placed(self, image: Tensor, camera: Float[Tensor, " 4"], least: float = 0.0) -> list[Reconstruction]:
        height, width = image.shape[1:]
        rows, columns = self.views_config.scaled((height, width), self.views_config.held)
        # Frustums begin a pixel beside their boxes (`BoxFrustums.behind`): one of those that the network saw.
        beside = camera.new_tensor([0.0, 0.0, 1 - width / columns, 1 - height / rows])
        found = placed(self.find(image, least), self.network, camera + beside)
        return [one for one in found if not one.mesh.isempty()]

    def find(self, image: Float[Tensor, "3 height width"], least: float = 0.0) -> Found:
        """What is found in a photograph, in its own pixels; it is scaled as those of the training are.

        Args:
            image: RGB in [0, 1].
            least: score of what is found.
        """
        height, width = (image.shape[1], image.shape[2])
        size = self.views_config.scaled((height, width), self.views_config.held)
        smaller = interpolate(image[None], size, mode="bilinear", antialias=True).clamp(0, 1)
        (found,) = self.network.find(smaller.to(self.device), [size])
        found = found.first(sum(score >= least for score in found.scores.tolist()))
        factors = found.boxes.new_tensor([width / size[1], height / size[0]]).repeat(2)
        masks = found.masks.new_empty(len(found.boxes), height, width)
        for whole, mask in zip(
            masks, found.masks, strict=True
        ):  # one by one: a hundred of a photograph are gigabytes
            grown = interpolate(mask[None, None].float(), (height, width), mode="bilinear", antialias=True)
            whole.copy_(grown[0, 0] > _ON)
        return replace(found, boxes=found.boxes * factors, extents=found.extents * factors[1], masks=masks)

    @staticmethod
    def _painted(made: Reconstruction, image: Tensor, eye: Any) -> Any:
        mask = made.mask
        if mask is None or not bool((mask > _ON).any()):
            return made.mesh
        return paint_from_views(made.mesh, [image.cpu()], [mask], [eye])


def _distinct(objects: Sequence[Reconstruction]) -> list[Reconstruction]:
    """Without those whose box is a surer one's for the most part: one object is no two of different classes."""
    kept: list[Reconstruction] = []
    for one in sorted(objects, key=lambda one: -(one.score or 0)):
        if all(float(box_iou(known(other.box)[None], known(one.box))) <= _SAME for other in kept):
            kept.append(one)
    return kept


def _described(network: DetectNetwork) -> Info:
    images = torch.zeros(1, 3, *_EXAMPLE, device=network.heights.device)
    counts = count_parameters(network)
    macs = measure_products(network, images, parts=list(counts))
    shapes = {"images": tuple(images.shape)}
    return Info(ABOUT.name, network.config.variant, counts, macs, shapes)


def _camera(views: Views, fov: float | None) -> Float[Tensor, " 4"]:
    """Focal lengths and axis of the one picture: told, of its camera, as its file says, or common ones."""
    lens = Lens.of_views(views, fov)
    return torch.tensor([lens.focal, lens.focal / lens.tall, *lens.axis])
