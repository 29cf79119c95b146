"""The networks by themselves say what the system sees; as ONNX, too."""

import json
import subprocess
import sys

import pytest
import torch

from maquette.io.errors import BadInput
from maquette.systems.mesh_rcnn.config import NetworkConfig
from maquette.systems.mesh_rcnn.cubes import cubes_of
from maquette.systems.mesh_rcnn.network import MeshRCNN
from maquette.systems.mesh_rcnn.system import MeshRCNNSystem
from mesh_rcnn_golden import far


def system(variant: str, folded: bool = True) -> MeshRCNNSystem:
    torch.manual_seed(0)
    network = MeshRCNN(
        NetworkConfig(
            variant, size=64, backbone="resnet18", voxels=8, width=8, hidden=8, channels=16, folded=folded
        )
    )
    for parameter in [] if network.refinement is None else network.refinement.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    if network.voxels is not None:
        torch.nn.init.normal_(network.voxels.predictor.weight, std=0.5)  # some cells are solid, some not
    return MeshRCNNSystem(network.requires_grad_(False))


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("variant", ["light", "full", "sphere", "dynamic-3"])
def test_they_say_what_the_system_sees(variant: str, folded: bool) -> None:
    whole = system(variant, folded)
    portable = whole.portable()
    images = torch.rand(1, 3, 64, 64)
    wanted, *_ = whole.see(images)
    told = dict(zip(portable.outputs, portable.module(images), strict=True))
    if "voxels" in told:
        start = cubes_of(told["voxels"], whole.threshold, original=False).meshes
    else:
        start = whole.network.spheres(1, images.device)
    refine = portable.parts["refine"]
    maps = {name: told[name] for name in told if name.startswith("map_")}
    assert {name: tuple(x.shape) for name, x in maps.items()} == {
        name: shape for name, shape in refine.inputs.items() if name in maps
    }
    (moved,) = refine.module(start.verts_packed(), start.edges_packed(), **maps)
    assert moved.shape[0] > 0
    assert far(moved, wanted.verts_packed()) < 1e-4
    assert set(refine.example(True)) == set(refine.inputs)


def test_variants_without_a_second_graph() -> None:
    assert not system("voxel-only").portable().parts
    with pytest.raises(BadInput, match="split"):
        system("pixel2mesh").portable()


@pytest.mark.slow
def test_onnx_of_dynamic_blocks(tmp_path) -> None:
    """By a process of its own: checked annotations refuse the symbols that blocks count in a trace."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    weights, out = tmp_path / "w.safetensors", tmp_path / "net.onnx"
    system("dynamic-3").save(weights, "float32")
    words = ("export", "mesh-rcnn", "--weights", str(weights), "-o", str(out))
    subprocess.run([sys.executable, "-m", "maquette", *words], check=True, capture_output=True)
    assert out.is_file()
    assert (tmp_path / "net_refine.onnx").is_file()


@pytest.mark.slow
def test_onnx(tmp_path) -> None:
    from maquette.export import export_onnx

    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    whole = system("light")
    made = export_onnx(whole, tmp_path / "net.onnx")
    (second,) = made.parts
    assert second.name == "net_refine.onnx"
    assert made.parts[second].inputs["verts"] == ("vert", 3)
    sessions = [
        onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        for file in (tmp_path / "net.onnx", second)
    ]
    settings = json.loads(sessions[0].get_modelmeta().custom_metadata_map["settings"])
    assert settings["threshold"] == whole.threshold
    images = torch.rand(1, 3, 64, 64)
    wanted, *_ = whole.see(images)
    names = [one.name for one in sessions[0].get_outputs()]
    told = dict(zip(names, sessions[0].run(None, {"images": images.numpy()}), strict=True))
    start = cubes_of(torch.from_numpy(told.pop("voxels")), whole.threshold, original=False).meshes
    inputs = {"verts": start.verts_packed().numpy(), "edges": start.edges_packed().numpy(), **told}
    (moved,) = sessions[1].run(None, inputs)
    assert far(torch.from_numpy(moved), wanted.verts_packed()) < 1e-4
