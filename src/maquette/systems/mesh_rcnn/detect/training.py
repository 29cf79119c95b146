"""`DetectTraining`: what the detector is trained by."""

import warnings
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ....data.batch import Batch, PictureObjects, known
from ....io.errors import BadInput
from ....lift.marked import marked
from ....metrics.detection_precision import box_iou
from ....metrics.measure import Measure
from ....metrics.protocols.pix3d import brought, mesh_f1
from ....nn.backbones.backbone import start_backbone
from ....nn.dynamic import set_gumbel
from ....nn.dynamic.mask_unit import noise_is_on
from ....training.module import Gather, TrainingModule, Update
from ....training.weights import save_weights
from .coco import torchvision_coco
from .network import DetectNetwork, Found
from .placing import placed
from .recipes import DetectRunConfig

QUALITY = Measure("quality", "F1@.3", "F1@.3 of the surest detection, where class and box are right")
_POINTS, _LEAST_OVERLAP = 2000, 0.3
_TEMPERATURE = 1.0  # of the dynamic blocks' masks, as published
_FOLLOW = 0.05  # of the mean heights, a step
_SHEET, _SHOWN = 160, 8


class DetectTraining(TrainingModule):
    """The network with its losses, pictures with one object each or several.

    Args:
        config: a recipe's. The first weights follow from its seed, or are those of COCO where they are asked for.
            Where these may be missing and are, a warning says so.

    Raises:
        BadInput: first weights that cannot be had.
    """

    goal = QUALITY
    protocol = "pix3d"
    needs = frozenset({"objects"})
    seen: Tensor

    def __init__(self, config: DetectRunConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = DetectNetwork(config.network)
        super().__init__(network, config.training)
        self.config = config
        self.register_buffer("seen", torch.zeros(len(config.network.classes), 2))
        if config.first_weights in ("coco", "auto"):
            self._start()
        else:
            start_backbone(network.pyramid.body, config.first_weights)

    def _start(self) -> None:
        try:
            self.start_from(torchvision_coco())
        except BadInput as error:
            if self.config.first_weights == "coco":
                raise
            warnings.warn(f"{error}; training starts from scratch", stacklevel=3)

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """Sum of all terms, and each."""
        objects, network = known(batch.truth.objects), self.network
        assert isinstance(network, DetectNetwork)
        progress = min(1.0, self.step_count / self.config.training.steps)
        set_gumbel(network, _TEMPERATURE, noise_is_on(progress))
        terms = network.losses(batch.images[:, 0], objects, self.config.loss, progress)
        loss = torch.stack(list(terms.values())).sum()
        update("network", loss)
        self._see(objects)
        return {"loss": loss.detach(), **{name: term.detach() for name, term in terms.items()}}

    def after_step(self, gather: Gather) -> None:
        """Move the mean heights of the classes towards those that the step has seen."""
        network = self.kept
        assert isinstance(network, DetectNetwork)
        total = gather(self.seen[None]).sum(0)
        count = total[:, 1]
        mean = total[:, 0] / count.clamp_min(1)
        rate = torch.where(network.heights == 0, 1.0, _FOLLOW) * (count > 0)
        network.heights.lerp_(mean, rate)
        self.seen.zero_()

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """Of each picture's first object: quality of the surest detection, overlap of its box, right class."""
        assert isinstance(network, DetectNetwork)
        objects = known(batch.truth.objects)
        found = network.find(batch.images[:, 0], self._sizes(batch))
        rows = [self._judged(network, own, true) for own, true in zip(found, objects, strict=True)]
        quality, overlap, right = torch.tensor(rows, device=batch.images.device).unbind(1)
        return {"quality": quality, "overlap": overlap, "class": right}

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"] | None:
        """Pictures with what is found in them."""
        assert isinstance(network, DetectNetwork)
        few = batch.first(_SHOWN)
        objects = known(few.truth.objects)
        tiles = []
        for found, true, image, size in zip(
            network.find(few.images[:, 0], self._sizes(few)),
            objects,
            few.images[:, 0],
            self._sizes(few),
            strict=True,
        ):
            made = placed(found, network, known(true.camera), 1)
            drawn = marked(image[:, : size[0], : size[1]], made)
            tiles.append(interpolate(drawn[None], (_SHEET, _SHEET), mode="bilinear", antialias=True)[0])
        return torch.cat(tiles, dim=2) if tiles else None

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `DetectSystem.load` reads (`TrainingModule.save_weights`)."""
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        config = {
            "network": asdict(self.config.network),
            "views": asdict(self.config.views),
            "training": training,
        }
        state = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
        save_weights(path, state, "mesh_rcnn", self.config.network.variant, config, "float32")

    def _see(self, objects: tuple[PictureObjects, ...]) -> None:
        """Heights of boxes at their objects' distances, as `DetectNetwork.heights` has them."""
        for one in objects:
            verts = known(one.meshes).verts_padded()
            for label, box, own in zip(one.labels, one.boxes, verts, strict=True):
                distance = (own[:, 2].min() + own[:, 2].max()) / 2
                height = (box[3] - box[1]) * distance / known(one.camera)[1]
                self.seen[label - 1] += torch.stack([height, torch.ones_like(height)])

    @staticmethod
    def _sizes(batch: Batch) -> list[tuple[int, int]]:
        whole = (batch.images.shape[3], batch.images.shape[4])
        return [one.size or whole for one in known(batch.truth.objects)]

    def _judged(
        self, network: DetectNetwork, found: Found, true: PictureObjects
    ) -> tuple[float, float, float]:
        if not len(found.boxes):
            return 0.0, 0.0, 0.0
        overlap = float(box_iou(found.boxes[:1], true.boxes[0]))
        right = float(found.labels[0] == true.labels[0] - 1)
        if overlap <= _LEAST_OVERLAP or not right:
            return 0.0, overlap, right
        made = brought(placed(found, network, known(true.camera), 1)[0], true).mesh
        return mesh_f1(made, known(true.meshes)[[0]], 0, _POINTS), overlap, right
