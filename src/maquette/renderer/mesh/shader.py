"""Shaders: from fragments and meshes to pictures.

A shader lights only the entries that faces cover (`gather_covered`) and blends the result; values and
gradients are those of the shading function applied to all entries.
"""

import warnings
from collections.abc import Callable
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...structures.cameras_base import CamerasBase
from ...structures.device import Device
from ...structures.fragments import Fragments
from ...structures.interpolation import interpolate_fragments
from ...structures.meshes import Meshes
from ..blending import (
    BlendParams,
    background_like,
    sigmoid_alpha_blend,
    softmax_rgb_blend,
)
from ..lighting import Lights, PointLights
from ..materials import Materials
from ..splatter_blend import SplatterBlender
from .covered import Covered, gather_covered, scatter_covered
from .shading import flat_shading, gouraud_shading, phong_shading, phong_shading_with_pixels

_Shading = Callable[..., Tensor]


class ShaderBase(nn.Module):
    """What shaders with lights share.

    Args:
        device: where default lights and materials live.
        cameras: N cameras, or one; may come with each call instead.
        lights: N lights, or one; a `PointLights` with its defaults if None.
        materials: N materials, or one; a `Materials` with its defaults if None.
        blend_params: constants of blending; `BlendParams` with its defaults if None.

    Each of `cameras`, `lights`, `materials` and `blend_params` given as keyword in a call replaces the stored
    one for that call.
    """

    def __init__(
        self,
        device: Device = "cpu",
        cameras: CamerasBase | None = None,
        lights: Lights | None = None,
        materials: Materials | None = None,
        blend_params: BlendParams | None = None,
    ) -> None:
        super().__init__()
        self.lights = PointLights(device=device) if lights is None else lights
        self.materials = Materials(device=device) if materials is None else materials
        self.cameras = cameras
        self.blend_params = BlendParams() if blend_params is None else blend_params

    def _get_cameras(self, **kwargs: Any) -> CamerasBase:
        cameras: CamerasBase | None = kwargs.get("cameras", self.cameras)
        if cameras is None:
            raise ValueError("Cameras must be given when the shader is made or when it is called.")
        return cameras

    def _scene(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "cameras": self._get_cameras(**kwargs),
            "lights": kwargs.get("lights", self.lights),
            "materials": kwargs.get("materials", self.materials),
        }

    def to(self, device: Device) -> Self:  # type: ignore[override]
        """Move cameras, lights and materials to `device`, in place."""
        if self.cameras is not None:
            self.cameras = self.cameras.to(device)
        self.materials = self.materials.to(device)
        self.lights = self.lights.to(device)
        return self


def _shade_textured(shading: _Shading, fragments: Fragments, meshes: Meshes, scene: dict[str, Any]) -> Tensor:
    texels = meshes.sample_textures(fragments)
    return shading(meshes=meshes, fragments=fragments, texels=texels, **scene)


def _shade_vertices(shading: _Shading, fragments: Fragments, meshes: Meshes, scene: dict[str, Any]) -> Tensor:
    return shading(meshes=meshes, fragments=fragments, **scene)


class _LitShader(ShaderBase):
    """A shader of one shading function, blended by its subclass."""

    _shading: _Shading = staticmethod(phong_shading)
    _shade: _Shading = staticmethod(_shade_textured)

    def _colors(self, covered: Covered, meshes: Meshes, **kwargs: Any) -> Tensor:
        return self._shade(self._shading, covered.fragments, meshes, self._scene(**kwargs))


class _HardShader(_LitShader):
    def forward(self, fragments: Fragments, meshes: Meshes, **kwargs: Any) -> Tensor:
        """Show the nearest face of each pixel.

        Args:
            fragments: rasterizer output.
            meshes: the meshes that were rasterized, in the world, with textures.
            kwargs: replacements for this call, see `ShaderBase`.

        Returns:
            (N, H, W, C + 1): colour and alpha (1 on a face, else 0).
        """
        self._get_cameras(**kwargs)
        covered = gather_covered(fragments, faces_per_pixel=1)
        colors = F.pad(self._colors(covered, meshes, **kwargs), (0, 1), value=1.0)
        background = background_like(kwargs.get("blend_params", self.blend_params), colors)
        canvas = F.pad(background, (0, 1)).expand(*fragments.pix_to_face.shape[:3], 1, -1)
        return scatter_covered(covered, colors, canvas)[..., 0, :]


