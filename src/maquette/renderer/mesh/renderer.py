"""Renderers: a rasterizer followed by a shader."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from ...structures.device import Device
from ...structures.fragments import Fragments
from ...structures.meshes import Meshes
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

    def __init__(self, rasterizer: nn.Module, shader: nn.Module) -> None:
        super().__init__()
        self.rasterizer = rasterizer
        self.shader = shader

    def to(self, device: Device) -> Self:  # type: ignore[override]
        """Move rasterizer and shader to `device`, in place."""
        self.rasterizer.to(device)
        self.shader.to(device)
        return self

    def forward(self, meshes_world: Meshes, **kwargs: Any) -> Tensor:
        """Render N meshes.

        Args:
            meshes_world: batch of N meshes.
            kwargs: passed on to rasterizer and shader, for instance `cameras` or `lights`.

        Returns:
            What the shader returns, usually (N, H, W, 4) RGBA.
        """
        picture = self._soft_silhouette(meshes_world, kwargs)
        if picture is None:
            picture = self.shader(self.rasterizer(meshes_world, **kwargs), meshes_world, **kwargs)
        return picture

    def _soft_silhouette(self, meshes_world: Meshes, kwargs: dict[str, Any]) -> Tensor | None:
        """White with soft alpha, where neither fragments nor `faces_per_pixel` are needed for it; else None."""
        rasterizer, shader = self.rasterizer, self.shader
        if type(rasterizer) is not MeshRasterizer or type(shader) is not SoftSilhouetteShader:
            return None
        given = kwargs.get("raster_settings", rasterizer.raster_settings)
        if given.blur_radius <= 0 or given.cull_backfaces or given.cull_to_frustum:
            return None
        settings = rasterizer.settings(**kwargs)
        alpha = soft_silhouettes(
            rasterizer.transform(meshes_world, **kwargs),
            settings["image_size"],
            float(kwargs.get("blend_params", shader.blend_params).sigma),
            settings["blur_radius"],
            settings["perspective_correct"],
            settings["z_clip_value"],
        )
        white = torch.ones((), device=alpha.device).expand(*alpha.shape, 3)
        return torch.cat((white, alpha[..., None]), dim=-1)


class MeshRendererWithFragments(MeshRenderer):
    """Meshes to pictures and fragments, for instance to read the depth from `fragments.zbuf` as well."""

    def forward(self, meshes_world: Meshes, **kwargs: Any) -> tuple[Tensor, Fragments]:  # type: ignore[override]
        """Render N meshes as `MeshRenderer` does; returns (pictures, fragments)."""
        fragments = self.rasterizer(meshes_world, **kwargs)
        return self.shader(fragments, meshes_world, **kwargs), fragments
