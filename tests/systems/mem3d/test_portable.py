"""The network by itself says what the system does, and so does its ONNX file: memory, attention and recurrence."""

from dataclasses import replace

import pytest
import torch

from maquette.cli.extras import EXTRAS
from maquette.export import export_onnx
from maquette.systems.mem3d.network import Mem3DNetwork
from maquette.systems.mem3d.system import Mem3DSystem
from tiny_mem3d import calibrated, tiny_config

BATCHES = ((1, 1), (1, 2), (3, 1), (2, 2))


def system(variant: str) -> Mem3DSystem:
    """With three shapes in five slots, and statistics by which pictures and shapes make a difference."""
    torch.manual_seed(0)
    small = replace(tiny_config(variant), backbone="resnet18", backbone_width=1.0, size=32, tap=8, beta=-0.2)
    network = Mem3DNetwork(small)
    if network.memory is not None:
        network.memory.write(torch.randn(3, network.memory.keys.shape[1]), torch.rand(3, 32, 32, 32) < 0.3)
    return Mem3DSystem(calibrated(network, torch.rand(8, 1, 3, 32, 32)))


def pictures(batch: int, view: int) -> torch.Tensor:
    return torch.rand(batch, view, 3, 32, 32, generator=torch.Generator().manual_seed(batch))


@pytest.mark.parametrize("variant", ["best", "original", "seed003", "none"])
def test_it_says_what_the_system_does(variant: str) -> None:
    one = system(variant)
    told = one.portable()
    assert (told.inputs, told.outputs) == ({"images": ("batch", "view", 3, 32, 32)}, ("solid",))
    for batch, view in BATCHES:
        with torch.no_grad():
            (found,) = told.module(pictures(batch, view))
        torch.testing.assert_close(found, one.occupancy(pictures(batch, view)))
    if one.network.memory is not None:
        one.forget([0, 1, 2])
        assert (one.occupancy(pictures(2, 2)) - found).abs().max() > 0.01, "the memory plays a part"


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["best", "original"])
def test_onnx_says_the_same(variant: str, tmp_path) -> None:
    for name in EXTRAS["export"]:
        pytest.importorskip(name)
    from onnxruntime import InferenceSession

    one = system(variant)
    export_onnx(one, tmp_path / "mem3d.onnx")
    session = InferenceSession(tmp_path / "mem3d.onnx", providers=["CPUExecutionProvider"])
    for batch, view in BATCHES:
        (solid,) = session.run(None, {"images": pictures(batch, view).numpy()})
        wanted = one.occupancy(pictures(batch, view))
        torch.testing.assert_close(torch.from_numpy(solid), wanted, rtol=0, atol=1e-4)
