"""Protocols `occlusion` and `occlusion-masked`: the same objects, less and less of which can be seen."""

import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.hidden_views import HiddenViews, views_of
from maquette.data.views_config import ViewsConfig
from maquette.evaluate import evaluate
from maquette.io.errors import BadInput
from maquette.metrics.averages import averages
from maquette.metrics.protocols import PROTOCOLS
from maquette.metrics.protocols.occlusion import SHARES
from maquette.metrics.voxel_iou import voxel_iou
from maquette.report.evaluation_page import evaluation_page
from maquette.report.numbers import numbers_of
from maquette.structures.reconstruction import Reconstruction
from tests.data.pack_shapes import small_pack
from voxel_fakes import BoxSource

CONFIG = ViewsConfig(size=32, render_size=32)
OCCLUSION, MASKED = PROTOCOLS["occlusion"], PROTOCOLS["occlusion-masked"]


@pytest.fixture(scope="module")
def source() -> DrawnViews:
    return DrawnViews(small_pack(), CONFIG, truth=OCCLUSION.needs)


class Brightness:
    """Says that the columns of cells are solid whose pixels are dark."""

    threshold = 0.7

    def occupancies(self, images, counts):
        dark = (images[:, 0].mean(1) < 0.75).float()
        return 0.5 + 0.3 * dark.flip(1).transpose(1, 2)[None, ..., None].expand(len(counts), -1, -1, -1, 32)


class Knowing:
    """Gives the true mesh in the camera frame, or finds nothing in what is hidden for the most part."""

    def __init__(self, source: DrawnViews) -> None:
        self.source, self.calls = source, 0

    def reconstruct(self, pictures):
        share = SHARES[self.calls % len(SHARES)]
        self.calls += 1
        if share > 0.5:
            raise BadInput("the picture", "shows nothing")
        mesh = self.source.pack.meshes([9])
        camera = pictures.cameras
        return [Reconstruction(mesh.update_padded(mesh.verts_padded() @ camera.R[0] + camera.T[0]), "camera")]


def test_pictures_of_each_share_in_turn(source: DrawnViews) -> None:
    hidden = HiddenViews(source, SHARES, "pieces")
    batch = hidden.held_batch([1, 9], 2)
    assert batch.images.shape == (2, 8, 3, 32, 32)
    torch.testing.assert_close(
        batch.truth.occlusion, torch.tensor(SHARES).repeat_interleave(2).expand(2, 8), atol=0.02, rtol=0
    )
    for k, share in enumerate(SHARES):
        part, alone = views_of(batch, slice(2 * k, 2 * k + 2)), source.hiding(share).held_batch([1, 9], 2)
        assert torch.equal(part.images, alone.images)
        assert torch.equal(part.cameras, alone.cameras)
        assert torch.equal(part.voxels, alone.voxels)
        assert torch.equal(part.truth.windows, alone.truth.windows)
    assert torch.equal(hidden.held_batch([9], 1).images[0, 1], batch.images[1, 2])
    assert (hidden.entries, hidden.provides, hidden.view_count(0)) == (source.entries, source.provides, None)
    assert torch.equal(hidden.training_batch(1, 2, 1).images, source.training_batch(1, 2, 1).images)


@pytest.mark.parametrize("protocol", [OCCLUSION, MASKED], ids=lambda p: p.name)
def test_solid_cells_at_the_systems_own_threshold(source: DrawnViews, protocol) -> None:
    found = evaluate(Brightness(), source, protocol, device="cpu")
    kind = protocol.settings()["occluder"]
    for share in SHARES:
        images = source.hiding(share, kind).held_batch([9], 1).images
        solid = Brightness().occupancies(images, (1,))[0] >= 0.7
        free = source.hiding(share, kind).held_batch([9], 1).truth.masks[:, :, 0] == 0
        grey = (images - 240 / 255).abs().amax(2)[free].amax() < 1e-5
        assert grey == (kind == "erased" or share == 0)
        expected = voxel_iou(solid, source.pack.solid(torch.tensor([9])))
        assert found.values(1, f"iou@{100 * share:.0f}") == pytest.approx(expected.tolist())
    assert found.rows[1][0].kept == pytest.approx(SHARES, abs=0.02)


def test_meshes_are_scored_where_they_were_seen(source: DrawnViews) -> None:
    found = evaluate(Knowing(source), source, OCCLUSION, device="cpu", cases=1)
    values = found.rows[1][0].values
    for share in (0, 20, 40):
        assert values[f"iou@{share}"] > 0.6
        assert values[f"f1@{share}"] > 0.5
    assert values["iou@60"] == values["f1@60"] == 0


def test_numbers_page_and_terminal(source: DrawnViews) -> None:
    found = evaluate(Brightness(), source, OCCLUSION, split="train", device="cpu", cases=1)
    numbers = numbers_of(found, {"system": "fake"})
    rows = numbers["occlusion"]["shares"]
    assert [row["share"] for row in rows] == list(SHARES)
    means = averages(found.values(1, "iou@20"), [entry.category for entry in found.entries])
    assert rows[1]["iou"] == {"sample_mean": means.sample_mean, "class_mean": means.class_mean}
    assert rows[2]["reached"] == pytest.approx(0.4, abs=0.02)
    lines = OCCLUSION.remarks(numbers)
    assert len(lines) == 5
    assert f"{rows[3]['iou']['sample_mean']:.3f}" in lines[4]
    page = evaluation_page(found, numbers)
    assert "The more is hidden" in page
    assert "predicted, 60 % hidden" in page
    case = found.cases[0]
    assert len(OCCLUSION.pictures(case)) == len(SHARES)
    assert [name for name, _ in OCCLUSION.models(case)] == ["predicted", "target"]


def test_sources_that_cannot_hide_anything() -> None:
    with pytest.raises(ValueError, match=r"has no .*occlusion"):
        evaluate(Brightness(), BoxSource({"test": 2}), OCCLUSION)
    with pytest.raises(ValueError, match="needs pictures that are drawn"):
        OCCLUSION.prepared(BoxSource({"test": 2}))