class _SoftShader(_LitShader):
    def forward(self, fragments: Fragments, meshes: Meshes, **kwargs: Any) -> Tensor:
        """Blend all faces of each pixel by coverage and depth, see `softmax_rgb_blend`.

        Args:
            fragments: rasterizer output.
            meshes: the meshes that were rasterized, in the world, with textures.
            kwargs: replacements for this call, see `ShaderBase`; also `znear` and `zfar`, by default those of
                the cameras, or 1 and 100.

        Returns:
            (N, H, W, C + 1): colour and alpha.
        """
        cameras = self._get_cameras(**kwargs)
        covered = gather_covered(fragments)
        colors = self._colors(covered, meshes, **kwargs)
        canvas = colors.new_zeros((*fragments.pix_to_face.shape, colors.shape[-1]))
        return softmax_rgb_blend(
            scatter_covered(covered, colors, canvas),
            fragments,
            kwargs.get("blend_params", self.blend_params),
            znear=kwargs.get("znear", getattr(cameras, "znear", 1.0)),
            zfar=kwargs.get("zfar", getattr(cameras, "zfar", 100.0)),
        )


class HardPhongShader(_HardShader):
    """Light at every pixel; the nearest face shows. See `phong_shading`."""


class SoftPhongShader(_SoftShader):
    """Light at every pixel; faces blend softly. See `phong_shading`, `softmax_rgb_blend`."""


class HardGouraudShader(_HardShader):
    """Light at every vertex; the nearest face shows. See `gouraud_shading`."""

    _shading = staticmethod(gouraud_shading)
    _shade = staticmethod(_shade_vertices)


class SoftGouraudShader(_SoftShader):
    """Light at every vertex; faces blend softly. See `gouraud_shading`, `softmax_rgb_blend`."""

    _shading = staticmethod(gouraud_shading)
    _shade = staticmethod(_shade_vertices)


class HardFlatShader(_HardShader):
    """Light once a face; the nearest face shows. See `flat_shading`."""

    _shading = staticmethod(flat_shading)


def TexturedSoftPhongShader(
    device: Device = "cpu",
    cameras: CamerasBase | None = None,
    lights: Lights | None = None,
    materials: Materials | None = None,
    blend_params: BlendParams | None = None,
) -> SoftPhongShader:
    """Deprecated name of `SoftPhongShader`."""
    warnings.warn(
        "TexturedSoftPhongShader is deprecated; use SoftPhongShader.", PendingDeprecationWarning, stacklevel=2
    )
    return SoftPhongShader(
        device=device, cameras=cameras, lights=lights, materials=materials, blend_params=blend_params
    )


class SoftSilhouetteShader(nn.Module):
    """Soft outline of the meshes, white (Liu et al., Soft Rasterizer, ICCV 2019).

    Args:
        blend_params: `sigma` is the width of the outline. Rasterize with `blur_radius` of about
            ln(1/1e-4 - 1) * sigma, where a face's share has fallen to 1e-4.
    """

    def __init__(self, blend_params: BlendParams | None = None) -> None:
        super().__init__()
        self.blend_params = BlendParams() if blend_params is None else blend_params

    def forward(self, fragments: Fragments, meshes: Meshes | None, **kwargs: Any) -> Tensor:
        """Outline of the fragments: (N, H, W, 4), RGB 1 and alpha of `sigmoid_alpha_blend`.

        Args:
            fragments: rasterizer output with `dists`.
            meshes: not used.
            kwargs: `blend_params` replaces the stored ones for this call.
        """
        white = fragments.bary_coords.new_ones(()).expand(*fragments.pix_to_face.shape, 3)
        return sigmoid_alpha_blend(white, fragments, kwargs.get("blend_params", self.blend_params))


