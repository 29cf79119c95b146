"""What a person asks of projection: a picture in; w, pictures, numbers out, and w in a file."""

import time
from collections.abc import Mapping
from os import PathLike

import torch
from jaxtyping import Float
from torch import Tensor

from ...io.errors import BadInput
from ...metrics.picture_features import feature_network
from ...training.weights import load_weights, save_weights
from ..project_options import ProjectOptions
from ..projected import Projected
from .encoder import load_encoder
from .network import Generator
from .projection import (
    TAPS,
    Draw,
    Projection,
    Watch,
    framed,
    made_of,
    project,
    style_statistics,
)
from .sheet import tiled
from .synthesis import Noise

KIND = "stylegan2_latents"
_W, _NOISE = "w", "noise.{}"


def projected(
    generator: Generator,
    draw: Draw,
    picture: Float[Tensor, "3 height width"],
    how: ProjectOptions,
    watch: Watch | None = None,
) -> Projected:
    """The generator's picture that is nearest to a given one, by an encoder's guess, optimisation, or both.

    Args:
        generator: in its mode of evaluation.
        draw: gives its w.
        picture: RGB in [0, 1], of any size.
        how: it is looked for.
        watch: told steps done, and the distance.

    Raises:
        BadInput: weights of the backbone that cannot be had, or an encoder of another generator.
    """
    device = generator.mapping.w_avg.device
    features = feature_network(how.backbone, TAPS)
    network = features.network.to(device).requires_grad_(False)
    target = framed(picture, generator.config.size).to(device)
    encoder = None if how.encoder is None else load_encoder(how.encoder, generator)
    frozen = [parameter for parameter in generator.parameters() if parameter.requires_grad]
    began = time.perf_counter()
    for parameter in frozen:
        parameter.requires_grad_(False)
    try:
        with torch.no_grad():
            start = None if encoder is None else encoder(target)
        styles = style_statistics(draw)
        found = project(generator, target, network, styles, how.count, how.seed, start, watch)
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)
    numbers = {
        "distance": found.distance,
        "pixels": float((found.image.clamp(0, 1) - target).square().mean().sqrt()),
        "features": features.words,
        "steps": how.count,
        "encoder": None if how.encoder is None else str(how.encoder),
        "seconds": time.perf_counter() - began,
    }
    row = torch.cat([target, *found.way, found.image]).cpu()
    latents = _named(found)
    return Projected(target[0].cpu(), row[-1].clamp(0, 1), tiled(row, len(row)), latents, numbers)


def _named(found: Projection) -> dict[str, Tensor]:
    noise = {_NOISE.format(i): level for i, level in enumerate(found.noise)}
    return {name: tensor.cpu() for name, tensor in ({_W: found.w} | noise).items()}


def save_latents(path: str | PathLike[str], latents: Mapping[str, Tensor], generator: Generator) -> None:
    """Write w and noise; raises BadInput where they cannot be written."""
    config = generator.config
    about = {"size": config.size, "styles": config.styles, "w_dim": config.w_dim}
    save_weights(path, latents, KIND, config.variant, about, "float32")


@torch.no_grad()
def picture_of_latents(path: str | PathLike[str], generator: Generator) -> Float[Tensor, "3 size size"]:
    """The picture of w, one or one a layer, and noise in a file, RGB in [0, 1]; without noise with the constant one.

    Raises:
        BadInput: no such file, broken, or of another generator's sizes.
    """
    found = load_weights(path, KIND)
    config, tensors = generator.config, dict(found.tensors)
    w = tensors.pop(_W, None)
    if w is None or w.ndim != 2 or len(w) not in (1, config.styles) or w.shape[1] != config.w_dim:
        has = "no w" if w is None else f"w of {' x '.join(map(str, w.shape))}"
        raise BadInput(found.path, f"has {has}; these weights need 1 or {config.styles} x {config.w_dim}")
    sizes = [size for size in config.resolutions for _ in range(1 if size == 4 else 2)]
    wanted = {_NOISE.format(i): (1, 1, size, size) for i, size in enumerate(sizes)}
    if tensors and {name: tuple(tensor.shape) for name, tensor in tensors.items()} != wanted:
        raise BadInput(found.path, f"has noise of another size; these weights make {config.size} pixels")
    device = generator.mapping.w_avg.device
    noise: Noise = [tensors[name].to(device) for name in wanted] if tensors else "const"
    return made_of(generator, w.to(device)[None], noise)[0].clamp(0, 1).cpu()
