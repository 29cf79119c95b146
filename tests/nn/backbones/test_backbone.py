"""Backbones against torchvision's own networks, taken apart by torchvision's own extractor."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.ops import FrozenBatchNorm2d

from maquette.nn.backbones.backbone import MEAN, STD, Backbone, backbone
from maquette.nn.backbones.names import NAMES
from maquette.nn.backbones.networks import root
from maquette.training.weights import fill, load_weights, save_weights

RESNET = {2: "relu", 4: "layer1", 8: "layer2", 16: "layer3", 32: "layer4"}
NODES = {
    "mobilenet_v2": {2: "features.1", 4: "features.3", 8: "features.6", 16: "features.13", 32: "features.18"},
    "resnet18": RESNET,
    "resnet34": RESNET,
    "resnet50": RESNET,
    "vgg16": {
        1: "features.3", 2: "features.8", 4: "features.15", 8: "features.22", 16: "features.29", 32: "features.30",
        "relu1_1": "features.1", "relu3_3": "features.15", "relu5_1": "features.25", "pool3": "features.16",
    },
}  # fmt: skip
SMALL = {"name": "mobilenet_v2", "width": 0.25}


def with_statistics(network: nn.Module) -> nn.Module:
    """With batch norms that do something, as those of trained networks."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d | FrozenBatchNorm2d):
            for tensor, low, high in (
                (layer.weight, 0.5, 1.5),
                (layer.bias, -1, 1),
                (layer.running_mean, -1, 1),
            ):
                nn.init.uniform_(tensor, low, high)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return network


