"""Point clouds in NDC to the points that each pixel sees."""

from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.rasterize_points import rasterize_discs
from maquette.renderer.utils import parse_image_size
from maquette.structures.pointclouds import Pointclouds

_MOST_BINS = 22


def rasterize_points(
    pointclouds: Pointclouds,
    image_size: int | list[int] | tuple[int, int] = 256,
    radius: object = 0.01,
    points_per_pixel: int = 8,
    bin_size: int | None = None,
    max_points_per_bin: int | None = None,
) -> tuple[
    Int[Tensor, "cloud height width slot"],
    Float[Tensor, "cloud height width slot"],
    Float[Tensor, "cloud height width slot"],
]:
    """The nearest points of each pixel of one picture a cloud.

    Args:
        pointclouds: N clouds in NDC (x left, y up, the shorter side of the picture spans [-1, 1]), z the view depth.
        image_size: pixels of a square picture, or (height, width).
        radius: NDC radius of the disc around every point, a float; or one a point, a tensor (N, P) or a list.
        points_per_pixel: how many points a pixel keeps, nearest in depth first.
        bin_size, max_points_per_bin: accepted and checked as PyTorch3D does; without effect, since no point is ever
            dropped here.

    Returns:
        idx (int32, into the packed points), zbuf (view depth) and dists (squared NDC distance of the pixel's centre
        from the point); -1 where a pixel has fewer points. Points of negative depth are left out. Differentiable
        with respect to the points.

    Raises:
        ValueError: for an image size that is not one or two positive integers, a radius of another shape or type, or
            too small a `bin_size`.
    """
    height, width = parse_image_size(image_size)
    radii = _format_radius(radius, pointclouds)
    if bin_size and 1 + (max(height, width) - 1) // bin_size >= _MOST_BINS:
        raise ValueError(f"bin_size too small, number of points per bin must be less than {_MOST_BINS}")
    groups = (pointclouds.cloud_to_packed_first_idx(), pointclouds.num_points_per_cloud())
    return rasterize_discs(pointclouds.points_packed(), radii, *groups, (height, width), points_per_pixel)


def _format_radius(radius: object, pointclouds: Pointclouds) -> Float[Tensor, " point"]:
    """One radius a packed point."""
    points = pointclouds.points_packed()
    if isinstance(radius, float):
        return points.new_full((len(points),), radius)
    if isinstance(radius, (list, tuple)):
        radius = points.new_tensor(radius)
    if not isinstance(radius, Tensor):
        raise ValueError(f"radius must be a float, list, tuple or tensor; got {type(radius)}")
    padded = pointclouds.points_padded().shape[:2]
    if len(pointclouds) == 1 and radius.ndim == 1:
        radius = radius[None]
    if radius.shape != padded:
        raise ValueError(f"radius must be of shape (N, P): got {radius.shape!r}")
    packed: Tensor = radius.reshape(-1)[pointclouds.padded_to_packed_idx()]
    return packed
