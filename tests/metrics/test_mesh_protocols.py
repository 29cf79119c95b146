"""Protocols `p2m` and `meshrcnn`: tables of the released code, and systems of either frame."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.data.batch import Entry
from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.evaluate import evaluate
from maquette.metrics.mesh_comparison import compare_points, scaled
from maquette.metrics.placing import from_camera_frame, in_camera_frame, to_camera_frame
from maquette.metrics.protocols import PROTOCOLS
from maquette.metrics.protocols.face import Row
from maquette.metrics.protocols.mesh import MESHRCNN, P2M, MeshProtocol
from maquette.renderer.views import r2n2_views
from maquette.structures import Meshes
from maquette.structures.reconstruction import Reconstruction
from maquette.structures.views import Views
from maquette.systems.frustum.recipes import best
from maquette.utils import ico_sphere
from mesh_draws import at

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "mesh_rcnn" / "evaluation.npz")
NAMES = {"Chamfer-L2": "chamfer", "NormalConsistency": "normal", "AbsNormalConsistency": "abs_normal"}
CLASSES = {
    "02691156": "plane",
    "02828884": "bench",
    "02933112": "cabinet",
    "02958343": "car",
    "03001627": "chair",
    "03211117": "monitor",
    "03636649": "lamp",
    "03691459": "speaker",
    "04090263": "firearm",
    "04256520": "couch",
    "04379243": "table",
    "04401088": "cellphone",
    "04530566": "watercraft",
}
TABLES = {
    "scale_normalised": (MESHRCNN, ("chamfer", "abs_normal", "f1@0.1", "f1@0.3", "f1@0.5")),
    "p2m": (P2M, ("chamfer", "abs_normal", "f1@0.01", "f1@0.014142")),
}


def stored(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


def instances(table: str, protocol: MeshProtocol) -> dict[str, torch.Tensor]:
    """Measures of all stored instances, at the stored points."""
    size, faces = int(GOLDEN["batch_size"]), stored("faces").long()
    parts = []
    for first in range(0, len(GOLDEN["synsets"]), size):
        numbers = range(first, first + size)
        both = (
            Meshes([stored(f"{kind}/{i}/verts") for i in numbers], [faces] * size) for kind in ("pred", "gt")
        )
        points = []
        for draw, mesh in enumerate(scaled(*both, protocol.scale), 2 * first // size):
            points += at(mesh, stored(f"{table}/draw{draw}/face"), stored(f"{table}/draw{draw}/uv"))
        p, p_normals, q, q_normals = points
        thresholds = (0.1, 0.2, 0.3, 0.4, 0.5) if table != "p2m" else protocol.thresholds
        parts.append(compare_points(p, q, thresholds, p_normals, q_normals))
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(
        found.double(), wanted.double(), rtol=1e-5, atol=1e-5 * float(wanted.abs().max())
    )


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_the_released_code(table: str) -> None:
    protocol, columns = TABLES[table]
    found = instances(table, protocol)
    prefix = f"{table}/per_instance/"
    told = {key.removeprefix(prefix): key for key in GOLDEN.files if key.startswith(prefix)}
    for name, key in told.items():
        word, _, threshold = name.partition("@")
        close(found[f"{word.lower()}@{float(threshold):g}" if threshold else NAMES[name]], stored(key))
    assert len(told) == len(found)

    categories = [CLASSES[synset] for synset in GOLDEN["synsets"]]
    rows = [
        Row(Entry(str(i), category, "test"), 1, {name: float(found[name][i]) for name in found})
        for i, category in enumerate(categories)
    ]
    whole = protocol.summarise(rows)
    lines = dict(zip(GOLDEN[f"{table}/table_rows"], GOLDEN[f"{table}/table_values"], strict=True))
    for k, column in enumerate(columns, 1):
        assert whole[column]["class_mean"] == pytest.approx(lines["total"][k], rel=1e-5)
        assert whole[column]["sample_mean"] == pytest.approx(lines["per-instance"][k], rel=1e-5)
        for category in set(categories):
            own = protocol.summarise([row for row in rows if row.entry.category == category])
            assert own[column]["class_mean"] == pytest.approx(lines[category][k], rel=1e-5, abs=1e-7)
    assert {row: int(lines[row][0]) for row in lines}["total"] == len(rows)


def test_every_number_of_a_class_is_one_of_the_table() -> None:
    for protocol, columns in TABLES.values():
        assert set(columns) <= {measure.name for measure in protocol.measures}
        assert protocol.headline.name.startswith("f1@")


@dataclass
class Oracle:
    """Knows the shapes, in one frame or the other, in some unit of length."""

    meshes: list[Meshes]
    frame: str = "camera"
    size: float = 1.0
    unit: float | None = 1.0

    def reconstruct(self, pictures: Views) -> list[Reconstruction]:
        mesh = self.meshes.pop(0)
        if self.frame == "camera":
            mesh = to_camera_frame(mesh, pictures.cameras).scale_verts(self.size)
        return [Reconstruction(mesh, self.frame, unit=self.unit)]


@pytest.fixture(scope="module")
def source() -> DrawnViews:
    return DrawnViews(pack_families(3, 3), best().views, truth=P2M.needs)


def scores(source: DrawnViews, protocol: MeshProtocol, **how) -> dict[str, float]:
    shapes = [source.pack.meshes([i])[0] for i in range(3)]
    split = source.entries[0].split
    places = [i for i, entry in enumerate(source.entries) if entry.split == split]
    system = Oracle([shapes[i] for i in places], **how)
    found = evaluate(system, source, protocol, split, cases=0)
    return {m.name: sum(found.values(1, m.name)) / len(places) for m in protocol.measures}


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"frame": "object", "unit": None},
        {"size": 3.0, "unit": 3.0},
    ],
    ids=["camera", "object", "another unit"],
)
def test_the_truth_differs_by_its_samples_alone(source: DrawnViews, how: dict) -> None:
    found = scores(source, P2M, **how)
    assert found["chamfer"] < 0.2
    assert found["f1@0.014142"] > 95
    assert found["abs_normal"] > 0.8  # legs thinner than the gaps between points
    assert scores(source, MESHRCNN, **how)["f1@0.5"] > 99.9


def test_nothing_is_fitted(source: DrawnViews) -> None:
    assert scores(source, P2M, size=1.3)["f1@0.014142"] < 20


def test_a_mesh_of_unknown_unit_lies_as_far_away_as_the_object(source: DrawnViews) -> None:
    """The middle of its box counts for that: not quite the origin, seen from a side."""
    told, whole = scores(source, P2M, size=7.0, unit=None), scores(source, P2M)
    assert told["f1@0.014142"] > 0.5 * whole["f1@0.014142"]


def test_pictures_and_models_are_in_the_object_frame(source: DrawnViews) -> None:
    shape = source.pack.meshes([0])
    split = source.entries[0].split
    oracle = Oracle([shape[0]] * 9, unit=1.0)
    case = evaluate(oracle, source, MESHRCNN, split, cases=1).cases[-1]
    (_, made), (_, true) = MESHRCNN.models(case)
    assert made.verts_packed().abs().amax() < 0.6
    assert len(MESHRCNN.pictures(case)) == 4
    assert true.verts_packed().abs().amax() < 0.6


def test_there_and_back() -> None:
    camera = r2n2_views(1, 4)
    ball = ico_sphere(1)
    there = to_camera_frame(ball, camera)
    torch.testing.assert_close(from_camera_frame(there, camera).verts_packed(), ball.verts_packed())
    middle = there.verts_packed().mean(0)
    torch.testing.assert_close(middle, camera.T[0], atol=1e-5, rtol=0)
    assert middle[2] > 1
    half = Reconstruction(there.scale_verts(0.5), "camera")
    torch.testing.assert_close(
        in_camera_frame(half, camera).verts_packed(), there.verts_packed(), atol=1e-3, rtol=0
    )


def test_what_a_protocol_fixes_is_told() -> None:
    assert PROTOCOLS["p2m"].settings() == {"scale": 0.57, "points": 10_000, "thresholds": [0.01, 0.014142]}
    assert PROTOCOLS["meshrcnn"].settings()["scale"] == "gt-10"
    assert dict(P2M.fixed())["thresholds"] == "< 0.01, < 0.014142"
