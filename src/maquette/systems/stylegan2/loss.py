"""What generator and discriminator make small, and the averaging of weights."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu, softplus

from .mapping import Mapping


def generator_loss(fake: Float[Tensor, "batch place"]) -> Float[Tensor, "batch place"]:
    """Non-saturating logistic loss -log sigmoid(D(G(z))) (Goodfellow et al., NeurIPS 2014), of each picture."""
    return softplus(-fake)


def discriminator_loss(
    fake: Float[Tensor, "batch place"], real: Float[Tensor, "batch place"]
) -> Float[Tensor, "batch place"]:
    """-log(1 - sigmoid(D(G(z)))) - log sigmoid(D(x)), of each pair of pictures."""
    return softplus(fake) + softplus(-real)


def hinge_generator_loss(fake: Float[Tensor, "batch place"]) -> Float[Tensor, "batch place"]:
    """-D(G(z)), of each place (Sauer et al., NeurIPS 2021, and Lim and Ye, "Geometric GAN", 2017)."""
    return -fake


def hinge_discriminator_loss(
    fake: Float[Tensor, "batch place"], real: Float[Tensor, "batch place"]
) -> Float[Tensor, "batch place"]:
    """max(0, 1 + D(G(z))) + max(0, 1 - D(x)), of each pair of places."""
    return relu(1 + fake) + relu(1 - real)


def gradient_penalty(
    images: Float[Tensor, "batch channel height width"], logits: Float[Tensor, "batch place"]
) -> Float[Tensor, " batch"]:
    """R1: the squared norm of the discriminator's gradient at real pictures (Mescheder et al., ICML 2018).

    Args:
        images: that `logits` were computed from.
        logits: of real pictures.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3))


def path_lengths(
    images: Float[Tensor, "batch channel height width"],
    styles: Float[Tensor, "batch style w_dim"],
    noise: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, " batch"]:
    """How far pictures move in a random direction when styles do (Karras et al., CVPR 2020, section 3.2).

    The square root of the mean over layers of |d (images . noise) / d style|^2.

    Args:
        images: made of `styles`.
        styles: that require gradients.
        noise: of deviation 1 / sqrt(height width).
    """
    (gradient,) = torch.autograd.grad((images * noise).sum(), styles, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def path_penalty(
    lengths: Float[Tensor, " batch"], mean: Float[Tensor, ""], decay: float = 0.01
) -> tuple[Float[Tensor, " batch"], Float[Tensor, ""]]:
    """Squared distance of path lengths from their running mean, and that mean with this batch in it.

    Args:
        lengths: of `path_lengths`.
        mean: before this batch.
        decay: share of this batch in the new mean, through which gradients go too.
    """
    new = mean.lerp(lengths.mean(), decay)
    return (lengths - new).square(), new.detach()


def mixed_styles(
    mapping: Mapping, z: Float[Tensor, "batch z_dim"], styles: int, probability: float
) -> tuple[Float[Tensor, "batch style w_dim"], Float[Tensor, "batch w_dim"]]:
    """Styles for training: with a probability those of other random numbers from some layer on.

    One cut for the batch, uniform from 1 to styles - 1 (Karras et al., CVPR 2019, section 3.1).

    Args:
        mapping: the mapping network.
        z: random numbers.
        styles: of a picture.
        probability: of mixing.

    Returns:
        styles of each layer, and w of `z`, which alone counts for the mean of w.
    """
    w = mapping(z)
    whole: Sequence[Tensor] = [w] * styles
    if probability > 0 and float(torch.rand(())) < probability:
        cut = int(torch.randint(1, styles, ()))
        whole = [w] * cut + [mapping(torch.randn_like(z))] * (styles - cut)
    return torch.stack(list(whole), 1), w.detach()


def average_decay(done: int, batch: int, decay: float, ramp: float) -> float:
    """Decay of the moving average of weights at a step.

    Args:
        done: pictures before it.
        batch: pictures of it.
        decay: at most.
        ramp: while the half-life is to be at most this share of `done`; 0 for no such limit.
    """
    if not ramp:
        return decay
    return min(decay, float(0.5 ** (batch / max(done * ramp, 1e-8))))
