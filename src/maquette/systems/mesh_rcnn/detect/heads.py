"""What Mesh R-CNN tells of each box: its depth, mask, voxels, and the mesh that becomes of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import MultiScaleRoIAlign

from ....nn.dynamic import DynamicBottleneck, Gate
from ....nn.graph_refinement import RefinementConfig, RefinementHead
from ....nn.voxel_head import VoxelHead
from ....ops.cubify import cubify
from ....structures import Meshes
from ....utils import ico_sphere
from .config import DetectConfig

LEVELS = ("0", "1", "2", "3")
_MOST = math.log(1000 / 16)  # of the logarithm of depth over height
_DENSE, _SAMPLING = 7, 2


@dataclass(frozen=True)
class Shapes:
    """What is told of boxes.

    Attributes:
        depth: logarithm of `targets.relative_extents` in heights of the box, of each class.
        mask: logits of each class.
        voxels: logits, indexed (depth, row, column); None where none are predicted.
        meshes: in the cubes of the boxes, behind each stage; the voxels' surface alone without stages. An object
            without a solid cell has none.
        gates: where each dynamic block worked.
    """

    depth: Float[Tensor, "box class"]
    mask: Float[Tensor, "box class side side"]
    voxels: Float[Tensor, "box depth row column"] | None
    meshes: Sequence[Meshes]
    gates: Sequence[Gate] = ()


class ShapeHeads(nn.Module):
    """The four heads, each on what RoIAlign cuts out of the pyramid's maps.

    Args:
        config: of the network.
    """

    def __init__(self, config: DetectConfig) -> None:
        super().__init__()
        self.config, count = config, len(config.classes)
        self.pool = nn.ModuleDict({str(side): _pool(side) for side in (_DENSE, config.voxels // 2, 14)})
        self.z_head = ZHead(config.channels * _DENSE**2, config.hidden, count)
        self.mask_head = MaskHead(config.channels, config.head, config.convs, count)
        if config.has_voxels:
            self.voxel_head = VoxelHead(config.channels, config.voxels, config.head, config.convs)
        if config.has_stages:
            refinement = RefinementConfig(
                config.stages, hidden=config.features, order="previous", padding="border", flip=False
            )
            self.refine = nn.ModuleList(DynamicBottleneck(config.channels) for _ in range(config.dynamic))
            self.mesh_head = RefinementHead([config.channels], refinement)

    def tell(
        self,
        maps: Mapping[str, Float[Tensor, "image channel _h _w"]],
        boxes: Sequence[Float[Tensor, "_box 4"]],
        size: tuple[int, int],
        solid_somewhere: bool = False,
    ) -> Shapes:
        """Depth, mask and shape within boxes.

        Args:
            maps: of the pyramid, by level.
            boxes: of each picture: left, top, right, bottom in pixels.
            size: height and width that the maps are of.
            solid_somewhere: take the likeliest cell for solid where none reaches the threshold.
        """
        dense, wide = (self.pooled(maps, boxes, size, side) for side in (_DENSE, 14))
        depth, mask = self.z_head(dense), self.mask_head(wide)
        voxels, start = None, None
        if self.config.has_voxels:
            voxels = self.voxel_head(self.pooled(maps, boxes, size, self.config.voxels // 2))
            start = self.surface(voxels, solid_somewhere)
        elif len(depth):
            start = ico_sphere(self.config.sphere, depth.device).extend(len(depth))
        if start is None or start.isempty():
            return Shapes(depth, mask, voxels, [Meshes([], [])] if start is None else [start])
        if not self.config.has_stages:
            return Shapes(depth, mask, voxels, [start])
        gates: list[Gate] = []
        for block in self.refine:
            wide = block(wide, gates)
        subdivide = self.config.shape == "pixel2mesh"
        return Shapes(depth, mask, voxels, self.mesh_head([wide], start, subdivide=subdivide), gates)

    def pooled(
        self,
        maps: Mapping[str, Float[Tensor, "image channel _h _w"]],
        boxes: Sequence[Float[Tensor, "_box 4"]],
        size: tuple[int, int],
        side: int,
    ) -> Float[Tensor, "box channel {side} {side}"]:
        """What of the maps lies in boxes; arguments as for `tell`."""
        found: Tensor = self.pool[str(side)](dict(maps), list(boxes), [size] * len(boxes))
        return found

    def surface(self, voxels: Float[Tensor, "box depth row column"], solid_somewhere: bool = False) -> Meshes:
        """Meshes around solid cells, in the cubes of the boxes; see `tell`."""
        solid = voxels.detach().sigmoid()
        if solid_somewhere and len(solid):
            highest = solid.flatten(1).amax(1).view(-1, 1, 1, 1)
            solid = torch.where((highest < self.config.threshold) & (solid == highest), 1.0, solid)
        found = cubify(solid, self.config.threshold)
        if self.config.original or found.isempty():
            return found
        # Columns and rows of the truth are cut off from the other end than slices (`ops.box_frustum.filled`).
        cell = 2 / (self.config.voxels - 1)
        return found.offset_verts(found.verts_packed().new_tensor([-cell, -cell, 0.0]))


class ZHead(nn.Module):
    """Two dense layers, and the logarithm of an object's depth for each class.

    Args:
        inputs: numbers of a box.
        hidden: of both layers.
        classes: how many there are.
    """

    def __init__(self, inputs: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)
        self.predictor = nn.Linear(hidden, classes)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    def forward(self, x: Float[Tensor, "box channel side side"]) -> Float[Tensor, "box class"]:
        """Of each class."""
        found: Tensor = self.predictor(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))
        return found


class MaskHead(nn.Module):
    """Convolutions, one that doubles the sides, and logits of each class, as Mask R-CNN has them.

    Args:
        channels: of the maps.
        width: of the convolutions.
        convs: how many there are.
        classes: how many there are.
    """

    def __init__(self, channels: int, width: int, convs: int, classes: int) -> None:
        super().__init__()
        layers = [nn.Conv2d(channels if i == 0 else width, width, 3, padding=1) for i in range(convs)]
        self.convs = nn.ModuleList(layers)
        self.deconv = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.predictor = nn.Conv2d(width, classes, 1)
        for layer in (*layers, self.deconv):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.predictor.weight, std=0.001)
        for bias in (layer.bias for layer in (*layers, self.deconv, self.predictor)):
            if bias is not None:
                nn.init.zeros_(bias)

    def forward(self, x: Float[Tensor, "box channel h w"]) -> Float[Tensor, "box class hh ww"]:
        """Logits in twice as many pixels along each side."""
        for conv in self.convs:
            x = F.relu(conv(x))
        found: Tensor = self.predictor(F.relu(self.deconv(x)))
        return found


def of_class(told: Float[Tensor, "box class ..."], labels: Int[Tensor, " box"]) -> Float[Tensor, "box ..."]:
    """What is told for the class of each box, counted from 0; for all of them where only one is told."""
    if told.shape[1] == 1:
        return told[:, 0]
    return told[torch.arange(len(told), device=told.device), labels]


def depth_in_heights(depth: Float[Tensor, "box class"], labels: Int[Tensor, " box"]) -> Float[Tensor, " box"]:
    """Depth of objects in heights of their boxes, no more than 62.5."""
    return of_class(depth, labels).clamp(max=_MOST).exp()


def _pool(side: int) -> MultiScaleRoIAlign:
    return MultiScaleRoIAlign(list(LEVELS), side, _SAMPLING)
