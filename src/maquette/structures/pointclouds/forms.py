"""Storage of a batch of point clouds and its list, packed and padded forms."""

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from ..batch import PackedBatch
from ..utils import packed_indices, padded_positions, padded_to_list, present

FIELDS = ("points", "normals", "features")


class CloudForms(PackedBatch):
    """Points, normals and features of N clouds; every form is computed at its first request and kept."""

    valid: Tensor
    equisized: bool
    _P: int
    _C: int | None
    _counts: list[int]
    _num_points_per_cloud: Tensor

    def _forget_forms(self) -> None:
        """Start with no form of any field."""
        for field in FIELDS:
            self._set_field(field)
        self._packed_to_cloud_idx: Tensor | None = None
        self._cloud_to_packed_first_idx: Tensor | None = None
        self._padded_to_packed_idx: Tensor | None = None

    def _set_field(
        self,
        field: str,
        listed: list[Tensor] | None = None,
        packed: Tensor | None = None,
        padded: Tensor | None = None,
    ) -> None:
        """Give one field in some of its forms and forget the others."""
        setattr(self, f"_{field}_list", listed)
        setattr(self, f"_{field}_packed", packed)
        setattr(self, f"_{field}_padded", padded)

    def _field(self, field: str) -> tuple[list[Tensor] | None, Tensor | None, Tensor | None]:
        listed, packed, padded = (getattr(self, f"_{field}_{form}") for form in ("list", "packed", "padded"))
        return listed, packed, padded

    def isempty(self) -> bool | Tensor:
        """Whether no cloud of the batch has points: a tensor, or True where there is no cloud."""
        return self._N == 0 or ~self.valid.any()

    def _is_empty(self) -> bool:
        return not any(self._counts)

    def _list(self, field: str) -> list[Tensor] | None:
        listed, packed, padded = self._field(field)
        if listed is None and padded is not None:
            listed = padded_to_list(padded, self._counts)
        elif listed is None and packed is not None:
            listed = list(packed.split(self._counts))
        setattr(self, f"_{field}_list", listed)
        return listed

    def _packed(self, field: str) -> Tensor | None:
        listed, packed, padded = self._field(field)
        if packed is not None or self._is_empty():
            return packed
        if listed is not None:
            packed = torch.cat(listed, 0)
        elif padded is not None:
            rows = padded.reshape(-1, padded.shape[2])
            packed = rows if self.equisized else rows[self.padded_to_packed_idx()]
        setattr(self, f"_{field}_packed", packed)
        return packed

    def _padded(self, field: str) -> Tensor | None:
        padded = self._field(field)[2]
        packed = self._packed(field) if padded is None else None
        if packed is None:
            return padded
        if self.equisized:
            padded = packed.view(self._N, self._P, -1)
        else:
            flat = packed.new_zeros((self._N * self._P, packed.shape[1]))
            flat = flat.index_copy(0, self.padded_to_packed_idx(), packed)
            padded = flat.view(self._N, self._P, -1)
        setattr(self, f"_{field}_padded", padded)
        return padded

    def points_list(self) -> list[Tensor]:
        """Points as a list of N tensors (P_n, 3)."""
        return present(self._list("points"))

    def normals_list(self) -> list[Tensor] | None:
        """Normals as a list of N tensors (P_n, 3), or None."""
        return self._list("normals")

    def features_list(self) -> list[Tensor] | None:
        """Features as a list of N tensors (P_n, C), or None."""
        return self._list("features")

    def points_packed(self) -> Float[Tensor, "point 3"]:
        """Points of all clouds one after another (sum P_n, 3)."""
        packed = self._packed("points")
        return torch.zeros((0, 3), device=self.device) if packed is None else packed

    def normals_packed(self) -> Float[Tensor, "point 3"] | None:
        """Normals of all clouds one after another (sum P_n, 3); None without normals or points."""
        return self._packed("normals")

    def features_packed(self) -> Shaped[Tensor, "point channel"] | None:
        """Features of all clouds one after another (sum P_n, C); None without features or points."""
        return self._packed("features")

    def points_padded(self) -> Float[Tensor, "cloud point 3"]:
        """Points (N, max P_n, 3), filled up with 0."""
        padded = self._padded("points")
        return torch.zeros((self._N, 0, 3), device=self.device) if padded is None else padded

    def normals_padded(self) -> Float[Tensor, "cloud point 3"] | None:
        """Normals (N, max P_n, 3), filled up with 0; None without normals."""
        return self._padded("normals")

    def features_padded(self) -> Shaped[Tensor, "cloud point channel"] | None:
        """Features (N, max P_n, C), filled up with 0; None without features."""
        return self._padded("features")

    def num_points_per_cloud(self) -> Int[Tensor, " cloud"]:
        """Number of points of every cloud (N,)."""
        return self._num_points_per_cloud

    def _index_points(self) -> None:
        counts = [] if self._is_empty() else self._counts
        first, owner = packed_indices(counts, self.device)
        self._cloud_to_packed_first_idx, self._packed_to_cloud_idx = first, owner

    def packed_to_cloud_idx(self) -> Int[Tensor, " point"]:
        """Cloud of every packed point (sum P_n,)."""
        if self._packed_to_cloud_idx is None:
            self._index_points()
        return present(self._packed_to_cloud_idx)

    def cloud_to_packed_first_idx(self) -> Int[Tensor, " cloud"]:
        """Index of the first packed point of every cloud (N,)."""
        if self._cloud_to_packed_first_idx is None:
            self._index_points()
        return present(self._cloud_to_packed_first_idx)

    def padded_to_packed_idx(self) -> Int[Tensor, " point"]:
        """Row of the flattened padded points that every packed point is (sum P_n,)."""
        if self._padded_to_packed_idx is None:
            self._padded_to_packed_idx = padded_positions(self._counts, self._P, self.device)
        return self._padded_to_packed_idx

    def _compute_packed(self, refresh: bool = False) -> None:
        """Compute all that is packed; with `refresh` from the lists anew."""
        for field in FIELDS:
            if refresh:
                self._list(field)
                setattr(self, f"_{field}_packed", None)
            self._packed(field)
        self.packed_to_cloud_idx()

    def _compute_padded(self, refresh: bool = False) -> None:
        """Compute all that is padded; with `refresh` from the lists anew."""
        for field in FIELDS:
            if refresh:
                self._list(field)
                setattr(self, f"_{field}_padded", None)
            self._padded(field)
