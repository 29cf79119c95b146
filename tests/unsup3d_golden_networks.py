"""Our values of what the official networks left, with the formula's weights: each by itself, and in training."""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from maquette.systems.unsup3d.config import FormationConfig, NetworkConfig
from maquette.systems.unsup3d.features import PerceptualFeatures
from maquette.systems.unsup3d.formation import canonical, picture, reconstruct
from maquette.systems.unsup3d.loss import perceptual_loss, unsup3d_loss
from maquette.systems.unsup3d.network import Raw, Unsup3DNetwork
from maquette.systems.unsup3d.recipes import original
from maquette.training.optimiser import make_optimiser
from unsup3d_golden import WHOLE, Golden, fill, offset_and_scale
from unsup3d_golden_values import SHARP, Found, canonical_values, gradients, loss_values_of, picture_values

PARTS = {"D": "depth", "A": "albedo", "L": "light", "V": "view", "C": "confidence"}
FORMATION = FormationConfig(sampling="original")
LAST = {
    "D": "network.42.weight", "A": "network.42.weight", "L": "network.10.weight", "V": "network.10.weight",
    "C": "out_net2.0.weight",
}  # fmt: skip
TERMS = ("loss", "pixels", "pixels_flip", "features", "features_flip")


def parts_of(network: Unsup3DNetwork) -> dict[str, nn.Module]:
    """The five networks by their official letters."""
    return {letter: getattr(network, name) for letter, name in PARTS.items()}


def filled(seeds: list[int]) -> Unsup3DNetwork:
    """The published size, with the formula's weights, in float64."""
    network = Unsup3DNetwork(NetworkConfig("original", formation=FORMATION))
    for part, seed in zip(parts_of(network).values(), seeds, strict=True):
        fill(part, seed)
    return network.double()


def vgg(seed: int) -> PerceptualFeatures:
    """VGG16 up to relu3_3, with the formula's weights, in float64."""
    network = PerceptualFeatures("vgg16", "none")
    fill(network, seed)
    return network.double()


def network_values(golden: Golden, letter: str) -> Found:
    """Of one network: its weights, statistics of layers, results and gradients."""
    name = f"net{letter}"
    seeds = [0] * len(PARTS)
    seeds[list(PARTS).index(letter)] = int(golden[f"{name}_fill_seed"])
    whole = Unsup3DNetwork(NetworkConfig("original"))
    part = parts_of(whole)[letter]
    found: dict[str, Tensor] = {"param_offset_scale_f64": offsets(part)}
    fill(part, seeds[list(PARTS).index(letter)])
    part.double()
    parameters = list(part.parameters())
    found |= {
        "param_count": torch.tensor(sum(p.numel() for p in parameters)),
        "param_sum": torch.stack([p.sum() for p in parameters]),
        "param_first4": torch.stack([p.flatten()[:4] for p in parameters]),
    }
    images = golden["image01"].requires_grad_()
    results, told = run(part, 2 * images - 1, letter)
    found |= {"layer_mean_std": torch.stack(told), **results}
    scalar = sum(
        (result * golden[f"{name}_{key.replace('out', 'cotangent')}"]).sum()
        / (result.numel() if result.ndim == 4 else 1)
        for key, result in results.items()
    )
    assert isinstance(scalar, Tensor)
    slopes = gradients(scalar, torch.ones(()), {"image01": images, "first_conv": parameters[0]})
    norms = torch.autograd.grad(scalar, parameters)
    found |= {
        "scalar": scalar,
        "grad_last_conv": norms[-1],
        "grad_norms": torch.stack([g.norm() for g in norms]),
    }
    found |= {f"grad_{of}": slope for of, slope in slopes.items()}
    return {f"{name}_{key}": (value, allowed(key)) for key, value in found.items()}


def allowed(key: str) -> float:
    """Of arrays that were computed in float32."""
    return 1e-3 if "grad" in key else 1e-4


def offsets(part: nn.Module) -> Tensor:
    """Offset and scale of the formula, for each of the parameters."""
    return torch.tensor([offset_and_scale(p) for p in part.parameters()], dtype=torch.float64)


