"""`MeshRCNN`: a picture to logits of voxels, and a mesh that starts from them and follows the picture's features."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...nn.backbones.backbone import Backbone
from ...nn.graph_refinement import RefinementConfig, RefinementHead
from ...nn.voxel_head import VoxelHead
from ...structures import Meshes
from .camera import project
from .config import NetworkConfig
from .cubes import SPHERE_LEVEL, SUBDIVIDED_LEVEL, spheres
from .maps import Gates, Maps, make_maps


class Seen(NamedTuple):
    """What is told of pictures before there is a mesh.

    Attributes:
        maps: of features, which vertices look at.
        logits: of the cells of the frustum; None where a sphere is refined.
        gates: of the blocks that refine a shared map.
    """

    maps: Maps
    logits: Float[Tensor, "batch depth row column"] | None
    gates: Gates


class MeshRCNN(nn.Module):
    """Mesh R-CNN for pictures of one object (Gkioxari et al., ICCV 2019; ShapeNet branch).

    Args:
        config: variant, backbone, sizes.
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        self.backbone = Backbone(config.backbone, config.backbone_width, config.norm)
        channels = tuple(self.backbone.channels.values())
        self.maps = make_maps(config, channels) if config.has_mesh else None
        shown = channels if self.maps is None else self.maps.channels
        told_by = shown if config.variant == "shared-map" else channels
        self.voxels = (
            VoxelHead(told_by[-1], config.voxels, config.width, folded=config.folded)
            if config.has_voxels
            else None
        )
        full = config.variant == "full"
        refinement = RefinementConfig(
            depth=6 if full else 3, hidden=config.hidden, full=full, folded=config.folded
        )
        self.refinement = RefinementHead(shown, refinement) if config.has_mesh else None

    def see(self, images: Float[Tensor, "batch 3 size size"]) -> Seen:
        """Maps and voxels of pictures.

        Args:
            images: RGB in [0, 1], as R2N2's cameras show objects.
        """
        gates: Gates = []
        found = list(self.backbone(images).values())
        maps = found if self.maps is None else self.maps(found, gates)
        source = maps if self.config.variant == "shared-map" else found
        return Seen(maps, None if self.voxels is None else self.voxels(source[-1]), gates)

    def spheres(self, count: int, device: torch.device) -> Meshes:
        """What is refined where no voxels are told."""
        level = SUBDIVIDED_LEVEL if self.config.variant == "pixel2mesh" else SPHERE_LEVEL
        return spheres(count, level, device, self.config.original)

    def refine(self, maps: Maps, meshes: Meshes) -> list[Meshes]:
        """Meshes in camera space behind each stage, in 32 bits; none where none is refined."""
        if self.refinement is None:
            return []
        subdivide = self.config.variant == "pixel2mesh"
        with torch.autocast(maps[0].device.type, enabled=False):
            whole = [one.float() for one in maps]
            made: list[Meshes] = self.refinement(whole, meshes, project, subdivide=subdivide)
        return made

    def forward(self, images: Float[Tensor, "batch 3 size size"]) -> tuple[Tensor, ...]:
        """Logits, and vertices behind each stage of refining spheres: what of its cost no content decides.

        A mesh of cubes has as many vertices as a picture's object asks for; a sphere's 2,562 are about what it has
        on average.

        Args:
            images: as `see` takes them.
        """
        seen = self.see(images)
        made = self.refine(seen.maps, self.spheres(len(images), images.device))
        told = () if seen.logits is None else (seen.logits,)
        return (*told, *(one.verts_packed() for one in made))
