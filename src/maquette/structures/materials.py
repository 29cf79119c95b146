"""How a surface reflects light."""

from torch import Tensor

from .device import Device
from .tensor_properties import TensorProperties, Values


class Materials(TensorProperties):
    """One material a mesh, in the reflection model of Phong.

    Args:
        ambient_color: reflected share of ambient light, (1, C) or (N, C); C is 3 for RGB.
        diffuse_color: of light scattered evenly, likewise.
        specular_color: of light mirrored in a highlight, likewise.
        shininess: exponent of the highlight, a number, (1,) or (N,), 0 to 1000; larger is narrower.
        device: where the tensors live.

    Arguments are broadcast against each other to N materials.

    Raises:
        ValueError: the colours differ in channels, or shininess is not one number a material.
    """

    ambient_color: Tensor
    diffuse_color: Tensor
    specular_color: Tensor
    shininess: Tensor

    def __init__(
        self,
        ambient_color: Values = ((1, 1, 1),),
        diffuse_color: Values = ((1, 1, 1),),
        specular_color: Values = ((1, 1, 1),),
        shininess: Values = 64,
        device: Device = "cpu",
    ) -> None:
        super().__init__(
            device=device,
            ambient_color=ambient_color,
            diffuse_color=diffuse_color,
            specular_color=specular_color,
            shininess=shininess,
        )
        channels = self.ambient_color.shape[-1]
        for name in ("diffuse_color", "specular_color"):
            shape = tuple(getattr(self, name).shape)
            if shape[-1] != channels:
                raise ValueError(f"Expected {name} to have shape (N, {channels}); got {shape}")
        if self.shininess.shape != (self._N,):
            raise ValueError(f"shininess should have shape (N); got {tuple(self.shininess.shape)}")

    def clone(self, other: "Materials | None" = None) -> "Materials":
        """A copy that shares no memory with this one."""
        copied: Materials = super().clone(type(self)(device=self.device) if other is None else other)
        return copied
