"""First weights: out of files, and out of torchvision's cache; without a network, one clear line."""

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from maquette.io.errors import BadInput
from maquette.nn.backbones.backbone import Backbone, backbone
from maquette.nn.backbones.importing import import_backbone
from maquette.nn.backbones.names import NAMES
from maquette.nn.backbones.pretrained import pretrained
from maquette.training.foreign_weights import ForeignWeights
from maquette.training.weights_header import read_weights_header

SMALL = {"name": "mobilenet_v2", "width": 0.25, "taps": (8,)}


@pytest.fixture
def net() -> Backbone:
    """All of a small network, in the middle of training."""
    net = backbone("mobilenet_v2", width=0.25, norm="running", taps=(32,)).train()
    with torch.no_grad():
        for _ in range(2):
            net(torch.rand(4, 3, 64, 64))
    return net.eval()


@pytest.fixture
def plain(net, tmp_path) -> Path:
    """Its state as a safetensors file that says nothing of itself."""
    path = tmp_path / "plain.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in net.body.state_dict().items()}, path)
    return path


@pytest.fixture
def imported(net, tmp_path) -> Path:
    """The same, imported."""
    source, path = tmp_path / "source.pt", tmp_path / "imported.safetensors"
    torch.save(net.body.state_dict(), source)
    import_backbone(ForeignWeights(net.body.state_dict(), True, source), path, width=0.25)
    return path


@pytest.mark.parametrize("norm", ["frozen", "running"])
@pytest.mark.parametrize("kind", ["plain", "imported"])
def test_both_norms_take_both_kinds_of_files(net, request, kind: str, norm: str) -> None:
    file = request.getfixturevalue(kind)
    loaded = backbone(**SMALL, norm=norm, weights=str(file) if kind == "plain" else file).eval()
    own, wanted = loaded.body.state_dict(), net.body.state_dict()
    counters = [key for key in own if key.endswith("num_batches_tracked")]
    assert bool(counters) == (norm == "running")
    assert all(torch.equal(own[key], wanted[key]) for key in own if key not in counters)


def test_an_imported_file_says_what_it_is(imported) -> None:
    header = read_weights_header(imported, "backbone")
    assert (header.variant, header.precision) == ("mobilenet_v2", "float32")
    assert header.config["width"] == 0.25
    assert header.config["origin"] == "source.pt"
    assert len(header.config["sha256"]) == 64


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "resnet18"}, "is of mobilenet_v2 of width 0.25, not of resnet18 of width 1.0"),
        ({"name": "mobilenet_v2"}, "is of mobilenet_v2 of width 0.25, not of mobilenet_v2 of width 1.0"),
    ],
)
def test_a_file_of_another_network(imported, options: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        backbone(**options, weights=imported)


def test_files_that_are_not_taken(imported, tmp_path) -> None:
    with pytest.raises(BadInput, match="`maquette backbone import` makes a safetensors file of it"):
        backbone(**SMALL, weights=tmp_path / "source.pt")
    with pytest.raises(BadInput, match="No such file"):
        backbone(**SMALL, weights=tmp_path / "none.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(imported.read_bytes()[:-8])
    with pytest.raises(BadInput, match="neither a whole safetensors file nor one of torch"):
        backbone(**SMALL, weights=broken)
    save_file({"weight": torch.zeros(3)}, broken, {"format": "maquette/1", "system": "r2n2"})
    with pytest.raises(BadInput, match="weights of r2n2, not of backbone"):
        backbone(**SMALL, weights=broken)


@pytest.fixture
def cached(monkeypatch, tmp_path) -> Path:
    """Where torch keeps what torchvision has downloaded; there is no network."""

    def download(url: str, *args: object, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    url = torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V1.url
    file = tmp_path / "hub" / "checkpoints" / url.rpartition("/")[2]
    file.parent.mkdir(parents=True)
    return file


@pytest.mark.parametrize("name", NAMES)
def test_every_network_asks_torchvision(cached, name: str) -> None:
    with pytest.raises(BadInput, match=f"/{name}-.*: cannot be had: .*no route to host"):
        pretrained(name, 1.0, "torchvision")


def test_torchvision_without_a_network(cached) -> None:
    with pytest.raises(
        BadInput, match=r"\.pth: cannot be had: .*no route to host.*; a file can be given"
    ) as caught:
        backbone("mobilenet_v2", weights="torchvision")
    assert "\n" not in str(caught.value)
    cached.write_bytes(b"half a download")
    with pytest.raises(BadInput, match="cannot be had") as caught:
        backbone("mobilenet_v2", weights="torchvision")
    assert "\n" not in str(caught.value)


def test_torchvision_out_of_the_cache(cached) -> None:
    whole = torchvision.models.mobilenet_v2()
    torch.save(whole.state_dict(), cached)
    loaded = backbone("mobilenet_v2", weights="torchvision")
    for key, tensor in loaded.body.state_dict().items():
        assert torch.equal(tensor, whole.features.state_dict()[key])
