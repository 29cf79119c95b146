"""Renderers: a rasterizer followed by a shader."""

from torch import Tensor, nn

from ...structures.device import Device
from ...structures.fragments import Fragments


class MeshRenderer(nn.Module):
    """Meshes to pictures.

    Args:
        rasterizer: maps meshes in the world to `Fragments`, such as `MeshRasterizer`.
        shader: maps fragments and meshes to pictures.
    """

    def __init__(self, rasterizer, shader) -> None:
        super().__init__()
        self.rasterizer = rasterizer
        self.shader = shader

    def to(self, device: Device) -> "MeshRenderer":
        """Move rasterizer and shader to `device`, in place."""
        self.rasterizer.to(device)
        self.shader.to(device)
        return self

    def forward(self, meshes_world, **kwargs) -> Tensor:
        """Render N meshes.

        Args:
            meshes_world: batch of N meshes.
            kwargs: passed on to rasterizer and shader, for instance `cameras` or `lights`.

        Returns:
            What the shader returns, usually (N, H, W, 4) RGBA.
        """
        fragments = self.rasterizer(meshes_world, **kwargs)
        return self.shader(fragments, meshes_world, **kwargs)


class MeshRendererWithFragments(MeshRenderer):
    """Meshes to pictures and fragments, for instance to read the depth from `fragments.zbuf` as well."""

    def forward(self, meshes_world, **kwargs) -> tuple[Tensor, Fragments]:
        """Render N meshes as `MeshRenderer` does; returns (pictures, fragments)."""
        fragments = self.rasterizer(meshes_world, **kwargs)
        return self.shader(fragments, meshes_world, **kwargs), fragments
