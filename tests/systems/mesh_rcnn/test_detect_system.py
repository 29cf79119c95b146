"""Variant `detect` as a system: trained on made scenes, saved and loaded, photographs to objects in a scene."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from maquette.data.batch import known
from maquette.data.make.jobs import jobs_of_families
from maquette.data.make.pix3d import ScenesMakeConfig, make_pix3d
from maquette.data.open import DataPlace, open_source
from maquette.data.scenes_config import ScenesConfig
from maquette.io.errors import BadInput
from maquette.lift.marked import pixel_camera
from maquette.nn.backbones.backbone import Backbone
from maquette.reconstruct import prepare_views, preview, reconstruct, write
from maquette.structures import Meshes
from maquette.structures.reconstruction import Reconstruction
from maquette.structures.views import Views
from maquette.systems.mesh_rcnn.about import MeshRCNNOptions
from maquette.systems.mesh_rcnn.detect.config import DetectConfig, DetectLossConfig
from maquette.systems.mesh_rcnn.detect.network import DetectNetwork
from maquette.systems.mesh_rcnn.detect.recipes import DetectRunConfig, detect, detect_small
from maquette.systems.mesh_rcnn.detect.system import DetectSystem
from maquette.systems.mesh_rcnn.detect.training import DetectTraining
from maquette.training.config import TrainConfig
from maquette.utils import ico_sphere

CLASSES = ("chair", "sofa")
NETWORK = DetectConfig(
    classes=CLASSES, backbone="resnet18", norm="running", freeze=False, channels=16, hidden=16, head=16, convs=1,
    anchors=(8, 16, 32, 48, 64), anchor_samples=32, samples=16, shaped=2, ignore=0.0, proposals=(64, 32, 32), most=4,
    score=0.0, voxels=8, stages=2, features=8,
)  # fmt: skip
CONFIG = DetectRunConfig(
    NETWORK,
    ScenesConfig(CLASSES, shorter=(48,), held=48, longest=64, jitter=0.2),
    DetectLossConfig(points=50, dice=1.0),
    TrainConfig(steps=3, batch=2, views=(1, 1), optimiser="adamw", lr=1e-3, ema=0.5),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scenes") / "set"
    make_pix3d(jobs_of_families(2, 0, CLASSES), root, ScenesMakeConfig(views=4, size=64))
    return root


@pytest.fixture(scope="module")
def trained(root: Path) -> DetectTraining:
    module = DetectTraining(CONFIG)
    source = open_source(DataPlace(data=root), CONFIG.views, needs=module.needs).source
    optimiser = module.optimisers()["network"]

    def update(name: str, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    module.train()
    for step in range(3):
        told = module.step(source.training_batch(step, 2, 1), update)
        assert all(value.isfinite() for value in told.values())
        module.after_step(lambda tensor: tensor)
        module.follow()
    module.eval()
    return module


@pytest.fixture
def system(trained: DetectTraining) -> DetectSystem:
    network = DetectNetwork(NETWORK)
    network.load_state_dict(trained.best_network.state_dict())
    return DetectSystem(network, CONFIG.views, {"recipe": "x"})


def test_recipes_are_complete() -> None:
    published, small = detect(), detect_small()
    assert (published.training.optimiser, published.training.lr, published.training.steps) == (
        "sgd",
        0.02,
        11_000,
    )
    assert published.network.classes == published.views.classes
    assert len(small.network.classes) == 4
    assert small.views.longest <= 192
    with pytest.raises(ValueError, match="network and pictures have classes"):
        replace(small, views=ScenesConfig())


def test_first_weights_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network: said, and from scratch; refused where they are insisted on."""

    def missing() -> dict:
        raise BadInput("https://somewhere", "cannot be had: no network")

    monkeypatch.setattr("maquette.systems.mesh_rcnn.detect.training.torchvision_coco", missing)
    with pytest.warns(UserWarning, match="no network; training starts from scratch"):
        DetectTraining(replace(CONFIG, first_weights="auto"))
    with pytest.raises(BadInput, match="no network"):
        DetectTraining(replace(CONFIG, first_weights="coco"))
    weights = {"pyramid.fpn.layer_blocks.0.0.bias": torch.full((16,), 3.0)}
    monkeypatch.setattr("maquette.systems.mesh_rcnn.detect.training.torchvision_coco", lambda: weights)
    module = DetectTraining(replace(CONFIG, first_weights="coco"))
    assert module.kept.state_dict()["pyramid.fpn.layer_blocks.0.0.bias"].tolist() == [3.0] * 16
    with pytest.raises(BadInput, match="mine"):
        DetectTraining(replace(CONFIG, first_weights="mine.safetensors"))


