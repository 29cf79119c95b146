"""What all textures share: batches kept as lists or padded tensors, copies, selection, extension."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .batch import require_copies
from .device import Device, make_device
from .fragments import Fragments
from .utils import present

Batch = Tensor | list[Tensor] | tuple[Tensor, ...]
Given = Tensor | list[Any] | tuple[Any, ...]  # what constructors check to be a `Batch`
Parts = Sequence[Sequence[Tensor]] | None
Same = TypeVar("Same", bound="TexturesBase")


def pad_list(tensors: Sequence[Tensor], pad_value: float = 0.0) -> Tensor:
    """Stack tensors of shape (M_i, ...) into one of shape (N, max M_i, ...), filled up with `pad_value`."""
    if len({len(t) for t in tensors}) == 1:
        return torch.stack(list(tensors))
    return pad_sequence(list(tensors), batch_first=True, padding_value=pad_value)


class TexturesBase:
    """A batch of N textures, one a mesh.

    A subclass names its batches in `_batches`; each is kept as the attribute `_<name>_list` (N tensors),
    `_<name>_padded` (one tensor), or both, and one form is computed from the other when asked for. `Meshes`
    tells its textures how many vertices and faces each mesh has (`_num_verts_per_mesh`,
    `_num_faces_per_mesh`) and which meshes have faces (`valid`).

    A subclass implements `sample_textures`, `faces_verts_textures_packed`, `submeshes`, `join_batch`,
    `join_scene` and `check_shapes`; `to`, `clone`, `detach`, `extend` and indexing work for all.
    """

    _batches: tuple[str, ...] = ()
    _N: int
    valid: Tensor
    device: torch.device
    _num_verts_per_mesh: list[int] | None = None
    _num_faces_per_mesh: list[int] | None = None

    def __len__(self) -> int:
        return self._N

    def isempty(self) -> bool:
        """Whether there is no texture, or none whose mesh has faces."""
        return self._N == 0 or not bool(self.valid.any())

    def to(self: Same, device: Device) -> Same:
        """Move every tensor to `device`, in place."""
        self.device = make_device(device)
        vars(self).update(self._mapped(lambda tensor: tensor.to(self.device)))
        return self

    def clone(self: Same) -> Same:
        """A copy that shares no memory with this one."""
        return self._copy_with(self._mapped(torch.clone))

    def detach(self: Same) -> Same:
        """The same textures, cut from the graph."""
        return self._copy_with(self._mapped(torch.detach))

    def extend(self: Same, N: int) -> Same:
        """Repeat each texture N times: (a, b) extended twice is (a, a, b, b).

        Raises:
            ValueError: N is not a positive integer.
        """
        require_copies(N)
        return self._select([i for i in range(self._N) for _ in range(N)])

    def __getitem__(self: Same, index: int | slice | list[int] | Tensor) -> Same:
        """The textures at `index`, always as a batch: an integer gives a batch of one."""
        return self._select(_positions(index, self._N))

    def sample_textures(self, fragments: Fragments, faces_packed: Tensor | None = None) -> Tensor:
        """Texture value of every entry of the fragments, (N, H, W, K, C)."""
        raise NotImplementedError(f"{type(self).__name__} does not sample textures")

    def faces_verts_textures_packed(self, faces_packed: Tensor | None = None) -> Tensor:
        """Texture value at the three corners of every face, (sum F_i, 3, C)."""
        raise NotImplementedError(f"{type(self).__name__} has no values at corners")

    def submeshes(self, vertex_ids_list: Parts, faces_ids_list: Parts) -> "TexturesBase":
        """Textures of parts of the meshes; element [i][j] lists what part j of mesh i keeps."""
        raise NotImplementedError(f"{type(self).__name__} does not support submeshes")

    def join_batch(self, textures: Sequence["TexturesBase"]) -> "TexturesBase":
        """One batch of these textures followed by those of each element of `textures`."""
        raise NotImplementedError(f"{type(self).__name__} does not support join_batch")

    def join_scene(self) -> "TexturesBase":
        """One texture for the scene that all meshes make together."""
        raise NotImplementedError(f"{type(self).__name__} does not support join_scene")

    def check_shapes(self, batch_size: int, max_num_verts: int, max_num_faces: int) -> bool:
        """Whether the textures fit a padded batch of meshes of this size."""
        raise NotImplementedError(f"{type(self).__name__} does not support check_shapes")

    def _copy_with(self: Same, changes: dict[str, Any]) -> Same:
        other = copy.copy(self)
        vars(other).update(changes)
        return other

    def _mapped(self, function: Callable[[Tensor], Tensor]) -> dict[str, Any]:
        """All attributes, tensors replaced by `function` of them; what was one tensor stays one tensor."""
        done: dict[int, Tensor] = {}

        def once(tensor: Tensor) -> Tensor:
            if id(tensor) not in done:
                done[id(tensor)] = function(tensor)
            return done[id(tensor)]

        def visit(value: Any) -> Any:
            if isinstance(value, Tensor):
                return once(value)
            if isinstance(value, list | tuple):
                return [visit(item) for item in value]
            return value

        return {name: visit(value) for name, value in vars(self).items()}

    def _select(self: Same, positions: list[int]) -> Same:
        """The textures at `positions`, which may repeat."""
        changes: dict[str, Any] = {"_N": len(positions), "valid": self.valid[positions]}
        for name in self._batches:
            items = getattr(self, f"{name}_list")()
            changes[f"_{name}_list"] = None if items is None else [items[i] for i in positions]
            changes[f"_{name}_padded"] = None
        for name in ("_num_verts_per_mesh", "_num_faces_per_mesh"):
            counts = getattr(self, name)
            changes[name] = None if counts is None else [counts[i] for i in positions]
        return self._copy_with(changes)

    def _set_batch(self, name: str, batch: Given | None) -> None:
        """Store a batch under its name, in the form it came in."""
        as_list = list(batch) if isinstance(batch, list | tuple) else None
        setattr(self, f"_{name}_list", as_list)
        setattr(self, f"_{name}_padded", batch if as_list is None else None)

    def _padded(self, name: str, empty: tuple[int, ...]) -> Tensor:
        """A batch as one tensor; of shape (0, *empty) when there is none."""
        items, padded = self._forms(name)
        if padded is None:
            padded = pad_list(items) if items else torch.zeros((0, *empty), device=self.device)
            setattr(self, f"_{name}_padded", padded)
        return padded

    def _listed(self, name: str, sizes: list[int] | None = None) -> list[Tensor]:
        """A batch as a list, each item cut to its size; sizes None keeps the padding."""
        items, padded = self._forms(name)
        if items is not None and (padded is None or sizes is None or [len(item) for item in items] == sizes):
            return items
        items = list(present(padded).unbind(0))
        if sizes is not None:
            items = [item[:size] for item, size in zip(items, sizes, strict=True)]
        setattr(self, f"_{name}_list", items)
        return items

    def _extent(self, name: str) -> tuple[int, int]:
        """(N, longest item) of a batch, found without padding it."""
        items, padded = self._forms(name)
        if padded is not None:
            return padded.shape[0], padded.shape[1]
        return len(present(items)), max((len(item) for item in present(items)), default=0)

    def _forms(self, name: str) -> tuple[list[Tensor] | None, Tensor | None]:
        """A batch as a list and padded, where there are these forms of it."""
        return getattr(self, f"_{name}_list"), getattr(self, f"_{name}_padded")


def _positions(index: int | slice | list[int] | Tensor, count: int) -> list[int]:
    """Any index of a batch as a list of positions."""
    if isinstance(index, int):
        return [range(count)[index]]
    if isinstance(index, slice):
        return list(range(count)[index])
    index = torch.as_tensor(index)
    if index.dtype == torch.bool:
        index = index.nonzero().flatten()
    return [int(i) for i in index.flatten()]


def require_batch(batch: Any, name: str, ndim: int, shape: str, last: int | None = None) -> None:
    """Check that `batch` is a tensor of `ndim` dimensions, the first of them the batch, or a list of items.

    Args:
        batch: what to check.
        name: how the message calls it.
        ndim: its number of dimensions, with the batch.
        shape: how the message calls an item's shape.
        last: size of the last dimension; None allows any.

    Raises:
        ValueError: it is neither, or has another shape.
    """

    def fits(tensor: Tensor, dimensions: int) -> bool:
        return tensor.ndim == dimensions and last in (None, tensor.shape[-1])

    if isinstance(batch, Tensor):
        if not fits(batch, ndim):
            raise ValueError(f"Expected {name} to be of shape (N, {shape}); got {tuple(batch.shape)}")
    elif isinstance(batch, list | tuple):
        if not all(isinstance(item, Tensor) and fits(item, ndim - 1) for item in batch):
            raise ValueError(f"Expected {name} to be a list of tensors of shape ({shape})")
    else:
        raise ValueError(f"Expected {name} to be a tensor or a list of tensors; got {type(batch).__name__}")
