"""What drawing specs: shapes, and how each picture is taken; as tensors, and as the arrays that kernels read."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.loading import start_warp


@dataclass(frozen=True, eq=False)
class Scene:
    """Shapes, and photographs to put behind them, all on one device.

    Attributes:
        verts: (V, 3) float32 in the object frame.
        faces: (F, 3) int32, counted from the first vertex of the shape.
        parts: (F,) int32.
        colours: (F,) uint8, rows of the shape's part of `palette`.
        palette: (C, 3) uint8.
        vert_starts, face_starts, palette_starts: (N + 1,) int32 first rows of every shape.
        photos: (K, H, W, 3) uint8; K may be 0.
    """

    verts: Tensor
    faces: Tensor
    parts: Tensor
    colours: Tensor
    palette: Tensor
    vert_starts: Tensor
    face_starts: Tensor
    palette_starts: Tensor
    photos: Tensor

    @property
    def device(self) -> torch.device:
        """Where all of it is."""
        return self.verts.device

    @cached_property
    def arrays(self) -> Any:
        """As the structure of arrays that kernels take; made once, as a scene is drawn again and again."""
        return filled(SceneArrays, self)

    def to(self, device: torch.device) -> "Scene":
        """The same on another device."""
        return Scene(*(getattr(self, field.name).to(device) for field in fields(self)))


@dataclass(frozen=True, eq=False)
class PictureSpecs:
    """How each of P pictures is taken; floats are float32, whole numbers int32.

    Attributes:
        shape: (P,) index of the shape.
        stretch: (P, 3) factors along x, y and z of the object frame.
        camera: (P, 3, 3) rows are the directions right, up and back.
        distance: (P,) of the camera from the origin.
        window: (P, 4) focal lengths along columns and rows and the optical axis's column and row, in pixels; a
            negative focal length along columns mirrors.
        key: (P,) random colours and textures follow from it.
        grain: (P,) the noise, and clouds in the background, follow from it.
        groups: (P,) 0: faces have their own colours; n: parts fall into n groups of one random colour each.
        texture: (P,) probability that a part has a texture.
        ambient: (P,) strength of the light from everywhere.
        lights: (P, 2, 4) directions towards two lights, and their strengths.
        kind: (P,) of the background: 0 plain, 1 gradient, 2 clouds, 3 photograph.
        behind: (P, 2, 3) colours of the background.
        pattern: (P, 4) what else it needs, see `draw_pixels.background`.
        matrix: (P, 3, 3) and offset: (P, 3): change of colours of the whole picture, new = matrix old + offset.
        noise: (P,) standard deviation of noise on every channel of every pixel.
    """

    shape: Tensor
    stretch: Tensor
    camera: Tensor
    distance: Tensor
    window: Tensor
    key: Tensor
    grain: Tensor
    groups: Tensor
    texture: Tensor
    ambient: Tensor
    lights: Tensor
    kind: Tensor
    behind: Tensor
    pattern: Tensor
    matrix: Tensor
    offset: Tensor
    noise: Tensor

    def __len__(self) -> int:
        return len(self.shape)

    def __getitem__(self, index: slice | Tensor) -> "PictureSpecs":
        return PictureSpecs(*(getattr(self, field.name)[index] for field in fields(self)))

    def to(self, device: torch.device) -> "PictureSpecs":
        """The same on another device."""
        return PictureSpecs(*(getattr(self, field.name).to(device) for field in fields(self)))


@wp.struct
class SceneArrays:
    """`Scene` within a kernel."""

    verts: wp.array(dtype=wp.vec3)
    faces: wp.array(dtype=wp.vec3i)
    parts: wp.array(dtype=wp.int32)
    colours: wp.array(dtype=wp.uint8)
    palette: wp.array2d(dtype=wp.uint8)
    vert_starts: wp.array(dtype=wp.int32)
    face_starts: wp.array(dtype=wp.int32)
    palette_starts: wp.array(dtype=wp.int32)
    photos: wp.array4d(dtype=wp.uint8)


@wp.struct
class SpecArrays:
    """`PictureSpecs` within a kernel."""

    shape: wp.array(dtype=wp.int32)
    stretch: wp.array(dtype=wp.vec3)
    camera: wp.array(dtype=wp.mat33)
    distance: wp.array(dtype=float)
    window: wp.array(dtype=wp.vec4)
    key: wp.array(dtype=wp.int32)
    grain: wp.array(dtype=wp.int32)
    groups: wp.array(dtype=wp.int32)
    texture: wp.array(dtype=float)
    ambient: wp.array(dtype=float)
    lights: wp.array2d(dtype=wp.vec4)
    kind: wp.array(dtype=wp.int32)
    behind: wp.array2d(dtype=wp.vec3)
    pattern: wp.array(dtype=wp.vec4)
    matrix: wp.array(dtype=wp.mat33)
    offset: wp.array(dtype=wp.vec3)
    noise: wp.array(dtype=float)


def as_arrays(scene: Scene, specs: PictureSpecs) -> tuple[Any, Any]:
    """Both as the structures of arrays that kernels take."""
    return scene.arrays, filled(SpecArrays, specs)


def filled(struct: Any, tensors: Any) -> object:
    """The structure of arrays that has the tensors of a dataclass under their names."""
    start_warp()
    arrays = struct()
    for field in fields(tensors):
        dtype = struct.vars[field.name].type.dtype
        tensor = getattr(tensors, field.name).contiguous()
        setattr(arrays, field.name, wp.from_torch(tensor, dtype=dtype))
    return arrays