def test_first_weights_of_the_backbone_alone(tmp_path: Path) -> None:
    network = CONFIG.network
    theirs = Backbone(network.backbone, network.width, network.norm).body.state_dict()
    first = next(iter(theirs))
    save_file({name: tensor.contiguous() for name, tensor in theirs.items()}, tmp_path / "first.safetensors")
    module = DetectTraining(replace(CONFIG, first_weights=str(tmp_path / "first.safetensors")))
    assert torch.equal(module.kept.state_dict()[f"pyramid.body.body.{first}"], theirs[first])


def test_judges_shows_and_remembers_heights(trained: DetectTraining, root: Path) -> None:
    source = open_source(DataPlace(data=root), CONFIG.views, needs=trained.needs).source
    batch = source.held_batch([0, 1, 5], 1)
    told = trained.judge(trained.best_network, batch)
    assert {name: len(values) for name, values in told.items()} == {"quality": 3, "overlap": 3, "class": 3}
    assert all(((values >= 0) & (values <= 1)).all() for values in told.values())
    assert trained.show(trained.best_network, batch).shape[0] == 3
    heights = trained.kept.heights
    assert (heights > 0).any()
    for one in batch.truth.objects:
        verts = one.meshes.verts_packed()
        if heights[one.labels[0] - 1] > 0:
            assert 0.3 < heights[one.labels[0] - 1] / (verts[:, 1].max() - verts[:, 1].min()) < 3


def test_saved_and_loaded(system: DetectSystem, trained: DetectTraining, tmp_path: Path) -> None:
    system.save(tmp_path / "weights.safetensors", "float32")
    back = DetectSystem.load(tmp_path / "weights.safetensors", "detect", "cpu")
    assert (back.views_config, back.network.config, back.training) == (CONFIG.views, NETWORK, {"recipe": "x"})
    assert back.info == system.info
    picture = torch.rand(3, 40, 60)
    assert torch.equal(back.find(picture).boxes, system.find(picture).boxes)
    trained.save_weights(tmp_path / "run.safetensors", trained.best_network, {"recipe": "detect-small"})
    assert DetectSystem.load(tmp_path / "run.safetensors", device="cpu").training["recipe"] == "detect-small"
    with pytest.raises(BadInput, match="of variant detect, not of light"):
        DetectSystem.load(tmp_path / "weights.safetensors", "light")
    with pytest.raises(BadInput, match="no weights of variant detect ship"):
        DetectSystem.load()
    with pytest.raises(ValueError, match="network and pictures have classes"):
        DetectSystem(system.network, ScenesConfig())


def test_every_object_of_a_photograph(system: DetectSystem, tmp_path: Path) -> None:
    views = Views([torch.rand(3, 90, 120)], names=["room.png"], fovs=[60.0])
    made = reconstruct(views, system, options=MeshRCNNOptions(score=0.0))
    assert 1 <= len(made) <= NETWORK.most
    assert [one.score for one in made] == sorted((one.score for one in made), reverse=True)
    focal = 60 / torch.tensor(30.0).deg2rad().tan()
    for one in made:
        assert one.frame == "camera"
        assert one.label in CLASSES
        assert one.mask.shape == (1, 90, 120)
        assert one.box[2] <= 120.01
        verts = one.mesh.verts_packed()
        columns = 60 - focal * verts[:, 0] / verts[:, 2]
        width = float(one.box[2] - one.box[0])
        assert columns.min() > one.box[0] - width
        assert columns.max() < one.box[2] + width
        assert one.facts["distance"] > 0
    prepared = prepare_views(views, find=False)
    report = write(made, prepared, tmp_path / "room.glb")
    objects = report.get("objects", [report])
    assert all({"box", "label", "score", "distance", "verts"} <= entry.keys() for entry in objects)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "room.glb",
        "room_preview.png",
        "room_report.json",
    ]
    plain = preview([replace(one, box=None) for one in made], prepared)
    assert not torch.equal(preview(made, prepared), plain)


