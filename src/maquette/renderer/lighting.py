"""Lights and the reflection model of Phong: even scattering, and a highlight around the mirror direction."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..structures.device import Device
from ..structures.tensor_properties import TensorProperties, Values, convert_to_tensors_and_broadcast

_TINY = 1e-6  # vectors shorter than this are not lengthened to 1


def diffuse(normals: Tensor, color: Values, direction: Values) -> Tensor:
    """Light scattered evenly: color * max(0, cos(normal, direction)) (Lambert's law).

    Args:
        normals: (N, ..., 3) normals, of any length.
        color: (1, 3) or (N, 3) colour of the light, or one of each normal.
        direction: (1, 3) or (N, 3) direction to the light, of any length, or one of each normal, in the frame
            of the normals.

    Returns:
        (N, ..., 3). For packed points (P, 3), gather the other arguments to (P, 3) first.
    """
    normals, color, direction = convert_to_tensors_and_broadcast(
        normals, color, direction, device=normals.device
    )
    cosine = _dot(_unit(normals), _unit(_spread(direction, normals)))
    return _spread(color, normals) * F.relu(cosine)[..., None]


def specular(
    points: Tensor,
    normals: Tensor,
    direction: Values,
    color: Values,
    camera_position: Values,
    shininess: Values,
) -> Tensor:
    """Highlight on lit sides: color * max(0, cos(mirrored light, direction to the camera)) ** shininess.

    Values and gradients are finite for every shininess >= 0; at the edge of the highlight, where the power's
    slope may be infinite, the gradient is 0.

    Args:
        points: (N, ..., 3) positions.
        normals: (N, ..., 3) normals, of any length.
        direction: (1, 3) or (N, 3) direction to the light, or one of each point.
        color: (1, 3) or (N, 3) colour of the light, or one of each point.
        camera_position: (1, 3) or (N, 3), or one of each point; all in the frame of the points.
        shininess: (1,) or (N,) exponent.

    Returns:
        (N, ..., 3). For packed points (P, 3), gather the other arguments to (P, 3) and (P,) first.

    Raises:
        ValueError: points and normals differ in shape.
    """
    if points.shape != normals.shape:
        raise ValueError(
            f"Expected points and normals to have the same shape: got {points.shape}, {normals.shape}"
        )
    _, color, direction, camera_position, shininess = convert_to_tensors_and_broadcast(
        points, color, direction, camera_position, shininess, device=points.device
    )
    normals = _unit(normals)
    direction = _unit(_spread(direction, points))
    to_camera = _unit(_spread(camera_position, points) - points)
    cosine = _dot(normals, direction)
    mirrored = 2 * cosine[..., None] * normals - direction
    along = torch.where(cosine > 0, F.relu(_dot(to_camera, mirrored)), 0.0)
    exponent = shininess.reshape(-1, *(1,) * (along.ndim - 1))
    return _spread(color, points) * _power(along, exponent)[..., None]


def _power(base: Tensor, exponent: Tensor) -> Tensor:
    """base ** exponent for base >= 0, with gradient 0 where base is 0."""
    positive = base > 0
    return torch.where(positive, torch.where(positive, base, 1.0) ** exponent, (exponent == 0).to(base))


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors, dim=-1, eps=_TINY)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=-1)


def _spread(values: Tensor, points: Tensor) -> Tensor:
    """Values (N, C) reshaped to (N, 1, ..., C), so that they broadcast over points (N, ..., 3)."""
    if values.ndim == points.ndim:
        return values
    return values.reshape(-1, *(1,) * (points.ndim - 2), values.shape[-1])


class Lights(TensorProperties):
    """What shaders ask of lights."""

    ambient_color: Tensor

    def diffuse(self, normals: Tensor, points: Tensor) -> Tensor:
        """Scattered light at (N, ..., 3) normals of points."""
        raise NotImplementedError

    def specular(self, normals: Tensor, points: Tensor, camera_position: Values, shininess: Values) -> Tensor:
        """Highlights at (N, ..., 3) points."""
        raise NotImplementedError

    def clone(self, other: "Lights | None" = None) -> "Lights":
        """A copy that shares no memory with this one."""
        copied: Lights = super().clone(type(self)(device=self.device) if other is None else other)
        return copied


class _DirectedLights(Lights):
    """RGB lights that reach every point from a direction; all their properties have three channels."""

    diffuse_color: Tensor
    specular_color: Tensor

    def __init__(
        self,
        ambient_color: Values,
        diffuse_color: Values,
        specular_color: Values,
        device: Device,
        **place: Any,
    ) -> None:
        super().__init__(
            device=device,
            ambient_color=ambient_color,
            diffuse_color=diffuse_color,
            specular_color=specular_color,
            **place,
        )
        for name, tensor in self._tensors().items():
            if tensor.shape[-1] != 3:
                raise ValueError(f"Expected {name} to have shape (N, 3); got {tuple(tensor.shape)!r}")

    def _direction_at(self, points: Tensor) -> Tensor:
        """Direction to the light, of any length."""
        raise NotImplementedError

    def diffuse(self, normals: Tensor, points: Tensor) -> Tensor:
        """Scattered light at (N, ..., 3) normals of points; see `diffuse`."""
        return diffuse(normals, self.diffuse_color, self._direction_at(points))

    def specular(self, normals: Tensor, points: Tensor, camera_position: Values, shininess: Values) -> Tensor:
        """Highlights at (N, ..., 3) points; see `specular`."""
        direction = self._direction_at(points)
        return specular(points, normals, direction, self.specular_color, camera_position, shininess)


class DirectionalLights(_DirectedLights):
    """Lights infinitely far away.

    Args:
        ambient_color: RGB of the light that comes from everywhere, (1, 3) or (N, 3), as numbers or a tensor.
        diffuse_color: RGB of scattered light, likewise.
        specular_color: RGB of highlights, likewise.
        direction: direction to the light in the world, likewise.
        device: where the tensors live.

    Raises:
        ValueError: an argument has not three channels.
    """

    direction: Tensor

    def __init__(
        self,
        ambient_color: Values = ((0.5, 0.5, 0.5),),
        diffuse_color: Values = ((0.3, 0.3, 0.3),),
        specular_color: Values = ((0.2, 0.2, 0.2),),
        direction: Values = ((0, 1, 0),),
        device: Device = "cpu",
    ) -> None:
        super().__init__(ambient_color, diffuse_color, specular_color, device, direction=direction)

    def diffuse(self, normals: Tensor, points: Tensor | None = None) -> Tensor:
        """Scattered light at (N, ..., 3) normals; see `diffuse`. Points are not used."""
        return diffuse(normals, self.diffuse_color, self.direction)

    def _direction_at(self, points: Tensor) -> Tensor:
        return self.direction


class PointLights(_DirectedLights):
    """Lights at a point, equally bright at every distance.

    Args:
        ambient_color: RGB of the light that comes from everywhere, (1, 3) or (N, 3), as numbers or a tensor.
        diffuse_color: RGB of scattered light, likewise.
        specular_color: RGB of highlights, likewise.
        location: position in the world, likewise.
        device: where the tensors live.

    Raises:
        ValueError: an argument has not three channels.
    """

    location: Tensor

    def __init__(
        self,
        ambient_color: Values = ((0.5, 0.5, 0.5),),
        diffuse_color: Values = ((0.3, 0.3, 0.3),),
        specular_color: Values = ((0.2, 0.2, 0.2),),
        location: Values = ((0, 1, 0),),
        device: Device = "cpu",
    ) -> None:
        super().__init__(ambient_color, diffuse_color, specular_color, device, location=location)

    def reshape_location(self, points: Tensor) -> Tensor:
        """Locations shaped to broadcast over points (P, 3) or (N, H, W, K, 3)."""
        return _spread(self.location, points)

    def _direction_at(self, points: Tensor) -> Tensor:
        return self.reshape_location(points) - points


class AmbientLights(Lights):
    """The same light everywhere, from everywhere: surfaces show their texture times this colour.

    Args:
        ambient_color: colour of any number C of channels, (1, C) or (N, C); white RGB by default.
        device: where the tensor lives.
    """

    def __init__(self, *, ambient_color: Values | None = None, device: Device = "cpu") -> None:
        super().__init__(
            device=device, ambient_color=((1.0, 1.0, 1.0),) if ambient_color is None else ambient_color
        )

    def diffuse(self, normals: Tensor, points: Tensor) -> Tensor:
        """No scattered light: zeros (N, ..., C)."""
        return self._none_at(points)

    def specular(
        self, normals: Tensor, points: Tensor, camera_position: Values | None, shininess: Values | None
    ) -> Tensor:
        """No highlights: zeros (N, ..., C)."""
        return self._none_at(points)

    def _none_at(self, points: Tensor) -> Tensor:
        return points.new_zeros((*points.shape[:-1], self.ambient_color.shape[-1]))
