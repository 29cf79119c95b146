"""Losses, averaging, adaptation, optimisers and published settings, beside the official ones."""

import json
import math
from collections.abc import Mapping

import numpy as np
import torch
from stylegan2.table import Table, fill, network_config, norms, tensor
from torch import Tensor

from maquette.systems.stylegan2.augment import adapted
from maquette.systems.stylegan2.loss import (
    average_decay,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    path_lengths,
    path_penalty,
)
from maquette.systems.stylegan2.network import Discriminator, Generator
from maquette.systems.stylegan2.recipes import original
from maquette.systems.stylegan2.training import lazy_adam

Named = Mapping[str, Tensor]


def losses(table: Table, of_generator: Table, of_discriminator: Table) -> None:
    """Losses and gradients of all phases, averaging of weights, strength of augmentation, optimisers."""
    arrays = table.arrays
    generator = Generator(network_config(of_generator.arrays))
    discriminator = Discriminator(network_config(of_discriminator.arrays))
    fill(generator, of_generator.arrays)
    fill(discriminator, of_discriminator.arrays)
    for name, parameter in generator.named_parameters():
        if name.endswith("affine.weight"):
            parameter.data *= 0.5
    z, real = tensor(arrays, "z"), tensor(arrays, "real")
    fake = discriminator(generator(z, noise="const"))
    own, theirs = dict(generator.named_parameters()), dict(discriminator.named_parameters())
    table.value("losses", "Gmain_report_Loss.scores.fake", fake)
    table.value("losses", "Gmain_report_Loss.G.loss", generator_loss(fake))
    _gradients(table, "Gmain", generator_loss(fake).mean(), own)
    _path(table, generator, z, own)
    fixed = generator(z, noise="const").detach()
    loss = discriminator_loss(discriminator(fixed), discriminator(real))
    table.value("losses", "Dmain_report_Loss.scores.real", discriminator(real))
    _gradients(table, "Dmain", loss.mean(), theirs)
    leaf = real.clone().requires_grad_()
    penalty = gradient_penalty(leaf, discriminator(leaf))
    table.value("losses", "Dreg_report_Loss.r1_penalty", penalty)
    table.value("losses", "Dreg_report_Loss.D.reg", penalty * float(arrays["r1_gamma"]) / 2)
    weighted = (penalty * float(arrays["r1_gamma"]) / 2).mean()
    _gradients(table, "Dreg", weighted * int(arrays["Dreg_gain"]), theirs, keep=True)
    _gradients(table, "Dboth", loss_of(discriminator, fixed, real).mean() + weighted, theirs)
    _averages(table)


def loss_of(discriminator: Discriminator, fake: Tensor, real: Tensor) -> Tensor:
    """The discriminator's loss of each pair of pictures."""
    return discriminator_loss(discriminator(fake), discriminator(real))


def _path(table: Table, generator: Generator, z: Tensor, own: Named) -> None:
    arrays, half = table.arrays, len(z) // int(table.arrays["pl_batch_shrink"])
    styles = generator.styles(z[:half])
    images = generator.synthesis(styles, "const")
    noise = tensor(arrays, "pl_noise_before_division_by_sqrt_hw") / math.sqrt(images[0, 0].numel())
    lengths = path_lengths(images, styles, noise)
    penalty, mean = path_penalty(lengths, tensor(arrays, "pl_mean_before"), float(arrays["pl_decay"]))
    table.value("losses", "pl_lengths", lengths)
    table.value("losses", "pl_mean_after", mean)
    table.value("losses", "Greg_report_Loss.pl_penalty", penalty)
    weighted = penalty * int(arrays["pl_weight"])
    table.value("losses", "Greg_report_Loss.G.reg", weighted)
    _gradients(table, "Greg", weighted.mean() * int(arrays["Greg_gain"]), own)


def _gradients(table: Table, phase: str, loss: Tensor, parameters: Named, keep: bool = False) -> None:
    found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True, retain_graph=keep)
    pairs = zip(parameters.items(), found, strict=True)
    gradients = {name: torch.zeros_like(p) if g is None else g for (name, p), g in pairs}
    norms(table, f"{phase}_grad", gradients)
    for name, gradient in gradients.items():
        if f"{phase}_grad_{name}" in table.arrays:
            table.gradient("gradients", f"{phase}_grad_{name}", gradient)


def _averages(table: Table) -> None:
    arrays = table.arrays
    for batch, kimg, ramp in ((32, 10, 0.05), (64, 20, 0.0), (16, 5, 0.05)):
        name = f"ema_bs{batch}_kimg{kimg}_ramp{ramp or None}_nimg_beta"
        most = 0.5 ** (batch / (1000 * kimg))
        rows = [[done, average_decay(int(done), batch, most, ramp)] for done, _ in arrays[name]]
        table.value("averaging", name, rows)
    _adaptation(table)
    rows = []
    for rate in (0.002, 0.0025):
        for every in (4, 4, 16, 16):
            (group,) = lazy_adam([torch.nn.Parameter(torch.zeros(1))], rate, every).param_groups
            rows.append([group["lr"], *group["betas"]])
    kept = arrays["lazy_lr_interval_optlr_beta1_beta2_f64"][:, 2:]
    table.arrays = {**arrays, "lazy": kept}
    table.value("optimisers", "lazy", rows)


def _adaptation(table: Table) -> None:
    arrays, told = table.arrays, json.loads(str(table.arrays["ada_settings"]))
    p, rows = 0.0, []
    for number, sign in enumerate(arrays["ada_mean_sign_per_batch"].tolist(), start=1):
        if number % told["ada_interval"] == 0:  # what stood for the collected mean was that of the batch
            pictures = told["batch_size"] * told["ada_interval"]
            p = adapted(p, sign, told["ada_target"], pictures, told["ada_kimg"])
        rows.append(p)
    table.value("augmentation's strength", "ada_p_after_batch", rows)


def settings(table: Table) -> None:
    """The published automatic settings of one GPU, at all resolutions that there are."""
    told = [json.loads(str(text)) for text in table.arrays["configs_json"]]
    auto = [one for one in told if one["cfg"] == "auto" and one["gpus"] == 1]
    rows, ours = [], []
    for one in auto:
        config = original(size=one["res"])
        kimg = config.training.batch / 1000 / -math.log2(config.training.ema)
        ours.append(
            [
                config.training.batch, config.network.group, config.network.width * 32768, config.network.mapping,
                config.training.lr, config.loss.gamma(one["res"], config.training.batch), kimg,
                config.loss.ramp, config.loss.path,
                config.loss.mixing, config.network.clamp,
            ]
        )  # fmt: skip
        keys = ("batch", "mbstd", "channel_base", "mapping_layers", "lr", "r1_gamma", "ema_kimg")
        keys += ("ema_rampup", "pl_weight", "style_mixing_prob", "conv_clamp")
        rows.append([one[key] for key in keys])
    table.arrays = {**table.arrays, "auto": np.array(rows, dtype=np.float64)}
    table.value("settings", "auto", ours)