def test_one_object_is_no_two_of_different_classes(
    system: DetectSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    verts, faces = ico_sphere(0).verts_packed(), ico_sphere(0).faces_packed()
    boxes = [[10.0, 10.0, 30.0, 30.0], [11.0, 10.0, 31.0, 30.0], [40.0, 10.0, 60.0, 30.0]]
    found = [
        Reconstruction(
            Meshes([verts + 3], [faces]), "camera", box=torch.tensor(box), label=label, score=score
        )
        for box, label, score in zip(boxes, ("chair", "sofa", "sofa"), (0.6, 0.8, 0.7), strict=True)
    ]
    monkeypatch.setattr(DetectSystem, "_placed", lambda *_: found)
    made = system.reconstruct(Views([torch.rand(3, 48, 64)]))
    assert [(one.label, one.score) for one in made] == [("sofa", 0.8), ("sofa", 0.7)]


def test_a_known_camera_counts(system: DetectSystem) -> None:
    image = torch.rand(3, 48, 64)
    eye = pixel_camera(torch.tensor([80.0, 80, 30, 25]), (48, 64))
    (one, *_), (other, *_) = (system.detect(Views([image], cameras=c)) for c in (eye, None))
    assert one.box.tolist() == other.box.tolist()
    assert not torch.equal(one.mesh.verts_packed(), other.mesh.verts_packed())


def test_nothing_found(system: DetectSystem) -> None:
    with pytest.raises(
        BadInput, match=r"room\.png: nothing is found in the picture that is one of chair, sofa"
    ):
        system.reconstruct(Views([torch.rand(3, 48, 64)], names=["room.png"]), MeshRCNNOptions(score=1.0))
    with pytest.raises(BadInput, match="variant detect has no gates to show"):
        system.reconstruct(Views([torch.rand(3, 48, 64)]), MeshRCNNOptions(show_gates=True))
    with pytest.raises(BadInput, match="one picture at a time, not 2"):
        system.reconstruct(Views([torch.rand(3, 48, 64)] * 2))


def test_objects_stand_in_the_same_place_whatever_size_the_photograph_has(
    system: DetectSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network sees the same pixels of both, and says the same of them."""
    torch.manual_seed(0)
    with torch.no_grad():
        seen = system.network.find(torch.rand(1, 3, 48, 64), [(48, 64)])
    monkeypatch.setattr(system.network, "find", lambda images, sizes: seen)
    camera = torch.tensor([70.0, 70, 32, 24])
    small, large = (
        system.detect(
            Views([torch.rand(3, 48 * k, 64 * k)], cameras=pixel_camera(k * camera, (48 * k, 64 * k)))
        )
        for k in (1, 4)
    )
    assert len(small) == len(large) > 0
    for one, other in zip(small, large, strict=True):
        assert torch.allclose(4 * known(one.box), known(other.box))
        assert torch.allclose(one.mesh.verts_packed(), other.mesh.verts_packed(), atol=1e-5)


def test_only_what_is_sure_enough_is_enlarged(system: DetectSystem) -> None:
    """Masks of a photograph are large: of those that are not wanted none is made."""
    torch.manual_seed(0)
    image = torch.rand(3, 90, 120)
    every = system.find(image)
    assert every.masks.shape == (4, 90, 120)
    assert every.masks.dtype == torch.bool
    some = system.find(image, every.scores[1].item())
    assert len(some.scores) == len(some.meshes) == 2
    assert torch.equal(some.masks, every.masks[:2])
    assert torch.equal(some.meshes.verts_packed(), every.meshes[[0, 1]].verts_packed())
    none = system.find(image, 1.0)
    assert none.masks.shape == (0, 90, 120)
    assert len(none.meshes) == 0


def test_described() -> None:
    info = DetectSystem.describe().as_dict()
    assert info["parameters"]["total"] == 60_964_427
    assert info["macs"] > 1e10
    with pytest.raises(ValueError, match="variant"):
        DetectSystem.describe("none")