def as_seen(images: torch.Tensor) -> torch.Tensor:
    return (images - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


@pytest.mark.parametrize(
    ("name", "norm"), [*((name, "frozen") for name in NAMES), *((name, "running") for name in NAMES[:-1])]
)
def test_features_are_those_of_torchvision(name: str, norm: str) -> None:
    kinds = {"frozen": FrozenBatchNorm2d, "running": nn.BatchNorm2d}
    with torch.device("meta"):
        options = {} if name == "vgg16" else {"norm_layer": kinds[norm]}
        theirs = torchvision.models.get_model(name, **options).eval()
    ours = with_statistics(backbone(name, norm=norm, taps=tuple(NODES[name]))).eval()
    state = {f"{root(name)}{key}": tensor for key, tensor in ours.body.state_dict().items()}
    assert not theirs.load_state_dict(state, strict=False, assign=True).unexpected_keys
    nodes = {node: str(tap) for tap, node in NODES[name].items()}
    extract = create_feature_extractor(theirs, {node: node for node in nodes})
    images = torch.rand(2, 3, 40, 33)
    seen = as_seen(images)
    if name == "mobilenet_v2":  # the same order in memory rounds the same
        seen = seen.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        found, wanted = ours(images), extract(seen)
    assert list(found) == list(NODES[name])
    for tap, node in NODES[name].items():
        assert torch.equal(found[tap], wanted[node]), tap
        assert found[tap].shape[1] == ours.channels[tap]


def test_frozen_norm_is_running_norm_in_evaluation() -> None:
    running = with_statistics(backbone(**SMALL, norm="running")).eval()
    frozen = backbone(**SMALL, norm="frozen")
    frozen.load_state_dict({k: v for k, v in running.state_dict().items() if "num_batches" not in k})
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        for found, wanted in zip(frozen(images).values(), running(images).values(), strict=True):
            assert float((found - wanted).abs().max()) <= 1e-5 * float(wanted.abs().max().clamp(min=1))


def test_statistics_move_in_training_unless_frozen() -> None:
    for norm, moves in (("running", True), ("frozen", False)):
        net = backbone(**SMALL, norm=norm, taps=(4,)).train()
        before = {name: buffer.clone() for name, buffer in net.named_buffers()}
        sum(x.mean() for x in net(torch.rand(2, 3, 32, 32)).values()).backward()
        assert any(not torch.equal(buffer, before[name]) for name, buffer in net.named_buffers()) == moves
        assert all(parameter.grad is not None for parameter in net.parameters())


@pytest.mark.parametrize(
    ("name", "taps", "last"),
    [("mobilenet_v2", (8, 4), "6"), ("resnet18", (2,), "relu"), ("vgg16", ("relu1_2", 2), "8")],
)
def test_nothing_is_built_behind_the_last_tap(name: str, taps: tuple, last: str) -> None:
    net = backbone(name, taps=taps)
    assert [layer for layer, _ in net.body.named_children()][-1] == last
    images = torch.rand(1, 3, 32, 32)
    found = net(images)
    assert list(found) == list(net.channels) == list(taps)
    alone = backbone(name, taps=taps[:1])
    alone.load_state_dict({key: net.state_dict()[key] for key in alone.state_dict()})
    assert torch.equal(alone(images)[taps[0]], found[taps[0]])  # later layers write into no feature


def test_layers_of_vgg_by_name() -> None:
    net = backbone("vgg16", taps=("relu1_1", "relu1_2", "pool1"))
    x = as_seen(images := torch.rand(1, 3, 8, 8))
    one = F.relu(F.conv2d(x, net.body[0].weight, net.body[0].bias, padding=1))
    two = F.relu(F.conv2d(one, net.body[2].weight, net.body[2].bias, padding=1))
    for found, wanted in zip(net(images).values(), (one, two, F.max_pool2d(two, 2)), strict=True):
        torch.testing.assert_close(found, wanted)


def test_initial_values_keep_the_scale() -> None:
    net = backbone("vgg16", taps=("relu2_2",))
    weight = net.body[7].weight.detach()
    assert float(weight.std()) == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    assert not net.body[7].bias.any()
    frozen = backbone(**SMALL, taps=(2,)).state_dict()
    running = backbone(**SMALL, taps=(2,), norm="running").state_dict()
    for key in (key for key in frozen if ".1." in key and "conv" not in key):
        assert torch.equal(frozen[key], running[key])
        assert frozen[key].unique().tolist() == [float(key.endswith(("weight", "var")))]


class Holder(nn.Module):
    def __init__(self, norm: str) -> None:
        super().__init__()
        self.backbone = Backbone("mobilenet_v2", 0.25, norm, (2, 8))
        self.head = nn.Conv2d(self.backbone.channels[8], 1, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(images)[8])


@pytest.mark.parametrize("norm", ["frozen", "running"])
def test_a_network_that_holds_one_is_saved_and_filled_as_any(tmp_path, norm: str) -> None:
    first = Holder(norm).eval()
    assert "backbone.mean" not in first.state_dict()
    with_statistics(first)
    save_weights(tmp_path / "w.safetensors", first.state_dict(), "any", "", {}, "float32")
    with torch.device("meta"):
        second = Holder(norm).eval()
    assert all(tensor.is_meta for tensor in second.state_dict().values())
    fill(second, load_weights(tmp_path / "w.safetensors"))
    images = torch.rand(1, 3, 32, 32)
    assert torch.equal(first(images), second(images))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "alexnet"}, "no backbone 'alexnet'; known are mobilenet_v2, resnet18"),
        ({"name": "resnet18", "width": 0.5}, "resnet18 comes in one width"),
        ({"name": "mobilenet_v2", "width": 0.0}, "a width of 0"),
        ({"name": "mobilenet_v2", "width": float("nan")}, "a width of nan"),
        ({"name": "resnet18", "norm": "group"}, "norm 'group': use one of frozen, running"),
        ({"name": "resnet18", "taps": (4, 64)}, "tap 64: those of resnet18 are 2, 4, 8, 16, 32"),
        ({"name": "resnet18", "taps": ("relu3_3",)}, "tap 'relu3_3'"),
        (
            {"name": "vgg16", "taps": ("conv3_3",)},
            "those of vgg16 are 1, 2, 4, 8, 16, 32, relu1_1, relu1_2, pool1, ",
        ),
        ({"name": "vgg16", "taps": ()}, "no taps"),
        ({"name": "mobilenet_v2", "width": 0.5, "weights": "torchvision"}, "of width 1 only"),
    ],
)
def test_what_there_is_not_is_refused(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        backbone(**options)
