"""Protocol `pix3d`: the made-up data set of the released code's evaluation, and guesses."""

from typing import Any

import pytest
import torch

from golden_pix3d import pix3d_golden
from maquette.data.batch import Batch, Entry, PictureObjects, Truth
from maquette.data.pix3d_files import WRONG_MASKS
from maquette.metrics.protocols import PROTOCOLS
from maquette.metrics.protocols.face import Case, Clock, Row
from maquette.metrics.protocols.pix3d import PIX3D, Kept, brought, judged, mesh_f1, precisions
from maquette.metrics.protocols.pix3d_guesses import in_box, training_means
from maquette.ops.box_frustum import BoxFrustums
from maquette.structures import Meshes
from maquette.structures.reconstruction import Reconstruction


class Stored:
    """A system that finds what was stored for the one picture at hand, wherever it likes to put it."""

    def __init__(self, data: dict[str, Any], i: int, distance: float) -> None:
        self.data, self.prefix, self.distance = data, f"prediction/{i}/", distance
        self.names = [str(name) for name in data["category_names"]]

    def detect(self, pictures: Any) -> list[Reconstruction]:
        data, prefix = self.data, self.prefix
        boxes, faces = data[prefix + "boxes"], data["gt_model/faces"].long()
        f, cx, cy = data["image/0/K"].float()
        cameras = torch.stack([f, f, cx, cy]).expand(len(boxes), -1)
        extents = data[prefix + "dz"][:, 0] * (boxes[:, 3] - boxes[:, 1]) / f / 2
        depths = self.distance * torch.stack([1 - extents, 1 + extents], 1)
        verts = BoxFrustums.behind(boxes, cameras, depths).out_of_cubes(data[prefix + "verts"])
        return [
            Reconstruction(
                Meshes([verts[k]], [faces]),
                "camera",
                box=boxes[k],
                mask=data[prefix + "masks"][k][None].float(),
                label=self.names[int(data[prefix + "classes"][k])],
                score=float(data[prefix + "scores"][k]),
                facts={"distance": self.distance},
            )
            for k in range(len(boxes))
        ]


def truth_of(data: dict[str, Any], i: int) -> PictureObjects:
    prefix = f"image/{i}/"
    x, y, w, h = data[prefix + "bbox_xywh"].float()
    f, cx, cy = data[prefix + "K"].float()
    verts = data["gt_model/verts"] @ data[prefix + "R"].T + data[prefix + "t"]
    return PictureObjects(
        boxes=torch.stack([x, y, x + w, y + h])[None],
        labels=data[prefix + "category"].long()[None],
        masks=data[prefix + "mask"][None].bool(),
        meshes=Meshes([verts], [data["gt_model/faces"].long()]),
        camera=torch.stack([f, f, cx, cy]),
    )


@pytest.fixture(scope="module")
def scored() -> tuple[dict[str, Any], list[Row]]:
    data = pix3d_golden("ap")
    names = [str(name) for name in data["category_names"]]
    rows = []
    for i in range(7):
        file = str(data[f"image/{i}/file_name"])
        if file in WRONG_MASKS:
            continue
        truth = truth_of(data, i)
        batch = Batch(torch.zeros(1, 1, 3, 48, 64), torch.tensor([i]), Truth(objects=(truth,)))
        entry = Entry(file, names[int(data[f"image/{i}/category"]) - 1], "test")
        rows += PIX3D.rows(Stored(data, i, 0.5 + i), batch, [entry], [1], 0, Clock("cpu"))
    return data, rows


def test_released_code(scored: tuple[dict[str, Any], list[Row]]) -> None:
    data, rows = scored
    assert len(rows) == 6
    assert data["filter_iou_iou_thresh"].tolist() == [PIX3D.settings()["overlap"], PIX3D.settings()["enough"]]
    means = PIX3D.summarise(rows)
    by_class = precisions(rows)
    names = [str(name) for name in data["category_names"]]
    for kind in ("box", "mask", "mesh"):
        assert abs(means[f"{kind}_ap"]["mean"] / 100 - float(data[f"result/{kind}_ap@0.5"])) < 1e-4
        for name in names:
            stored = data.get(f"result/{kind}_ap@0.5 - {name}")
            assert (stored is None) == (name not in by_class)  # classes without an object are left out
            if stored is not None:
                assert abs(by_class[name][kind] / 100 - float(stored)) < 1e-4


def test_no_other_mean_is_told_than_there_is() -> None:
    told = dict(PIX3D.facts("test", [1]))["averaging"]
    assert told == PIX3D.averaging
    assert "sample mean" not in told
    assert "sample mean" in dict(PROTOCOLS["viewer"].facts("test", [1]))["averaging"]


