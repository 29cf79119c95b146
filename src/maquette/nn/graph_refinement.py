"""Mesh refinement of Mesh R-CNN: stages of graph convolutions that move vertices by what maps show at them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from ..ops import GraphConv, SubdivideMeshes
from ..ops.vert_align import vert_align_packed
from ..structures import Meshes

Look = Callable[[Tensor, Tensor, Tensor, str], Tensor]  # as `vert_align_packed`
_STD = 0.01


@dataclass(frozen=True)
class RefinementConfig:
    """How vertices are refined; the defaults are those of Mesh R-CNN's ShapeNet branch ("light").

    Attributes:
        stages: how many times vertices move; each stage has weights of its own.
        depth: graph convolutions of a stage; with `full` an even number.
        hidden: features a vertex.
        full: residual blocks of two graph convolutions each. The paper's "full" model has them, but no code of it
            was published: this is our reading.
        order: of a vertex's features: "image" [image, position, previous] (ShapeNet branch), or "previous"
            [previous, image, position] (Pix3D branch).
        padding: what maps are beyond their borders: "zeros" (ShapeNet) or "border" (Pix3D).
        flip: whether y points up where vertices are looked at, and down in the maps (ShapeNet).
        folded: reduce the maps' channels before they are sampled, not the vertices': the same result, as both are
            linear, by fewer products where there are more vertices than pixels.

    Raises:
        ValueError: no stage, no convolution or feature, or an odd depth of residual blocks.
    """

    stages: int = 3
    depth: int = 3
    hidden: int = 128
    full: bool = False
    order: Literal["image", "previous"] = "image"
    padding: Literal["zeros", "border"] = "zeros"
    flip: bool = True
    folded: bool = False

    def __post_init__(self) -> None:
        if min(self.stages, self.depth, self.hidden) < 1:
            raise ValueError(f"stages, depth and hidden must be positive, got {self}")
        if self.full and self.depth % 2:
            raise ValueError(f"residual blocks have two convolutions each: depth {self.depth} is odd")


class RefinementStage(nn.Module):
    """One stage: what maps show at the vertices, graph convolutions, an offset.

    Args:
        channels: of each map.
        config: of all stages.
        later: whether features of a stage before it come in.
        look: samples a map at packed positions.
    """

    def __init__(
        self,
        channels: Sequence[int],
        config: RefinementConfig,
        later: bool = False,
        look: Look = vert_align_packed,
    ) -> None:
        super().__init__()
        self.channels, self.config, self.look = tuple(channels), config, look
        hidden = config.hidden
        self.bottleneck = nn.Linear(sum(channels), hidden)
        first = hidden * (2 if later else 1) + 3
        widths = [first] + [hidden + 3] * (config.depth - 1)
        if config.full:
            blocks: list[nn.Module] = [ResidualGraphConv(width, hidden) for width in widths[::2]]
        else:
            blocks = [GraphConv(width, hidden) for width in widths]
        self.gconvs = nn.ModuleList(blocks)
        self.offset = nn.Linear(hidden + 3, 3)
        nn.init.normal_(self.bottleneck.weight, std=_STD)
        nn.init.zeros_(self.bottleneck.bias)
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)

    def forward(
        self,
        maps: Sequence[Float[Tensor, "mesh _c _h _w"]],
        position: Float[Tensor, "vert 3"],
        which: Int[Tensor, " vert"],
        edges: Int[Tensor, "edge 2"],
        previous: Float[Tensor, "vert hidden"] | None = None,
    ) -> tuple[Float[Tensor, "vert 3"], Float[Tensor, "vert hidden"]]:
        """Offsets within (-1, 1), and features for the next stage.

        Args:
            maps: of features.
            position: of the vertices, x and y in [-1, 1] over the maps.
            which: map of each vertex.
            edges: between the vertices.
            previous: features that the stage before gave.
        """
        image = self._image(maps, position, which)
        if previous is None:
            parts = [image, position]
        elif self.config.order == "image":
            parts = [image, position, previous]
        else:
            parts = [previous, image, position]
        features = torch.cat(parts, dim=1)
        for gconv in self.gconvs:
            found = F.relu(gconv(features, edges))
            features = torch.cat([found, position], dim=1)
        return torch.tanh(self.offset(features)), found

    def _image(self, maps: Sequence[Tensor], position: Tensor, which: Tensor) -> Tensor:
        """What the maps show at the vertices, reduced to the stage's features."""
        at, padding = position[:, :2], self.config.padding
        if self.config.flip:
            at = at * at.new_tensor([1.0, -1.0])
        if not self.config.folded:
            seen = torch.cat([self.look(one, at, which, padding) for one in maps], dim=1)
            return F.relu(self.bottleneck(seen))
        weights = self.bottleneck.weight.split(self.channels, dim=1)
        small = [F.conv2d(one, weight[:, :, None, None]) for one, weight in zip(maps, weights, strict=True)]
        total = torch.stack([self.look(one, at, which, padding) for one in small]).sum(0)
        return F.relu(total + self.bottleneck.bias)


class ResidualGraphConv(nn.Module):
    """conv(relu(conv(x))) + skip(x) on the vertices of a mesh; the activation behind the sum is the stage's.

    Args:
        input_dim: features a vertex coming in.
        output_dim: features a vertex going out.
    """

    def __init__(self, input_dim: int, output_dim: int) -> None:
        super().__init__()
        self.gconv1 = GraphConv(input_dim, output_dim)
        self.gconv2 = GraphConv(output_dim, output_dim)
        self.skip = nn.Linear(input_dim, output_dim, bias=False)
        nn.init.normal_(self.skip.weight, std=_STD)

    def forward(self, x: Float[Tensor, "vert in"], edges: Int[Tensor, "edge 2"]) -> Float[Tensor, "vert out"]:
        """Features of the vertices."""
        found: Tensor = self.gconv2(F.relu(self.gconv1(x, edges)), edges) + self.skip(x)
        return found


class RefinementHead(nn.Module):
    """All stages, one after another, on batches of meshes.

    Args:
        channels: of each map.
        config: as of Mesh R-CNN's ShapeNet branch when not given.
    """

    def __init__(self, channels: Sequence[int], config: RefinementConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or RefinementConfig()
        self.stages = nn.ModuleList(
            RefinementStage(channels, config, later=i > 0) for i in range(config.stages)
        )

    def forward(
        self,
        maps: Sequence[Float[Tensor, "mesh _c _h _w"]],
        meshes: Meshes,
        project: Callable[[Tensor], Tensor] | None = None,
        subdivide: bool = False,
    ) -> list[Meshes]:
        """The meshes behind each stage.

        Args:
            maps: of features, one of each kind a mesh.
            meshes: to start from; some may be empty.
            project: packed vertices to where maps show them, x and y in [-1, 1], and a third number; themselves
                when not given. Offsets are added before that.
            subdivide: split every face into four between two stages (Pixel2Mesh).
        """
        made: list[Meshes] = []
        features: Tensor | None = None
        for i, stage in enumerate(self.stages):
            if subdivide and i > 0:
                meshes, features = cast(tuple[Meshes, Tensor], SubdivideMeshes()(meshes, features))
            verts = meshes.verts_packed()
            position = verts if project is None else project(verts)
            which, edges = meshes.verts_packed_to_mesh_idx(), meshes.edges_packed()
            offsets, features = stage(maps, position, which, edges, features)
            meshes = meshes.offset_verts(offsets)
            made.append(meshes)
        return made
