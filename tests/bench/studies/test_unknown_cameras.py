"""The study of unknown cameras: found worlds are brought into the true one, and rows are measured once."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from maquette.bench.studies import unknown_cameras
from maquette.io import save_mesh
from maquette.io.errors import BadInput
from maquette.poses.cube_fit import FoundPoses
from maquette.structures import join_meshes_as_scene
from maquette.transforms import random_rotations
from maquette.utils import ico_sphere


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    ball = ico_sphere(1)
    parts = [ball.scale_verts(0.4), ball.scale_verts(0.2).offset_verts(torch.tensor([0.0, 0.3, 0.4]))]
    save_mesh(join_meshes_as_scene(parts, include_textures=False), tmp_path / "shapes" / "bird.ply")
    (tmp_path / "shapes" / "MANIFEST.csv").write_text("file,category,split\nbird.ply,bird,test\n")
    out = str(tmp_path / "numbers.json")
    return ["--shapes", str(tmp_path / "shapes"), "--views", "8", "--json", out, "--share", "0.05"]


def _turned(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cameras are found, but of a world that is turned, larger and off."""
    turn, scale, shift = random_rotations(1)[0], 1.3, torch.tensor([0.1, 0.2, -0.1])

    def found(masks: Any, images: Any, config: Any) -> list[FoundPoses]:
        asked.append("turntable" if config.turntable else "hand")
        true = unknown_cameras.take(meshes[-1], len(masks), asked[-1])
        T = scale * (true.T + shift @ true.R)
        return [FoundPoses(turn @ true.R, T, 40.0, 0.1, torch.ones(len(masks)), torch.zeros(0, 3))]

    meshes: list[Any] = []
    take = unknown_cameras.take

    def remembered(mesh: Any, views: int, kind: str) -> unknown_cameras.Taken:
        meshes.append(mesh)
        return take(mesh, views, kind)

    monkeypatch.setattr(unknown_cameras, "take", remembered)
    monkeypatch.setattr(unknown_cameras, "poses_from_silhouettes", found)


def test_a_world_that_is_turned_scaled_and_moved(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    _turned(asked, monkeypatch)
    numbers = unknown_cameras.main([*words, "--molded", "8"])
    assert asked == ["turntable", "hand"]
    for row in numbers["rows"]:
        assert row["degrees"] < 0.1
        assert row["unseen_iou_known"] > 0.85
        assert row["unseen_iou"] == pytest.approx(row["unseen_iou_known"], abs=0.03)
    assert [one["at_least_85"] for one in numbers["summary"]] == [1, 1]


def test_rows_are_measured_once(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    _turned(asked, monkeypatch)
    first = unknown_cameras.main([*words, "--molded", "--kinds", "hand"])
    assert "unseen_iou" not in first["rows"][0]
    assert unknown_cameras.main([*words, "--molded", "--kinds", "hand"])["rows"] == first["rows"]
    assert asked == ["hand"]
    unknown_cameras.main([*words, "--molded", "8", "--kinds", "hand"])  # it was not molded yet
    assert asked == ["hand", "hand"]
    rows = json.loads(Path(words[words.index("--json") + 1]).read_text())["rows"]
    assert len(rows) == 1
    assert "unseen_iou" in rows[0]
    with pytest.raises(BadInput, match=r"was measured with share 0\.05, not 0\.1"):
        unknown_cameras.main([*words, "--share", "0.1"])
