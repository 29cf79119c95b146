"""Mesh R-CNN's networks by dense operations alone: one from a picture to voxels and maps, one that moves vertices.

Between the two stands what no runtime for networks has: cubes around the solid cells (`cubes.cubes_of`).
"""

import copy
from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from ...nn.graph_refinement import RefinementHead, RefinementStage
from ...ops import GraphConv
from ...utils import ico_sphere
from .camera import camera_of_grid, project
from .network import MeshRCNN


class PortableSight(nn.Module):
    """Pictures to what `MeshRCNN.see` tells of them.

    Args:
        network: with its weights.
    """

    def __init__(self, network: MeshRCNN) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Float[Tensor, "batch 3 size size"]) -> tuple[Tensor, ...]:
        """Logits of the cells, where the network tells them, and the maps."""
        seen = self.network.see(images)
        return (*(() if seen.logits is None else (seen.logits,)), *seen.maps)


class PortableRefinement(nn.Module):
    """Vertices, edges and maps of one object to the vertices behind the last stage.

    Differs from `RefinementHead` in that neighbours are summed by a scattered addition.

    Args:
        refinement: with its weights; no faces are split between its stages.
    """

    def __init__(self, refinement: RefinementHead) -> None:
        super().__init__()
        self.stages = copy.deepcopy(refinement.stages)
        for stage in self.stages:
            assert isinstance(stage, RefinementStage)
            stage.look = _look
            _replace(stage)

    def forward(
        self, verts: Float[Tensor, "vert 3"], edges: Int[Tensor, "edge 2"], **maps: Tensor
    ) -> tuple[Float[Tensor, "vert 3"]]:
        """Moved vertices.

        Args:
            verts: in camera space.
            edges: between them, each once.
            maps: `map_1` and so on, as `PortableSight` gives them, of one picture.
        """
        features = None
        nothing = torch.zeros_like(verts[:, 0], dtype=torch.int64)
        for stage in self.stages:
            offset, features = stage(list(maps.values()), project(verts), nothing, edges, features)
            verts = verts + offset
        return (verts,)


class _ScatteredGraphConv(nn.Module):
    def __init__(self, conv: GraphConv) -> None:
        super().__init__()
        self.w0, self.w1 = conv.w0, conv.w1

    def forward(self, verts: Tensor, edges: Tensor) -> Tensor:
        own: Tensor
        own, offered = self.w0(verts), self.w1(verts)
        tail, head = (end[:, None].expand(-1, offered.shape[1]) for end in edges.unbind(1))
        sums = torch.zeros_like(own).scatter_add(0, tail, offered[edges[:, 1]])
        return own + sums.scatter_add(0, head, offered[edges[:, 0]])


def _replace(module: nn.Module) -> None:
    """Let all graph convolutions below a module add by scattering."""
    for name, child in module.named_children():
        if isinstance(child, GraphConv):
            setattr(module, name, _ScatteredGraphConv(child))
        else:
            _replace(child)


def _look(feat: Tensor, at: Tensor, which: Tensor, padding: str) -> Tensor:
    """`vert_align_packed` of a single map."""
    seen = grid_sample(feat, at[None, None], padding_mode=padding, align_corners=True)
    return seen[0, :, 0].T


def example(maps: Mapping[str, tuple[int, ...]], single: bool) -> dict[str, Tensor]:
    """Inputs of `PortableRefinement`: a sphere before the camera, and noise for maps of these shapes."""
    draw = torch.Generator().manual_seed(0)
    sphere = ico_sphere(1 if single else 2)
    noise = {name: torch.rand(shape, generator=draw) for name, shape in maps.items()}
    return {"verts": camera_of_grid(0.5 * sphere.verts_packed()), "edges": sphere.edges_packed(), **noise}
