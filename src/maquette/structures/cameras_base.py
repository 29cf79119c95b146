"""What all cameras have in common.

Frames: world; view (x left, y up, z forwards, X_view = X_world R + T); NDC (x left, y up, shorter side of the
picture from -1 to 1); screen (pixels, x right, y down, pixel centres at integer + 0.5).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..transforms import Rotate, Transform3d, Translate
from .cameras_screen import get_ndc_to_screen_transform, get_screen_to_ndc_transform
from .device import Device
from .tensor_properties import TensorProperties

IDENTITY_R = torch.eye(3)[None]
ZERO_T = torch.zeros(1, 3)


def get_world_to_view_transform(R: Tensor = IDENTITY_R, T: Tensor = ZERO_T) -> Transform3d:
    """Map from the world to the view frame: X_view = X_world R + T.

    Args:
        R: rotations (N, 3, 3).
        T: translations (N, 3).

    Raises:
        ValueError: other shapes, or batch sizes that differ.
    """
    if T.shape[0] != R.shape[0]:
        raise ValueError(
            f"Expected R, T to have the same batch dimension; got {R.shape[0]!r}, {T.shape[0]!r}"
        )
    if T.dim() != 2 or T.shape[1:] != (3,):
        raise ValueError(f"Expected T to have shape (N, 3); got {T.shape!r}")
    if R.dim() != 3 or R.shape[1:] != (3, 3):
        raise ValueError(f"Expected R to have shape (N, 3, 3); got {R.shape!r}")
    dtype = torch.promote_types(torch.promote_types(R.dtype, T.dtype), torch.float32)
    return Rotate(R, dtype=dtype).compose(Translate(T, dtype=dtype))


def calibration_matrix(entries: dict[tuple[int, int], Any], device: torch.device) -> Tensor:
    """Matrices (N, 4, 4) from their entries other than 0, which are numbers or tensors (1,) or (N,)."""
    values = [torch.as_tensor(value, device=device).reshape(-1) for value in entries.values()]
    dtype = torch.float32
    for value in values:
        dtype = torch.promote_types(dtype, value.dtype)
    flat = torch.zeros(max(len(value) for value in values), 16, dtype=dtype, device=device)
    places = torch.tensor([4 * row + column for row, column in entries], device=device)
    rows = torch.stack([value.to(dtype).expand(len(flat)) for value in values], dim=1)
    return flat.index_copy(1, places, rows).view(-1, 4, 4)


class CamerasBase(TensorProperties):
    """N cameras: where they stand (R, T), and how they project.

    A kind of camera defines `_projection_matrix`, `unproject_points`, `is_perspective`, `in_ndc` and
    `_FIELDS`. Keyword arguments of methods override what the camera holds; R and T given in this way are
    kept, as lights and shaders ask for them later.
    """

    _FIELDS: tuple[str, ...] = ()
    """Arguments of `__init__` by the names of their attributes, which may have an underscore in front."""
    _SHARED_FIELDS: tuple[str, ...] = ()
    """Those of them that are one value for the whole batch."""

    R: Tensor
    T: Tensor
    K: Tensor | None = None

    def __init__(self, dtype: torch.dtype | None = None, device: Device = "cpu", **kwargs: Any) -> None:
        types = [value.dtype for value in kwargs.values() if torch.is_tensor(value)]
        found = torch.float64 if torch.float64 in types else torch.float32
        super().__init__(dtype=dtype or found, device=device, **kwargs)

    def get_projection_transform(self, **kwargs: Any) -> Transform3d:
        """Map from the view frame to NDC, or to the screen (x left, y up) for cameras given in pixels.

        Args:
            kwargs: override the parameters of the camera; K (N, 4, 4), for column vectors, overrides all.

        Raises:
            ValueError: K of another shape.
        """
        K = kwargs.get("K", self.K)
        if K is None:
            K = self._projection_matrix(kwargs)
        elif K.shape != (self._N, 4, 4):
            raise ValueError(f"Expected K to have shape of ({self._N!r}, 4, 4)")
        return Transform3d(matrix=K.transpose(1, 2).contiguous())

    def _projection_matrix(self, overrides: dict[str, Any]) -> Tensor:
        """K (N, 4, 4), for column vectors, of the camera's parameters or what overrides them."""
        raise NotImplementedError

    def unproject_points(self, xy_depth: Tensor, **kwargs: Any) -> Tensor:
        """Points in space (..., 3) from projected x and y and the depth in the view frame.

        Args:
            xy_depth: (..., 3).
            kwargs: `world_coordinates=False` leaves the points in the view frame.
        """
        raise NotImplementedError

    def is_perspective(self) -> bool:
        """Whether far things look smaller."""
        raise NotImplementedError

    def in_ndc(self) -> bool:
        """Whether `get_projection_transform` leads to NDC; to the screen otherwise."""
        raise NotImplementedError

    def get_camera_center(self, **kwargs: Any) -> Tensor:
        """Positions (N, 3) of the cameras in the world."""
        return self.get_world_to_view_transform(**kwargs).inverse().get_matrix()[:, 3, :3]

    def get_world_to_view_transform(self, **kwargs: Any) -> Transform3d:
        """Map from the world to the view frame."""
        self.R = kwargs.get("R", self.R)
        self.T = kwargs.get("T", self.T)
        return get_world_to_view_transform(R=self.R, T=self.T)

    def get_full_projection_transform(self, **kwargs: Any) -> Transform3d:
        """Map from the world to NDC, or to the screen for cameras given in pixels."""
        self.R = kwargs.get("R", self.R)
        self.T = kwargs.get("T", self.T)
        view = self.get_world_to_view_transform(R=self.R, T=self.T)
        return view.compose(self.get_projection_transform(**kwargs))

    def get_ndc_camera_transform(self, **kwargs: Any) -> Transform3d:
        """Map from where `get_projection_transform` leads to NDC."""
        if self.in_ndc():
            return Transform3d(device=self.device)
        image_size = kwargs.get("image_size", self.get_image_size())
        return get_screen_to_ndc_transform(self, with_xyflip=False, image_size=image_size)

    def transform_points(self, points: Tensor, eps: float | None = None, **kwargs: Any) -> Tensor:
        """Project points of the world to NDC, or to the screen for cameras given in pixels.

        Args:
            points: (P, 3), (1, P, 3) or (N, P, 3).
            eps: least size of the divisor; keeps values and gradients near the plane of the camera small.

        Returns:
            as of `Transform3d.transform_points`.
        """
        return self.get_full_projection_transform(**kwargs).transform_points(points, eps=eps)

    def transform_points_ndc(self, points: Tensor, eps: float | None = None, **kwargs: Any) -> Tensor:
        """Project points of the world to NDC; arguments as of `transform_points`."""
        transform = self.get_full_projection_transform(**kwargs)
        if not self.in_ndc():
            transform = transform.compose(self.get_ndc_camera_transform(**kwargs))
        return transform.transform_points(points, eps=eps)

    def transform_points_screen(
        self, points: Tensor, eps: float | None = None, with_xyflip: bool = True, **kwargs: Any
    ) -> Tensor:
        """Project points of the world to pixels.

        Args:
            points: (P, 3), (1, P, 3) or (N, P, 3).
            eps: see `transform_points`.
            with_xyflip: x to the right and y down, as in pictures.
            kwargs: `image_size`, (height, width), where the cameras hold none.

        Raises:
            ValueError: no image size.
        """
        points_ndc = self.transform_points_ndc(points, eps=eps, **kwargs)
        image_size = kwargs.get("image_size", self.get_image_size())
        to_screen = get_ndc_to_screen_transform(self, with_xyflip=with_xyflip, image_size=image_size)
        return to_screen.transform_points(points_ndc, eps=eps)

    def clone(self, other: "CamerasBase | None" = None) -> "CamerasBase":
        """A copy that shares no memory with this one."""
        other = type(self)(device=self.device) if other is None else other
        super().clone(other)
        return other

    def get_znear(self) -> Any:
        """Near plane, where there is one: (N,), else None."""
        return getattr(self, "znear", None)

    def get_image_size(self) -> Any:
        """(height, width) in pixels, (N, 2), where the cameras know it, else None."""
        return getattr(self, "image_size", None)

    def __getitem__(self, index: Any) -> "CamerasBase":  # type: ignore[override]
        """Some of the cameras.

        Args:
            index: a position, a list or an integer tensor of positions, or a mask (N,).

        Raises:
            ValueError: another kind of index, or a mask of another length.
            IndexError: a position beyond the last camera.
        """
        positions = _positions(index, len(self))
        kwargs: dict[str, Any] = {}
        for field in self._FIELDS:
            value = getattr(self, field, None)
            if torch.is_tensor(value):
                kwargs[field.removeprefix("_")] = value[positions]
            elif isinstance(value, str | bool):
                kwargs[field.removeprefix("_")] = value
            elif value is not None:
                raise ValueError(f"Field {field} type is not supported for indexing")
        return type(self)(**kwargs, device=self.device)


def _positions(index: Any, count: int) -> Sequence[int] | Tensor:
    """A valid index into the batch that leaves the batch dimension."""
    if isinstance(index, int) and not isinstance(index, bool):
        index = [index]
    is_mask = torch.is_tensor(index) and index.dtype == torch.bool
    is_list = isinstance(index, list) and all(isinstance(i, int) and not isinstance(i, bool) for i in index)
    if not (is_mask or is_list or (torch.is_tensor(index) and index.dtype == torch.int64)):
        raise ValueError(
            f"Invalid index type, expected int, List[int] or Bool/LongTensor; got {type(index)!r}"
        )
    if is_mask:
        if index.shape != (count,):
            raise ValueError(f"Boolean index of shape {index.shape} does not match cameras")
    elif len(index) and max(index) >= count:
        raise IndexError(f"Index {max(index)} is out of bounds for select cameras")
    places: Sequence[int] | Tensor = index
    return places