def run(part: nn.Module, x: Tensor, letter: str) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Results of a network by their official names, and mean and standard deviation behind every layer."""
    if letter == "C":
        seen, told = follow(part.trunk, x)
        pixels, of_pixels = follow(part.pixels, seen)
        features, of_features = follow(nn.Sequential(part.features), seen)
        results = {"sigma_photo_out": softplus(pixels), "sigma_perc_out": softplus(features)}
        last = [statistics(result) for result in results.values()]
        return results, [*told, *of_pixels, last[0], *of_features, last[1]]
    y, told = follow(part, x)
    y = y if letter == "D" else y.flatten(1).tanh() if y.shape[-1] == 1 else y.tanh()
    return {"out": y}, told if letter == "D" else [*told, statistics(y)]


def follow(layers: nn.Sequential, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """What a chain gives, and mean and standard deviation behind every layer."""
    told = []
    for layer in layers:
        x = layer(x)
        told.append(statistics(x))
    return x, told


def statistics(x: Tensor) -> Tensor:
    """Mean and standard deviation."""
    return torch.stack([x.detach().mean(), x.detach().std(correction=0)])


def vgg_values(golden: Golden) -> Found:
    """Of the features of VGG16."""
    network = vgg(int(golden["vgg_fill_seed"]))
    image = golden["vgg_image_a"].requires_grad_()
    backbone = network.backbone
    (features,) = network((image + 1) / 2)
    found = {
        "vgg_normalized_a": ((image + 1) / 2 - backbone.mean) / backbone.std,
        "vgg_relu3_3_shape": torch.tensor(features.shape),
        "vgg_relu3_3_a_first16ch": features[:, :16],
        "vgg_relu3_3_a_channel_mean": features.mean((2, 3)),
    }
    if "vgg_image_b" in golden:
        loss = perceptual_loss(features, *network((golden["vgg_image_b"] + 1) / 2))
        found["vgg_loss_plain"] = loss
        found["vgg_grad_a"] = torch.autograd.grad(loss, image)[0]
    return {name: (value, allowed(name)) for name, value in found.items()}


def training_values(golden: Golden, mode: str) -> Found:
    """Of the real networks in three steps of training, with given depth ("given") or our own ("nmr")."""
    network = filled(golden["fill_seeds_DALVC"].tolist())
    with torch.no_grad():
        network.depth[-1].weight *= float(golden["netD_last_conv_scale"])
    features = vgg(int(golden["vgg_fill_seed"]))
    optimiser = make_optimiser(network, original().training)
    images = golden["image01"]
    out: Found = {}
    history = []
    steps = 3 if mode == "given" or WHOLE else 1
    for step in range(steps):
        raw = network(images)
        found = canonical(raw, FORMATION)
        made = (
            picture(found, golden["given_recon_depth"], FORMATION)
            if mode == "given"
            else reconstruct(found, FORMATION)
        )
        config = original().loss
        loss, terms = unsup3d_loss(images, raw, found, made, config, FORMATION.depth, features)
        optimiser.zero_grad()
        loss.backward()
        history.append(torch.stack([loss, *(terms[name] for name in TERMS[1:])]).detach())
        if step == 0:
            out |= first_values(network, mode)
            own = picture_values(made) | loss_values_of(loss, terms)
            out |= {name: (value, SHARP if mode == "given" else 1e-4) for name, value in own.items()}
            if mode == "given":
                out |= canonical_values(found, FORMATION) | raw_values(raw)
        optimiser.step()
    if (
        mode == "given"
    ):  # stored as "after_adam1", but of weights that have moved by up to three times the rate
        for letter, part in parts_of(network).items():
            out[f"net{letter}_after_adam1_{LAST[letter]}"] = (list(part.parameters())[-1], 2e-3)
    if steps == 3:
        out["losses_of_3_adam_steps"] = (torch.stack(history), 1e-4 if mode == "given" else 2e-2)
    return {f"{mode}_{name}": pair for name, pair in out.items()}


def first_values(network: Unsup3DNetwork, mode: str) -> Found:
    """Gradients of all five networks."""
    out = {}
    for letter, part in parts_of(network).items():
        slopes = [p.grad for p in part.parameters() if p.grad is not None]
        out[f"net{letter}_grad_norms"] = torch.stack([slope.norm() for slope in slopes])
        out[f"net{letter}_grad_network.0.weight"] = slopes[0].clone()
        out[f"net{letter}_grad_{LAST[letter]}"] = slopes[-1].clone()
    return {name: (value, SHARP if mode == "given" else 1e-3) for name, value in out.items()}


def raw_values(raw: Raw) -> Found:
    """What the networks say, by their official names."""
    assert raw.sigma_pixels is not None
    assert raw.sigma_features is not None
    found = {
        "canon_depth_raw": raw.depth[:, 0],
        "conf_sigma_l1": raw.sigma_pixels[:, :1],
        "conf_sigma_l1_flip": raw.sigma_pixels[:, 1:],
        "conf_sigma_percl": raw.sigma_features[:, :1],
        "conf_sigma_percl_flip": raw.sigma_features[:, 1:],
    }
    return {name: (value, SHARP) for name, value in found.items()}