def test_f1_of_the_released_code(scored: tuple[dict[str, Any], list[Row]]) -> None:
    """Of detections of the right class that overlap enough, in the order of the file; its samples were others."""
    data, _ = scored
    stored, margin = data["f1_at_0.3_percent_sampled"], float(data["f1_margin_percent"])
    every = []
    for i in range(7):
        truth = truth_of(data, i)
        made = Stored(data, i, 2.0).detect(None)
        if str(data[f"image/{i}/file_name"]) not in WRONG_MASKS:
            every += [100 * mesh_f1(brought(one, truth).mesh, truth.meshes, 0) for one in made]
    assert len(every) == len(stored)
    assert max(abs(a - b) for a, b in zip(every, stored.tolist(), strict=True)) < 2
    assert min(abs(value - 50) for value in every) > margin - 2


def test_a_system_that_finds_nothing_scores_nothing() -> None:
    class Nothing:
        def detect(self, pictures: Any) -> list[Reconstruction]:
            return []

    truth = truth_of(pix3d_golden("ap"), 0)
    batch = Batch(torch.zeros(1, 1, 3, 48, 64), torch.tensor([0]), Truth(objects=(truth,)))
    rows = PIX3D.rows(Nothing(), batch, [Entry("a", "bed", "test")], [1], 0, Clock("cpu"))
    assert rows[0].kept.found == []
    assert all(value["mean"] == 0 for value in PIX3D.summarise(rows).values())


def test_the_true_object_is_right_and_guesses_are_measured() -> None:
    data = pix3d_golden("ap")
    truth = truth_of(data, 0)
    true = Reconstruction(
        truth.meshes.scale_verts(3.0),
        "camera",
        box=truth.boxes[0],
        mask=truth.masks.float(),
        label="bed",
        score=0.5,
    )
    found, f1 = judged([true], truth, "bed", 0)
    assert found[0].hits == (True, True, True)
    assert f1 > 95
    _, again = judged([true, true], truth, "bed", 0)
    assert again == f1
    assert [one.hits for one in judged([true, true], truth, "bed", 0)[0]] == [(True,) * 3, (False,) * 3]

    class Source:
        entries = (Entry("a", "bed", "train"), Entry("b", "bed", "test"))
        provides = frozenset({"objects"})

        def view_count(self, index: int) -> int:
            return 1

        def training_batch(
            self, step: int, count: int, views: int, part: Any = (0, 1), device: str = "cpu"
        ) -> Batch:
            raise NotImplementedError

        def held_batch(self, indices: list[int], views: int, device: str) -> Batch:
            points = (truth.meshes.verts_packed(),)
            known = PictureObjects(
                truth.boxes, truth.labels, meshes=truth.meshes, points=points, camera=truth.camera
            )
            return Batch(torch.zeros(1, 1, 3, 48, 64), torch.tensor([0]), Truth(objects=(known,)))

    assert set(training_means(Source(), {"bed", "desk"})) == {"bed"}
    rows = [Row(Source.entries[1], 1, {"f1": f1}, Kept(found, truth))]
    beyond = PIX3D.beyond(rows, Source(), "test", 0)
    assert beyond["classes"]["bed"]["views"]["1"]["mesh_ap"] == 100
    controls = beyond["controls"]
    assert controls["mean"]["f1"] > controls["full"]["f1"]
    assert any("mesh AP" in line for line in PIX3D.remarks({"controls": controls}))
    assert len(PIX3D.sections({"controls": controls})[0].rows) == 2


def test_a_full_box_fills_the_true_one() -> None:
    truth = truth_of(pix3d_golden("ap"), 0)
    verts = in_box(torch.ones(24, 24, 24), 0.5, truth).verts_packed()
    f, _, cx, cy = truth.camera.tolist()
    columns, rows = cx - 1 - f * verts[:, 0] / verts[:, 2], cy - 1 - f * verts[:, 1] / verts[:, 2]
    left, top, right, bottom = truth.boxes[0].tolist()
    cell = max(right - left, bottom - top) / 23
    for values, low, high in ((columns, left, right), (rows, top, bottom)):
        assert low - 1.1 * cell < float(values.min()) <= low + cell
        assert high - cell < float(values.max()) < high + 1.1 * cell


def test_pictures_of_a_case() -> None:
    data = pix3d_golden("ap")
    truth = truth_of(data, 0)
    batch = Batch(torch.rand(1, 1, 3, 48, 64), torch.tensor([0]), Truth(objects=(truth,)))
    made = PIX3D.predict(Stored(data, 0, 4.0), batch)
    shown = PIX3D.pictures(Case("best", Entry("a", "bed", "test"), 1.0, batch, made))
    assert len(shown) == 4
    assert all(picture.shape == (3, 48, 64) for _, picture in shown)
    assert not torch.equal(shown[0][1], batch.images[0, 0])
    assert "pix3d" in PROTOCOLS