class SplatterPhongShader(ShaderBase):
    """Light at every pixel, splatted over the neighbours (see `SplatterBlender`).

    `blend_params.sigma` is the standard deviation of a splat in pixels; 0.5 is meant. The rasterizer gets no
    gradients: they flow through the lit positions.
    """

    def forward(self, fragments: Fragments, meshes: Meshes, **kwargs: Any) -> Tensor:
        """Picture (N, H, W, 4) of the fragments; replacements for this call as in `ShaderBase`."""
        scene = self._scene(**kwargs)
        blend_params = kwargs.get("blend_params", self.blend_params)
        if blend_params.sigma != 0.5:
            warnings.warn(
                f"SplatterPhongShader received sigma={blend_params.sigma}, a length in pixels; "
                "0.5 is meant, and others hardly ever help.",
                stacklevel=2,
            )
        texels = meshes.sample_textures(fragments)
        colors, points = phong_shading_with_pixels(meshes, fragments.detach(), texels=texels, **scene)
        N, H, W, K = fragments.pix_to_face.shape
        blender = SplatterBlender((N, H, W, K), colors.device)
        picture: Tensor = blender(colors, points, scene["cameras"], fragments.pix_to_face < 0, blend_params)
        return picture


class HardDepthShader(ShaderBase):
    """Depth of the nearest face, in view units; the far plane where no face is."""

    def forward(self, fragments: Fragments, meshes: Meshes | None, **kwargs: Any) -> Tensor:
        """Depth (N, H, W, 1) of the fragments; `zfar` given here replaces the cameras' (or 100)."""
        far = _far_plane(self._get_cameras(**kwargs), kwargs)
        return torch.where(fragments.pix_to_face[..., :1] < 0, far, fragments.zbuf[..., :1])


class SoftDepthShader(ShaderBase):
    """Depth of the faces of a pixel, nearest first, each weighted by its coverage until they add up to 1.

    What is missing to 1 lies on the far plane.
    """

    def forward(self, fragments: Fragments, meshes: Meshes | None, **kwargs: Any) -> Tensor:
        """Depth (N, H, W, 1) of the fragments; `zfar` given here replaces the cameras' (or 100).

        Raises:
            ValueError: the fragments have no `dists`.
        """
        if fragments.dists is None:
            raise ValueError("SoftDepthShader requires Fragments.dists to be present.")
        far = _far_plane(self._get_cameras(**kwargs), kwargs)
        sigma = kwargs.get("blend_params", self.blend_params).sigma
        coverage = torch.where(fragments.pix_to_face >= 0, torch.sigmoid(-fragments.dists / sigma), 0.0)
        reached = coverage.cumsum(dim=-1).clamp(max=1.0)
        share = reached.diff(dim=-1, prepend=torch.zeros_like(reached[..., :1]))
        depth = (share * fragments.zbuf).sum(dim=-1, keepdim=True)
        blended: Tensor = depth + (1 - reached[..., -1:]) * far
        return blended


def _far_plane(cameras: CamerasBase, replacements: dict[str, Any]) -> Any:
    far = replacements.get("zfar", getattr(cameras, "zfar", 100.0))
    return far[:, None, None, None] if isinstance(far, Tensor) and far.ndim else far


class HardNormalShader(ShaderBase):
    """Unit normal of the nearest face, interpolated from its corners. Not in PyTorch3D.

    Args:
        frame: "world", or "camera" for the frame of each view (+X left, +Y up, +Z into the picture).
        kwargs: as `ShaderBase`.

    Raises:
        ValueError: another frame.
    """

    def __init__(self, frame: str = "world", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if frame not in ("world", "camera"):
            raise ValueError(f"frame must be 'world' or 'camera'; got {frame!r}")
        self.frame = frame

    def forward(self, fragments: Fragments, meshes: Meshes, **kwargs: Any) -> Tensor:
        """Normals (N, H, W, 3) of the fragments; 0 where no face is."""
        cameras = self._get_cameras(**kwargs)
        covered = gather_covered(fragments, faces_per_pixel=1)
        normals = interpolate_fragments(
            covered.fragments, meshes.verts_normals_packed(), meshes.faces_packed()
        )
        if self.frame == "camera":
            normals = torch.einsum("nawki,nij->nawkj", normals, cameras.R.expand(len(normals), 3, 3))
        normals = F.normalize(normals, dim=-1, eps=1e-6)
        canvas = normals.new_zeros(()).expand(*fragments.pix_to_face.shape[:3], 1, 3)
        return scatter_covered(covered, normals, canvas)[..., 0, :]
