"""Textures with one feature vector, such as a colour, at each vertex."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .fragments import Fragments
from .interpolation import interpolate_fragments
from .textures_base import Given, Parts, TexturesBase, require_batch
from .utils import present


class TexturesVertex(TexturesBase):
    """One feature vector a vertex, interpolated over each face.

    Args:
        verts_features: list of N tensors (V_i, C), or one padded tensor (N, V, C).

    Raises:
        ValueError: anything else.
    """

    _batches = ("verts_features",)

    def __init__(self, verts_features: Given) -> None:
        require_batch(verts_features, "verts_features", 3, "V, C")
        self._set_batch("verts_features", verts_features)
        self._N = len(verts_features)
        self.device = verts_features[0].device if self._N else torch.device("cpu")
        self._num_verts_per_mesh = [len(item) for item in verts_features]
        self.valid = torch.ones(self._N, dtype=torch.bool, device=self.device)

    def verts_features_padded(self) -> Tensor:
        """(N, max V_i, C), filled up with zeros."""
        return self._padded("verts_features", (0, 3))

    def verts_features_list(self) -> list[Tensor]:
        """N tensors (V_i, C)."""
        return self._listed("verts_features", self._num_verts_per_mesh)

    def verts_features_packed(self) -> Tensor:
        """(sum V_i, C)."""
        items = self.verts_features_list()
        return torch.cat(items) if items else torch.zeros((0, 3), device=self.device)

    def sample_textures(self, fragments: Fragments, faces_packed: Tensor | None = None) -> Tensor:
        """Interpolate the features of each face's corners at each entry of the fragments.

        Args:
            fragments: rasterizer output; `pix_to_face` and `bary_coords` are read.
            faces_packed: (sum F_i, 3) packed faces of the meshes; needed.

        Returns:
            (N, H, W, K, C); 0 where no face is.
        """
        return interpolate_fragments(fragments, self.verts_features_packed(), _needed(faces_packed))

    def faces_verts_textures_packed(self, faces_packed: Tensor | None = None) -> Tensor:
        """Features of the corners of each packed face, (sum F_i, 3, C); `faces_packed` is needed."""
        return self.verts_features_packed()[_needed(faces_packed)]

    def submeshes(self, vertex_ids_list: Parts, faces_ids_list: Parts) -> "TexturesVertex":
        """Textures of parts of the meshes.

        Args:
            vertex_ids_list: element [i][j] lists the vertices of mesh i that its part j keeps.
            faces_ids_list: not used.

        Raises:
            IndexError: not one element a mesh.
        """
        features, vertex_ids_list = self.verts_features_list(), present(vertex_ids_list)
        if len(vertex_ids_list) != len(features):
            raise IndexError("vertex_ids_list must have one element for each of verts_features_list.")
        return type(self)(
            [item[ids] for item, parts in zip(features, vertex_ids_list, strict=True) for ids in parts]
        )

    def join_batch(self, textures: Sequence[TexturesBase]) -> "TexturesVertex":
        """One batch of these textures followed by those of each element of `textures`.

        Raises:
            ValueError: an element is of another class.
        """
        others = [other for other in textures if isinstance(other, TexturesVertex)]
        if len(others) < len(textures):
            raise ValueError("All textures must be of type TexturesVertex.")
        return type(self)([item for batch in (self, *others) for item in batch.verts_features_list()])

    def join_scene(self) -> "TexturesVertex":
        """One texture for the scene that all meshes make together."""
        return type(self)([self.verts_features_packed()])

    def check_shapes(self, batch_size: int, max_num_verts: int, max_num_faces: int) -> bool:
        """Whether there is one feature for each vertex of a padded batch of meshes of this size."""
        return self._extent("verts_features") == (batch_size, max_num_verts)


def _needed(faces_packed: Tensor | None) -> Tensor:
    if faces_packed is None:
        raise ValueError("faces_packed is needed to know each face's vertices")
    return faces_packed
