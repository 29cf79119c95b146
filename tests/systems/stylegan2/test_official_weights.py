"""From official pickles to weights files: sizes, names and numbers; and what is another network than ours."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from maquette.io.errors import BadInput
from maquette.systems import converter, converting, official_choices
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import StyleGAN2Network, fresh_network
from maquette.systems.stylegan2.official_weights import convert
from maquette.training.weights import fill, load_weights
from official_stylegan2 import official_content, persistent, write_official

TINY = NetworkConfig(variant="original", size=16, width=2**-8, channel_max=8, z_dim=6, w_dim=5)
KINDS = {
    "plain": TINY,
    "labels": replace(TINY, labels=3, mapping=8),
    "grey, without a clamp": replace(TINY, channels=1, clamp=0.0, group=0),
    "orig": replace(TINY, discriminator="orig", group=32),
    "skip": replace(TINY, discriminator="skip"),
}


def written(
    config: NetworkConfig, path: Any, change: Callable[[dict[str, Any]], Any] = lambda _: None
) -> Any:
    """An official file of fresh networks of ours, and the networks: of the last step and averaged."""
    live, averaged = fresh_network(config, 0), fresh_network(config, 1)
    for network in (live, averaged):
        for tensor in network.state_dict().values():
            tensor += 0.1 * torch.randn_like(tensor)
    content = official_content(live, averaged)
    change(content)
    return write_official(path, content), live, averaged


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_networks_come_back(tmp_path, kind: str) -> None:
    config = KINDS[kind]
    path, live, averaged = written(config, tmp_path / "official.pkl")
    out = tmp_path / "ours.safetensors"
    found = convert(path, out, "G_ema+D")
    assert (found.variant, found.kept, found.left_out) == ("original", ("G_ema", "D"), ("G",))
    weights = load_weights(out, "stylegan2")
    assert weights.config["network"] == found.settings == asdict(config)
    assert weights.config["training"]["networks"] == ["G_ema", "D"]
    with torch.device("meta"):
        network = StyleGAN2Network(NetworkConfig(**weights.config["network"]))
    fill(network, weights)
    z, labels = torch.randn(4, 6), torch.eye(3)[[0, 1, 2, 0]] if config.labels else None
    with torch.no_grad():
        images = network.generator(z, labels, noise="const")
        assert torch.equal(images, averaged.generator(z, labels, noise="const"))
        assert torch.equal(network.discriminator(images, labels), live.discriminator(images, labels))
    assert found.tensors == len(weights.tensors)
    assert found.numbers == sum(tensor.numel() for tensor in weights.tensors.values())


@pytest.mark.parametrize(
    ("keep", "left_out"), [("G_ema", ("G", "D")), ("G", ("G_ema", "D")), ("G+D", ("G_ema",))]
)
def test_what_is_kept_is_what_was_asked_for(tmp_path, keep: str, left_out: tuple[str, ...]) -> None:
    path, live, averaged = written(TINY, tmp_path / "official.pkl")
    found = convert(path, tmp_path / "ours.safetensors", keep)
    assert found.left_out == left_out
    weights = load_weights(tmp_path / "ours.safetensors")
    generator = (averaged if keep == "G_ema" else live).generator.state_dict()
    assert all(
        torch.equal(weights.tensors[f"generator.{name}"], tensor) for name, tensor in generator.items()
    )
    assert weights.config["network"]["discriminator"] == ("resnet" if "D" in keep else "none")
    assert any(name.startswith("discriminator.") for name in weights.tensors) == ("D" in keep)


def test_halves_and_doubles_become_float32(tmp_path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["G_ema"].double()

    path, _, averaged = written(TINY, tmp_path / "official.pkl", change)
    convert(path, tmp_path / "ours.safetensors", "G_ema")
    found = load_weights(tmp_path / "ours.safetensors").tensors
    assert torch.equal(found["generator.mapping.w_avg"], averaged.generator.mapping.w_avg)


def give(part: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    """Another value of an argument: of "G_ema", or of a part of its arguments, "G_ema.mapping_kwargs"."""

    def change(content: dict[str, Any]) -> None:
        name, _, inner = part.partition(".")
        arguments = content[name]._init_kwargs
        (arguments[inner] if inner else arguments).update(values)

    return change


def take(part: str, name: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content[part]._init_kwargs.pop(name)


def tensor(part: str, path: str, value: torch.Tensor) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        *modules, last = path.split(".")
        owner = content[part].get_submodule(".".join(modules))
        (owner._buffers if last in owner._buffers else owner._parameters)[last] = value

    return change


def lost(part: str, path: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content[part].get_submodule(path)._parameters.pop("weight")


OTHERS = {
    "another activation": (
        give("G_ema.mapping_kwargs", activation="relu"),
        "G.mapping_kwargs.activation: was made with",
    ),
    "another rate": (
        give("G_ema.mapping_kwargs", lr_multiplier=0.1),
        "G.mapping_kwargs.lr_multiplier: was made with",
    ),
    "another filter": (
        give("G_ema.synthesis_kwargs", resample_filter=[1, 2, 1]),
        "resample_filter: was made with",
    ),
    "another kind of filter": (
        give("D.block_kwargs", resample_filter=torch.ones(4)),
        "resample_filter: was made with",
    ),
    "no noise": (give("G_ema.synthesis_kwargs", use_noise=False), "use_noise: was made with"),
    "of residuals": (give("G_ema.synthesis_kwargs", architecture="resnet"), "architecture: was made with"),
    "several deviations": (
        give("D.epilogue_kwargs", mbstd_num_channels=2),
        "mbstd_num_channels: was made with",
    ),
    "unknown": (give("G_ema", magnitude_ema_beta=0.999), "G.magnitude_ema_beta: was made with an argument"),
    "without a size": (take("G_ema", "img_resolution"), "G.img_resolution: is missing"),
    "of words": (give("G_ema", mapping_kwargs="none"), "G.mapping_kwargs: arguments that have no names"),
    "too large": (give("G_ema", img_resolution=2**70), "size must be one of"),
    "a size of words": (give("G_ema", z_dim="many"), "z_dim must be a whole number"),
    "a size of tensors": (give("G_ema", w_dim=torch.zeros(3)), "w_dim must be a whole number"),
    "infinitely wide": (
        give("G_ema.synthesis_kwargs", channel_base=10**400),
        "channel_base must be a whole number",
    ),
    "wide as a word": (
        give("G_ema.synthesis_kwargs", channel_base="wide"),
        "channel_base must be a whole number",
    ),
    "clamped at nothing": (give("G_ema.synthesis_kwargs", conv_clamp=float("nan")), "conv_clamp must lie in"),
    "sizes that differ": (give("D", img_resolution=32), "D: another size than that of the generator, 16"),
    "sizes that cannot be compared": (give("D", c_dim=torch.zeros(2)), "D: another labels than"),
    "an unknown critic": (give("D", architecture="unet"), "discriminator must be one of"),
    "more than its arguments say": (give("G_ema.mapping_kwargs", num_layers=1), "is not of this network"),
    "less than its arguments say": (
        give("G_ema.mapping_kwargs", num_layers=3),
        "generator.mapping.fc2.weight: is missing",
    ),
    "another shape": (
        tensor("G_ema", "mapping.w_avg", torch.zeros(4)),
        r"tensor generator.mapping.w_avg: has shape \(4,\), the network needs \(5,\)",
    ),
    "whole numbers": (tensor("G_ema", "mapping.w_avg", torch.zeros(5).long()), "w_avg: holds whole numbers"),
    "a lost tensor": (lost("D", "b4.fc"), "discriminator.b4.fc.weight: is missing"),
    "another filter in a layer": (
        tensor("G_ema", "synthesis.b8.conv0.resample_filter", torch.full((4, 4), 1 / 16)),
        r"resample_filter: is another filter than \[1, 3, 3, 1\]",
    ),
    "a filter of another size": (
        tensor("G_ema", "synthesis.b8.conv0.resample_filter", torch.ones(3)),
        r"resample_filter: is another filter than \[1, 3, 3, 1\]",
    ),
    "no numbers": (
        tensor("G_ema", "mapping.w_avg", torch.full((5,), torch.nan)),
        "w_avg holds values that are not",
    ),
    "no averaged generator": (lambda content: content.pop("G_ema"), "holds no network G_ema, only G, D"),
    "a discriminator for a generator": (
        lambda content: content.update(G_ema=content["D"]),
        "a network of class Discriminator in the place of a Generator",
    ),
    "StyleGAN3": (
        lambda content: content.update(
            G_ema=persistent("Generator", {}, **content["G"]._init_kwargs, channel_base=4)
        ),
        "G.channel_base: was made with an argument that is not known here",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_networks_are_refused_in_one_line(tmp_path, case: str) -> None:
    change, said = OTHERS[case]
    path, _, _ = written(TINY, tmp_path / "official.pkl", change)
    with pytest.raises(BadInput, match=said) as caught:
        convert(path, tmp_path / "ours.safetensors", "G_ema+D")
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_a_filter_as_its_arguments_may_say_it(tmp_path) -> None:
    """Files made of those for TensorFlow name all arguments, whatever they are."""

    def change(content: dict[str, Any]) -> None:
        give(
            "G_ema.mapping_kwargs",
            embed_features=None,
            layer_features=5,
            activation="lrelu",
            w_avg_beta=0.995,
        )(content)
        give("G_ema.synthesis_kwargs", resample_filter=[1, 3, 3, 1], use_noise=True, architecture="skip")(
            content
        )

    path, _, _ = written(TINY, tmp_path / "official.pkl", change)
    assert convert(path, tmp_path / "ours.safetensors", "G_ema").kept == ("G_ema",)


def test_the_table_of_those_who_convert() -> None:
    for name in converting():
        assert callable(converter(name))
        assert all(official_choices(name.replace("_", "-")).values())
    with pytest.raises(KeyError, match="no system 'r2n2' reads official weights; known are stylegan2"):
        converter("r2n2")
