"""`Pointclouds`: a batch of point clouds of different sizes, with normals and features."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..batch import Index, chosen_places, require_copies, require_place
from .forms import FIELDS, CloudForms
from .normals import estimate_normals
from .parse import CloudSizes, parse_attribute, parse_points


class Pointclouds(CloudForms):
    """A batch of point clouds, to be had as lists, packed or padded tensors.

    Same interface as PyTorch3D's class of this name. Differs in that points are never written in place (the
    `_`-methods replace this object's tensors, not their contents), that packed and padded form share memory
    where all clouds have as many points, and that `subsample` draws from torch's random state.
    """

    _INDEX_TENSORS = (
        "valid",
        "_num_points_per_cloud",
        "_packed_to_cloud_idx",
        "_cloud_to_packed_first_idx",
        "_padded_to_packed_idx",
    )

    def __init__(
        self,
        points: list[Tensor] | Tensor,
        normals: list[Tensor] | Tensor | None = None,
        features: list[Tensor] | Tensor | None = None,
    ) -> None:
        """Check and keep points, normals and features; everything else is computed when asked for.

        Args:
            points: list of N tensors (P_n, 3), or a tensor (N, P, 3).
            normals: list of N tensors (P_n, 3), or a tensor (N, P, 3).
            features: list of N tensors (P_n, C), or a tensor (N, P, C).

        Raises:
            ValueError: shapes or devices that do not fit together.
        """
        sizes = parse_points(points)
        self._forget_forms()
        self.device = sizes.device
        self._set_counts(sizes.counts)
        if isinstance(points, list):
            self._set_field("points", listed=points)
        else:
            self._set_field("points", padded=points)
        if self._set_attribute("normals", normals) not in (None, 3):
            raise ValueError("Normals are expected to be 3-dimensional")
        self._C = self._set_attribute("features", features)

    def _set_counts(self, counts: list[int]) -> None:
        self._counts = counts
        self._N = len(counts)
        self._P = max(counts, default=0)
        self.equisized = len(set(counts)) == 1
        self.valid = torch.tensor([n > 0 for n in counts], dtype=torch.bool, device=self.device)
        self._num_points_per_cloud = torch.tensor(counts, dtype=torch.int64, device=self.device)

    def _set_attribute(self, field: str, values: list[Tensor] | Tensor | None) -> int | None:
        listed, padded, channels = parse_attribute(values, CloudSizes(self.device, self._counts))
        self._set_field(field, listed=listed, padded=padded)
        return channels

    def __getitem__(self, index: Index) -> "Pointclouds":
        chosen = chosen_places(index, self._N)
        return self._from_lists(lambda listed: [listed[i] for i in chosen])

    def _from_lists(self, change: Callable[[list[Tensor]], list[Tensor]]) -> "Pointclouds":
        """New batch of the lists of all fields after `change`."""
        lists = {field: self._list(field) for field in FIELDS}
        changed: dict[str, Any] = {
            field: None if old is None else change(old) for field, old in lists.items()
        }
        return self.__class__(**changed)

    def _map_tensors(self, change: Callable[[Tensor], Tensor]) -> "Pointclouds":
        """Shallow copy with `change` applied to every tensor in it."""
        other = copy.copy(self)
        for field in FIELDS:
            listed, packed, padded = self._field(field)
            other._set_field(
                field,
                listed=None if listed is None else [change(item) for item in listed],
                packed=None if packed is None else change(packed),
                padded=None if padded is None else change(padded),
            )
        for name in self._INDEX_TENSORS:
            value = getattr(self, name)
            setattr(other, name, None if value is None else change(value))
        return other

    def clone(self) -> "Pointclouds":
        """Copy in memory of its own."""
        return self._map_tensors(torch.clone)

    def detach(self) -> "Pointclouds":
        """The same tensors cut off from the autograd graph."""
        return self._map_tensors(torch.detach)

    def _moved(self, device: torch.device) -> "Pointclouds":
        other = self._map_tensors(lambda tensor: tensor.to(device))
        other.device = device
        return other

    def get_cloud(self, index: int) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Copies of the points (P_n, 3), normals (P_n, 3) and features (P_n, C) of one cloud.

        Raises:
            ValueError: `index` is no int or out of [0, N).
        """
        require_place(index, self._N, "Cloud", "clouds")
        normals, features = (self._list(field) for field in ("normals", "features"))
        return (
            self.points_list()[index].clone(),
            None if normals is None else normals[index].clone(),
            None if features is None else features[index].clone(),
        )

    def offset_(self, offsets_packed: Tensor) -> "Pointclouds":
        """Add offsets (3,) or (sum P_n, 3) to the points of this object.

        Raises:
            ValueError: any other shape.
        """
        points = self.points_packed()
        if offsets_packed.shape not in ((3,), points.shape):
            raise ValueError("Offsets must have dimension (all_p, 3).")
        if not self._is_empty():
            self._set_field("points", packed=points + offsets_packed)
        return self

    def offset(self, offsets_packed: Tensor) -> "Pointclouds":
        """Like `offset_` on a new object."""
        return copy.copy(self).offset_(offsets_packed)

    def scale_(self, scale: float | Tensor) -> "Pointclouds":
        """Multiply the points of this object by one number, or by one number a cloud (N,)."""
        if torch.is_tensor(scale):
            scale = scale[self.packed_to_cloud_idx()][:, None]
        if not self._is_empty():
            self._set_field("points", packed=self.points_packed() * scale)
        return self

    def scale(self, scale: float | Tensor) -> "Pointclouds":
        """Like `scale_` on a new object."""
        return copy.copy(self).scale_(scale)

    def subsample(self, max_points: int | Sequence[int]) -> "Pointclouds":
        """Keep at most `max_points` random points of every cloud.

        Args:
            max_points: one number, or one a cloud.

        Returns:
            new batch, or this object when nothing is to be dropped.

        Raises:
            ValueError: as many numbers as clouds are needed.
        """
        limits = [max_points] * self._N if isinstance(max_points, int) else [int(n) for n in max_points]
        if len(limits) != self._N:
            raise ValueError("wrong number of max_points supplied")
        if all(n <= limit for n, limit in zip(self._counts, limits, strict=True)):
            return self
        kept = [
            torch.randperm(n, device=self.device)[:limit] if n > limit else slice(None)
            for n, limit in zip(self._counts, limits, strict=True)
        ]
        return self._from_lists(lambda listed: [item[rows] for item, rows in zip(listed, kept, strict=True)])

    def get_bounding_boxes(self) -> Float[Tensor, "cloud 3 2"]:
        """Smallest and largest coordinate of every cloud along each axis (N, 3, 2)."""
        boxes = [torch.stack([points.amin(0), points.amax(0)], dim=1) for points in self.points_list()]
        return torch.stack(boxes, dim=0)

    def estimate_normals(
        self,
        neighborhood_size: int = 50,
        disambiguate_directions: bool = True,
        assign_to_self: bool = False,
    ) -> Tensor:
        """Normals of all points from the spread of their neighbours; see `estimate_normals` in `normals.py`.

        Args:
            neighborhood_size: neighbours (the point itself included) that a normal is computed from.
            disambiguate_directions: let a normal point to the side on which most neighbours lie.
            assign_to_self: keep the result as the normals of this object.

        Returns:
            unit normals (N, max P_n, 3), filled up with 0.

        Raises:
            ValueError: a cloud has no more points than `neighborhood_size`.
        """
        normals = estimate_normals(
            self.points_padded(), self._counts, neighborhood_size, disambiguate_directions
        )
        if assign_to_self:
            self._set_attribute("normals", normals)
        return normals

    def extend(self, N: int) -> "Pointclouds":
        """New batch in which every cloud comes `N` times in a row, in memory of its own.

        Raises:
            ValueError: `N` is no positive int.
        """
        require_copies(N)
        return self._from_lists(lambda listed: [item.clone() for item in listed for _ in range(N)])

    def update_padded(
        self,
        new_points_padded: Tensor,
        new_normals_padded: Tensor | None = None,
        new_features_padded: Tensor | None = None,
    ) -> "Pointclouds":
        """New batch of clouds of the same sizes with other values.

        Args:
            new_points_padded: (N, max P_n, 3).
            new_normals_padded: (N, max P_n, 3); by default the normals stay.
            new_features_padded: (N, max P_n, C); by default the features stay.

        Raises:
            ValueError: another shape.
        """
        self._compute_padded()
        other = copy.copy(self)
        given = zip(FIELDS, (new_points_padded, new_normals_padded, new_features_padded), strict=True)
        for field, padded in given:
            if padded is not None:
                self._check_padded(padded, self._C if field == "features" else 3)
                other._set_field(field, padded=padded)
        if new_features_padded is not None:
            other._C = new_features_padded.shape[2]
        return other

    def _check_padded(self, values: Tensor, channels: int | None) -> None:
        if values.shape[0] != self._N:
            raise ValueError("new values must have the same batch dimension.")
        if values.shape[1] != self._P:
            raise ValueError("new values must have the same number of points.")
        if channels not in (None, values.shape[2]):
            raise ValueError("new values must have the same number of channels.")

    def inside_box(self, box: Tensor) -> Tensor:
        """Whether each packed point lies in an axis-aligned box, its faces included.

        Args:
            box: (2, 3) or (1, 2, 3) for all clouds, or (N, 2, 3); first row smallest, second largest
                coordinates.

        Returns:
            bool (sum P_n,).

        Raises:
            ValueError: another shape, or a smallest coordinate above the largest.
        """
        if box.dim() not in (2, 3) or box.shape[-2:] != (2, 3):
            raise ValueError("Input box must be of shape (2, 3) or (N, 2, 3).")
        if box.dim() == 3 and box.shape[0] not in (1, self._N):
            raise ValueError("Input box dimension is incompatible with pointcloud size.")
        box = box.reshape(-1, 2, 3)
        if bool((box[:, 0] > box[:, 1]).any()):
            raise ValueError("Input box is invalid: min values larger than max values.")
        if len(box) > 1:
            box = box[self.packed_to_cloud_idx()]
        points = self.points_packed()
        return ((points >= box[:, 0]) & (points <= box[:, 1])).all(dim=-1)
