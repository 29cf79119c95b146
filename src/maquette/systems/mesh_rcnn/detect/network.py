"""`DetectNetwork`: pictures to boxes, and boxes to depths, masks and meshes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import paste_masks_in_image

from ....data.batch import PictureObjects, known
from ....ops.box_frustum import frustum_voxels
from ....structures import Meshes
from .config import DetectConfig, DetectLossConfig
from .detector import Pyramid, box_heads, filled_up, proposal_network
from .heads import ShapeHeads, Shapes, depth_in_heights, of_class
from .loss import Targets, box_losses, shape_losses
from .targets import mask_targets, mesh_targets, relative_extents

_ON = 0.5


@dataclass(frozen=True)
class Found:
    """What was found in a picture.

    Attributes:
        boxes: left, top, right, bottom in pixels.
        labels: classes from 0.
        scores: probability of each.
        extents: as `targets.relative_extents`.
        masks: pixels of each.
        meshes: in the cubes of the boxes.
        guessed: whether no cell was likely enough, and the likeliest one was taken.
    """

    boxes: Float[Tensor, "object 4"]
    labels: Int[Tensor, " object"]
    scores: Float[Tensor, " object"]
    extents: Float[Tensor, " object"]
    masks: Tensor
    meshes: Meshes
    guessed: Tensor

    def first(self, count: int) -> "Found":
        """The surest ones."""
        parts = {
            field.name: getattr(self, field.name)[:count] for field in fields(self) if field.name != "meshes"
        }
        verts, faces = self.meshes.verts_list()[:count], self.meshes.faces_list()[:count]
        return Found(**parts, meshes=Meshes(verts, faces))


class DetectNetwork(nn.Module):
    """Mesh R-CNN for photographs.

    Args:
        config: how large, and what is looked for.

    Attributes:
        heights: mean height of each class's boxes at the distance of their objects' middles, in the units of the
            training data; 0 where none was seen. No gradient writes it.
    """

    heights: Tensor

    def __init__(self, config: DetectConfig) -> None:
        super().__init__()
        self.config = config
        self.pyramid = Pyramid(config)
        self.rpn = proposal_network(config)
        self.boxes = box_heads(config)
        self.heads = ShapeHeads(config)
        self.register_buffer("heights", torch.zeros(len(config.classes)))

    def forward(self, images: Float[Tensor, "image 3 h w"]) -> tuple[Tensor, ...]:
        """Whatever the network tells, of one box a picture, which is all of it; see `find` for what is found.

        Args:
            images: RGB in [0, 1].

        Returns:
            whether anchors show objects, and how they move; class and deltas of the boxes; depth, mask, and voxels
            where there are any; vertices.
        """
        height, width = images.shape[2:]
        whole, maps = self._maps(images, [(height, width)] * len(images))
        shown, shifts = self.rpn.head(list(maps.values()))
        boxes = list(images.new_tensor([[0.0, 0.0, width, height]]).expand(len(images), 1, 4))
        size = (whole.shape[2], whole.shape[3])
        logits, deltas = self._classified(maps, boxes, size)
        told = self.heads.tell(maps, boxes, size)
        voxels = () if told.voxels is None else (told.voxels,)
        anchors = (torch.cat([level.flatten(1) for level in part], 1) for part in (shown, shifts))
        return *anchors, logits, deltas, told.depth, told.mask, *voxels, told.meshes[-1].verts_packed()

    def find(self, images: Float[Tensor, "image 3 _h _w"], sizes: Sequence[tuple[int, int]]) -> list[Found]:
        """What is found in pictures, surest first.

        Args:
            images: RGB in [0, 1].
            sizes: height and width of each; what lies beyond is no part of it.
        """
        whole, maps = self._maps(images, sizes)
        proposals, _ = self.rpn(ImageList(whole, list(sizes)), maps)
        size = (whole.shape[2], whole.shape[3])
        logits, deltas = self._classified(maps, proposals, size)
        boxes, scores, labels = self.boxes.postprocess_detections(logits, deltas, proposals, list(sizes))
        shapes = self.heads.tell(maps, boxes, size, solid_somewhere=True)
        found, first = [], 0
        for own, sure, classes, extent in zip(boxes, scores, labels, sizes, strict=True):
            part = slice(first, first + len(own))
            found.append(self._found(own, classes - 1, sure, extent, shapes, part))
            first = part.stop
        return found

    def losses(
        self,
        images: Float[Tensor, "image 3 _h _w"],
        objects: Sequence[PictureObjects],
        config: DetectLossConfig,
        progress: float = 0.0,
    ) -> dict[str, Float[Tensor, ""]]:
        """All terms by name, weighted.

        Args:
            images: RGB in [0, 1].
            objects: in each, with masks, meshes, points and camera.
            config: weights.
            progress: share of the training that is done.
        """
        sizes = [one.size or (images.shape[2], images.shape[3]) for one in objects]
        whole, maps = self._maps(images, sizes)
        targets = [{"boxes": one.boxes, "labels": one.labels} for one in objects]
        proposals, first = self.rpn(ImageList(whole, sizes), maps, targets)
        chosen, matched, labels, deltas = self.boxes.select_training_samples(proposals, targets)
        size = (whole.shape[2], whole.shape[3])
        logits, moved = self._classified(maps, chosen, size)
        losses = {"anchor": first["loss_objectness"], "anchor_box": first["loss_rpn_box_reg"]}
        losses |= box_losses(logits, moved, torch.cat(labels), torch.cat(deltas), config.box_beta)
        fronts = [self._front(own) for own in labels]
        boxes = [own[front] for own, front in zip(chosen, fronts, strict=True)]
        which = [own[front] for own, front in zip(matched, fronts, strict=True)]
        if sum(map(len, boxes)):
            true = self.targets(objects, boxes, which)
            losses |= shape_losses(self.heads.tell(maps, boxes, size), true, config, progress)
        return losses

    def targets(
        self,
        objects: Sequence[PictureObjects],
        boxes: Sequence[Float[Tensor, "_box 4"]],
        which: Sequence[Int[Tensor, " _box"]],
    ) -> Targets:
        """What is true of boxes, of all pictures one behind another.

        Args:
            objects: of each picture.
            boxes: that show objects, of each picture.
            which: object that each shows.
        """
        parts = []
        for one, own, index in zip(objects, boxes, which, strict=True):
            if not len(own):
                continue
            cameras = known(one.camera).expand(len(own), -1)
            meshes, points = known(one.meshes)[index], [known(one.points)[i] for i in index.tolist()]
            depth = torch.log(relative_extents(meshes, cameras) / (own[:, 3] - own[:, 1]).clamp_min(1))
            side = self.config.voxels
            parts.append(
                (
                    one.labels[index] - 1,
                    depth,
                    mask_targets(known(one.masks)[index], own, 2 * 14),
                    frustum_voxels(points, own, cameras, side),
                    mesh_targets(meshes, own, cameras),
                )
            )
        labels, depths, masks, voxels, batches = zip(*parts, strict=True)
        verts = [v for batch in batches for v in batch.verts_list()]
        faces = [f for batch in batches for f in batch.faces_list()]
        joined = Meshes(verts, faces)
        return Targets(torch.cat(labels), torch.cat(depths), torch.cat(masks), torch.cat(voxels), joined)

    def _maps(self, images: Tensor, sizes: Sequence[tuple[int, int]]) -> tuple[Tensor, Mapping[str, Tensor]]:
        whole = filled_up(images, sizes, self.pyramid.body.mean)
        return whole, self.pyramid(whole)

    def _classified(
        self, maps: Mapping[str, Tensor], boxes: Sequence[Tensor], size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Logits and deltas of boxes."""
        pooled = self.boxes.box_roi_pool(maps, list(boxes), [size] * len(boxes))
        logits, deltas = self.boxes.box_predictor(self.boxes.box_head(pooled))
        return logits, deltas

    def _front(self, labels: Int[Tensor, " box"]) -> Int[Tensor, " front"]:
        """Boxes that show an object; of too many some at random."""
        front = labels.clamp_min(0).nonzero()[:, 0]
        most = self.config.shaped
        if not most or len(front) <= most:
            return front
        return front[torch.randperm(len(front), device=front.device)[:most]]

    def _found(
        self,
        boxes: Tensor,
        labels: Tensor,
        scores: Tensor,
        size: tuple[int, int],
        shapes: Shapes,
        part: slice,
    ) -> Found:
        own = range(part.start, part.stop)
        heights = boxes[:, 3] - boxes[:, 1]
        masks = of_class(shapes.mask[part], labels).sigmoid()[:, None]
        last = shapes.meshes[-1]
        guessed = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
        if shapes.voxels is not None:
            likeliest = shapes.voxels[part].flatten(1).sigmoid()
            guessed = (likeliest < self.config.threshold).all(1)
        return Found(
            boxes=boxes,
            labels=labels,
            scores=scores,
            extents=depth_in_heights(shapes.depth[part], labels) * heights,
            masks=paste_masks_in_image(masks, boxes, size)[:, 0] > _ON,
            meshes=Meshes([last.verts_list()[i] for i in own], [last.faces_list()[i] for i in own]),
            guessed=guessed,
        )
