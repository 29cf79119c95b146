"""`maquette export`: an ONNX file says what the system does, or is not written."""

import importlib.util
import json

import numpy as np
import pytest
import torch

import fakes
from fakes.base import NetworkConfig as FakeConfig
from fakes.base import SinglesConfig
from fakes.fake_pictures.system import Depth, Fake
from maquette import __version__
from maquette.cli.extras import EXTRAS
from maquette.systems.frustum.config import NetworkConfig as FrustumConfig
from maquette.systems.frustum.network import FrustumNetwork
from maquette.systems.frustum.recipes import best
from maquette.systems.frustum.system import FrustumSystem
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2
from tiny_r2n2 import tiny_weights


@pytest.fixture
def weights(tmp_path):
    """Those of a system with one small network, which is mounted beside the real ones."""
    torch.manual_seed(0)
    network = Depth(FakeConfig())
    network.norm.running_mean.normal_()
    path = tmp_path / "weights.safetensors"
    Fake(network, FakeConfig(), SinglesConfig().views).save(path, "float32")
    fakes.mount()
    yield path
    fakes.unmount()


def opened(path):
    """An ONNX file in a session, and its metadata."""
    session = pytest.importorskip("onnxruntime").InferenceSession(path, providers=["CPUExecutionProvider"])
    return session, session.get_modelmeta().custom_metadata_map


def run(session, **inputs):
    return [torch.from_numpy(x) for x in session.run(None, {k: np.asarray(v) for k, v in inputs.items()})]


@pytest.mark.slow
def test_a_system_that_no_command_knows(maquette, weights, tmp_path) -> None:
    for name in EXTRAS["export"]:
        pytest.importorskip(name)
    out = tmp_path / "fake.onnx"
    ran = maquette("export", "fake-pictures", "--weights", weights, "-o", out, "--json", "-")
    assert ran.code == 0
    numbers = ran.json()
    apart = numbers["max_difference"]["depth"]
    assert 0 < apart < 1e-5
    assert f"  out  depth: batch x 1 x 8 x 8, within {apart:.2g} of torch's\n" in ran.err
    assert numbers["bytes"] == out.stat().st_size
    assert numbers["outputs"] == {"depth": ["batch", 1, 8, 8]}
    session, about = opened(out)
    assert (about["maquette"], about["system"], about["variant"]) == (__version__, "fake_pictures", "plain")
    assert json.loads(about["settings"]) == {"size": 8}
    images = torch.rand(5, 3, 8, 8)
    with torch.no_grad():
        wanted = Fake.load(weights).network(images[:, None])
    torch.testing.assert_close(run(session, images=images)[0], wanted)
    assert str(tmp_path).encode() not in out.read_bytes()
    assert __file__.rpartition("/cli/")[0].encode() not in out.read_bytes()

    before = out.read_bytes()
    ran = maquette("export", "fake-pictures", "--weights", weights, "-o", out, "--tolerance", 0)
    assert ran.code == 3
    assert "not written: ONNX Runtime and torch differ, depth by " in ran.err
    assert out.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["simple-gru-3", "residual-lstm-1"])
def test_r2n2_for_any_number_of_pictures(maquette, unchecked, tmp_path, variant: str) -> None:
    for name in EXTRAS["export"]:
        pytest.importorskip(name)
    config = NetworkConfig(variant=variant, width=0.0625, size=32, norm="group", view_bins=12)
    system = R2N2(R2N2Network(config), threshold=0.3)
    weights, out = tmp_path / "weights.safetensors", tmp_path / "r2n2.onnx"
    system.save(weights, "float32")
    ran = maquette("export", "r2n2", "--weights", weights, "-o", out)
    assert (ran.code, ran.err) == (0, "")
    session, about = opened(out)
    assert json.loads(about["settings"])["threshold"] == 0.3
    for batch, view in ((1, 1), (3, 1), (2, 5)):
        images = torch.rand(batch, view, 3, 32, 32)
        solid, azimuths = run(session, images=images)
        torch.testing.assert_close(solid, system.occupancy(images), rtol=0, atol=1e-4)
        torch.testing.assert_close(azimuths, system.azimuths(images), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_frustum(maquette, tmp_path) -> None:
    for name in EXTRAS["export"]:
        pytest.importorskip(name)
    system = FrustumSystem(FrustumNetwork(FrustumConfig(width=0.25)), best("rays-48").views)
    system.save(tmp_path / "weights.safetensors", "float32")
    out = tmp_path / "frustum.onnx"
    ran = maquette("export", "frustum", "--weights", tmp_path, "-o", out, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    session, about = opened(out)
    assert json.loads(about["settings"])["extent"] == 1.3
    for batch in (1, 3):
        images, masks = torch.rand(batch, 3, 96, 96), torch.zeros(batch, 1, 96, 96)
        masks[:, :, 20:70, 30:80] = 1
        solid, up = run(session, images=images, masks=masks)
        field, upwards = system.see(images, masks)
        torch.testing.assert_close(solid, field, rtol=0, atol=1e-4)
        torch.testing.assert_close(up, upwards, rtol=0, atol=1e-4)


def test_missing_packages_are_named_with_the_way_to_get_them(maquette, tmp_path, monkeypatch) -> None:
    found = importlib.util.find_spec
    there = lambda name, *more: None if name in EXTRAS["export"] else found(name, *more)  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", there)
    out = tmp_path / "x.onnx"
    ran = maquette("export", "r2n2", "-o", out)
    how = "pip install onnx onnxscript onnxruntime (in maquette's folder also pip install '.[export]')"
    said = f"export needs onnx, onnxscript, onnxruntime: {how}"
    assert (ran.code, ran.err) == (3, f"maquette: {said}\n")
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("r3n3", "-o", "x.onnx"), 2, "there is no system 'r3n3'"),
        (("fake-gan", "-o", "x.onnx"), 2, "fake-gan: its network is no use without the system"),
        (("r2n2", "-o", "x.onnx", "--variant", "gru"), 2, "--variant gru: known are simple-gru-1"),
        (("r2n2", "-o", "x.onnx", "--tolerance", "nan"), 2, "--tolerance nan: at least 0 is needed"),
        (("r2n2", "-o", "x.pt"), 3, "x.pt: the name of the output must end in .onnx"),
        (("r2n2", "-o", "/dev/null/x.onnx"), 3, "/dev/null is a file"),
        (("r2n2", "-o", "x.onnx", "--weights", "none.safetensors"), 3, "none.safetensors: no such file"),
    ],
)
def test_what_is_refused(maquette, weights, words, code: int, said: str) -> None:
    ran = maquette("export", *words)
    assert ran.code == code
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_weights_of_another_system(maquette, tmp_path) -> None:
    path = tiny_weights(tmp_path / "weights.safetensors")
    ran = maquette("export", "frustum", "--weights", path, "-o", tmp_path / "x.onnx")
    assert ran.code == 3
    assert "these are weights of r2n2, not of frustum" in ran.err
