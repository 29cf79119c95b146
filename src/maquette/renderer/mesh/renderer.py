"""Renderers: a rasterizer followed by a shader."""

import torch
from torch import Tensor, nn

from ...structures.device import Device
from ...structures.fragments import Fragments
from ..silhouette import soft_silhouettes
from .rasterizer import MeshRasterizer
from .shader import SoftSilhouetteShader


class MeshRenderer(nn.Module):
    """Meshes to pictures.

    A `MeshRasterizer` with a blur radius and a `SoftSilhouetteShader` run as one fused kernel, in which every face
    near a pixel counts (unless back faces are culled); anything else goes through fragments.

    Args:
        rasterizer: maps meshes in the world to `Fragments`, such as `MeshRasterizer`.
        shader: maps fragments and meshes to pictures.
    """

    def __init__(self, rasterizer, shader) -> None:
        super().__init__()
        self.rasterizer = rasterizer
        self.shader = shader

    def to(self, device: Device) -> "MeshRenderer":  # type: ignore[override]
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
        if self._is_soft_silhouette(**kwargs):
            return self._soft_silhouette(meshes_world, **kwargs)
        fragments = self.rasterizer(meshes_world, **kwargs)
        return self.shader(fragments, meshes_world, **kwargs)

    def _is_soft_silhouette(self, **kwargs) -> bool:
        if type(self.rasterizer) is not MeshRasterizer or type(self.shader) is not SoftSilhouetteShader:
            return False
        settings = kwargs.get("raster_settings", self.rasterizer.raster_settings)
        return settings.blur_radius > 0 and not settings.cull_backfaces and not settings.cull_to_frustum

    def _soft_silhouette(self, meshes_world, **kwargs) -> Tensor:
        """White with soft alpha; no fragments are made and `faces_per_pixel` does not matter."""
        meshes_ndc = self.rasterizer.transform(meshes_world, **kwargs)
        settings = self.rasterizer.settings(**kwargs)
        sigma = float(kwargs.get("blend_params", self.shader.blend_params).sigma)
        alpha = soft_silhouettes(
            meshes_ndc,
            settings["image_size"],
            sigma,
            settings["blur_radius"],
            settings["perspective_correct"],
            settings["z_clip_value"],
        )
        white = torch.ones((), device=alpha.device).expand(*alpha.shape, 3)
        return torch.cat((white, alpha[..., None]), dim=-1)


class MeshRendererWithFragments(MeshRenderer):
    """Meshes to pictures and fragments, for instance to read the depth from `fragments.zbuf` as well."""

    def forward(self, meshes_world, **kwargs) -> tuple[Tensor, Fragments]:  # type: ignore[override]
        """Render N meshes as `MeshRenderer` does; returns (pictures, fragments)."""
        fragments = self.rasterizer(meshes_world, **kwargs)
        return self.shader(fragments, meshes_world, **kwargs), fragments
