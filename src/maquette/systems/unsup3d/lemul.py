"""LeMul: Unsup3D without symmetry, on pairs of pictures of one object (Ho et al., CVPR 2021).

Depth and colours that are found in one picture, under the light and from the view of the other, must give the other
one. Of single pictures a pair is the picture and its mirror image.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import grid_sample, pad

from .formation import Canonical, Reconstructed, canonical, reconstruct
from .loss import unsup3d_loss
from .training import Unsup3DTraining

_UNLIKE = 0.5  # sum of the squared differences of three colours from which on neighbours are not compared
_OF_COLOURS, _OF_DEPTHS = 0.05, 2.0  # variances
_NEIGHBOURS = [(row, column) for row in range(3) for column in range(3) if (row, column) != (1, 1)]


def albedo_loss(
    albedo: Float[Tensor, "picture 3 h w"],
    image: Float[Tensor, "picture 3 h w"],
    depth: Float[Tensor, "picture h w"],
    mask: Float[Tensor, "picture 1 h w"],
) -> Float[Tensor, ""]:
    """Mean over pixels of |sum over 8 neighbours of w dA|^2, dA the difference of the colours without light.

    w = exp(-dI^2 / .1) exp(-dD^2 / 4), with the differences dI of the picture's colours and dD of depths; 0 where
    dI^2 is .5 or more (Ho et al., CVPR 2021, and released code). Beyond the picture there is no neighbour.

    Args:
        albedo: colours without light in [-1, 1], as the camera sees them.
        image: the picture, in [-1, 1].
        depth: as the camera sees it.
        mask: 1 where pixels count; the mean is over all.
    """
    unlike = _differences(image).square().sum(2, keepdim=True)
    weights = (-unlike / (2 * _OF_COLOURS)).exp() * (unlike < _UNLIKE)
    weights = weights * (-_differences(depth[:, None]).square() / (2 * _OF_DEPTHS)).exp()
    steps = (weights * _differences(albedo)).sum(0)
    return (steps.square().sum(1, keepdim=True) * mask).mean()


def _differences(maps: Float[Tensor, "picture channel h w"]) -> Float[Tensor, "8 picture channel h w"]:
    """A pixel less each of its neighbours; 0 beyond the picture."""
    return (maps - _neighbours(maps)) * _neighbours(torch.ones_like(maps[:1, :1]))


def _neighbours(maps: Float[Tensor, "picture channel h w"]) -> Float[Tensor, "8 picture channel h w"]:
    """The neighbours of every pixel, one after another; 0 beyond the picture."""
    height, width = maps.shape[2:]
    around = pad(maps, (1, 1, 1, 1))
    return torch.stack(
        [around[:, :, row : row + height, column : column + width] for row, column in _NEIGHBOURS]
    )


class LeMulTraining(Unsup3DTraining):
    """LeMul on pairs of a picture and its mirror image: of both the reconstruction by itself and by the other one.

    The loss is the sum over the four of pixels + lp features + la `albedo_loss`. A pixel counts where both
    reconstructions of its picture see something.

    Args:
        config: of networks whose `second` is "pair".
    """

    def _make(
        self, network: nn.Module, images: Tensor, flip: float | None = None
    ) -> tuple[Tensor, Mapping[str, Tensor], Canonical, Reconstructed]:
        """Loss, terms, and what pictures were taken apart and put together to: the pictures, then mirror images."""
        both = torch.cat([images, images.flip(-1)])
        config, formation = self.config.loss, self.config.network.formation
        raw = network(both)
        found = canonical(raw, formation, crossed=True)
        made = reconstruct(found, formation)
        loss, terms = unsup3d_loss(both, raw, found, made, config, formation.depth, self.features, flip)
        albedo = grid_sample(found.albedo, made.places, padding_mode="border", align_corners=True)
        target = (2 * both - 1).to(albedo.dtype)
        uneven = albedo_loss(
            albedo, torch.cat([target, target]), made.depth, torch.cat([made.mask, made.mask])
        )
        return 2 * loss + 4 * config.albedo * uneven, {**terms, "albedo": uneven}, found, made
