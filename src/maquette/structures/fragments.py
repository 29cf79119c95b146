"""What a rasterizer hands to a shader: which faces each pixel sees, where, how deep and how near."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Fragments:
    """The K nearest faces of every pixel of N views of H×W pixels, nearest first.

    Entries that no face fills hold -1 in all four tensors.

    Attributes:
        pix_to_face: (N, H, W, K) integers, the face's index among the packed faces.
        zbuf: (N, H, W, K) depth of the face at the pixel, in view units.
        bary_coords: (N, H, W, K, 3) barycentric coordinates of the pixel in the face.
        dists: (N, H, W, K) squared NDC distance from the pixel to the face, negative inside it; None where
            a rasterizer computes no distances.
    """

    pix_to_face: Tensor
    zbuf: Tensor
    bary_coords: Tensor
    dists: Tensor | None

    def detach(self) -> "Fragments":
        """The same fragments, cut from the graph, so that no gradient reaches the rasterizer."""
        dists = None if self.dists is None else self.dists.detach()
        return Fragments(self.pix_to_face, self.zbuf.detach(), self.bary_coords.detach(), dists)
