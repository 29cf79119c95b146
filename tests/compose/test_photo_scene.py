"""From plain pictures to a folder with cameras and masks: by silhouettes, and what happens without the rest."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import maquette.compose.photo_scene as photo_scene_module
from maquette.compose.photo_scene import SceneOptions, photo_scene
from maquette.compose.photo_target import frames_of, photo_target, remarks_of
from maquette.compose.scene_masks import mask_scene
from maquette.io import load_mask, read_cameras, save_image
from maquette.io.camera_folder import write_camera_folder
from maquette.io.camera_views import cameras_from_views
from maquette.io.cameras_json import write_cameras
from maquette.io.cameras_parse import CamerasData, ViewData
from maquette.io.colmap_model import SparsePoints
from maquette.io.errors import BadInput
from maquette.poses.compared import rotation_error
from maquette.poses.wanted import FoundCameras, TooFewPlaced
from turning_thing import FOV, QUICK, VIEWS, turning_thing

BY_OUTLINES = SceneOptions("silhouettes", QUICK, fov=FOV)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A red thing before white."""
    folder = tmp_path_factory.mktemp("photos")
    masks, _ = turning_thing()
    colours = torch.where(masks[:, None] > 0.5, torch.tensor([0.7, 0.2, 0.1]).view(3, 1, 1), 0.95)
    files = [folder / f"{i}.png" for i in range(VIEWS)]
    for file, picture in zip(files, colours, strict=True):
        save_image(picture, file)
    return files


@pytest.fixture(scope="module")
def scene(photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("scene") / "scene"
    return folder, photo_scene(photos, [None] * VIEWS, folder, options=BY_OUTLINES)


def test_cameras_by_silhouettes(scene: tuple[Path, dict]) -> None:
    folder, report = scene
    assert {
        "cameras.json",
        "images",
        "masks",
        "report.json",
        "cameras.png",
        "cameras.html",
        "points.ply",
    } == {path.name for path in folder.iterdir()}
    assert (report["source"], report["placed"], report["fov_is_known"]) == ("silhouettes", VIEWS, True)
    assert {one["by"] for one in report["masks"]} == {"plain"}
    file = read_cameras(folder / "cameras.json")
    cameras = cameras_from_views(file.views)
    masks, R = turning_thing()
    assert rotation_error(cameras.R.float(), R).median() < 6
    assert torch.equal(load_mask(file.views[2].mask)[0], masks[2] > 0.5)
    origin = cameras.transform_points_screen(torch.zeros(1, 3), image_size=((64, 64),))[..., :2].reshape(
        -1, 2
    )
    assert ((origin - 32).abs() < 12).all()


def test_without_matches_silhouettes_are_taken(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, options = [], SceneOptions(None, QUICK, fov=FOV)
    monkeypatch.setattr(photo_scene_module, "find_spec", lambda name: None)
    report = photo_scene(photos[:3], [None] * 3, tmp_path / "a", options=options, say=said.append)
    assert report["source"] == "silhouettes"
    assert "is not installed" in said[0]
    with pytest.raises(BadInput, match="two pictures"):
        photo_scene(photos[:2], [None] * 2, tmp_path / "c", options=options)

    def few(pictures: list[Path], masks: list[None], folder: Path, *_: object) -> None:
        (folder / "images").mkdir()
        raise TooFewPlaced(pictures[0].parent, "only 2 of 3 pictures could be placed")

    monkeypatch.setattr(photo_scene_module, "find_spec", lambda name: object())
    monkeypatch.setattr(photo_scene_module, "find_cameras", few)
    report = photo_scene(photos[:3], [None] * 3, tmp_path / "b", options=options, say=said.append)
    assert report["source"] == "silhouettes"
    assert said[1] == "only 2 of 3 pictures could be placed; cameras are told by silhouettes"
    with pytest.raises(TooFewPlaced):
        photo_scene(photos[:3], [None] * 3, tmp_path / "c", options=SceneOptions("sfm"))
    assert not (tmp_path / "c").exists()


def test_nothing_here_imports_pycolmap() -> None:
    program = (
        "import sys; sys.modules['pycolmap'] = None\n"
        "import maquette.cli.cameras, maquette.compose.photo_target, maquette.poses.outlines"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_pictures_get_masks_once(scene: tuple[Path, dict]) -> None:
    folder, _ = scene
    path = folder / "cameras.json"
    file = read_cameras(path)
    before = path.read_text()
    lost = [view.mask for view in file.views][3]
    views = [
        view if i != 3 else type(view)(**{**vars(view), "mask": None}) for i, view in enumerate(file.views)
    ]
    write_cameras(type(file)(tuple(views), file.bounds, file.up), path)
    found = mask_scene(folder).found
    assert [one.how for one in found] == ["given"] * 3 + ["plain"] + ["given"] * 4
    again = read_cameras(path)
    assert (load_mask(again.views[3].mask) ^ load_mask(lost)).float().mean() < 0.02
    path.write_text(before)


def test_a_target_of_photos_has_all_masks_and_says_how(photos: list[Path], tmp_path: Path) -> None:
    made = photo_target(photos[:4], tmp_path / "scene", BY_OUTLINES)
    assert [one["by"] for one in made.report["masks"]] == ["plain"] * 4
    assert all(view.mask is not None for view in read_cameras(made.folder / "cameras.json").views)
    assert json.loads((made.folder / "report.json").read_text())["masks"] == made.report["masks"]


def test_cameras_of_few_pictures_that_contradict_the_masks_are_told_by_silhouettes(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What matches in three pictures from all around is chance: all cameras are one beside the other."""

    def chance(
        pictures: list[Path], masks: list[None], folder: Path, to: str, *_: object, **__: object
    ) -> FoundCameras:
        K, R = np.array([[60.0, 0, 32], [0, 60.0, 32], [0, 0, 1]]), np.eye(3)
        views = [
            ViewData(file, None, 64, 64, K, R, np.array([3.0 * i, 0, 2.7])) for i, file in enumerate(pictures)
        ]
        data = CamerasData(tuple(views), None, "+Y")
        write_camera_folder(data, folder, "json", None, lambda done: None)
        return FoundCameras(data, SparsePoints(), {"pictures": 3, "placed": 3, "not_placed": []})

    monkeypatch.setattr(photo_scene_module, "find_spec", lambda name: object())
    monkeypatch.setattr(photo_scene_module, "find_cameras", chance)
    few, said = [photos[0], photos[3], photos[6]], []
    made = photo_target(few, tmp_path / "a", replace(BY_OUTLINES, by=None), say=said.append)
    assert made.report["source"] == "silhouettes"
    assert said == ["cameras by what few pictures share do not tell the shape; they are told by silhouettes"]
    made = photo_target(few, tmp_path / "b", replace(BY_OUTLINES, by="sfm"))  # somebody insists
    assert made.report["source"] == "structure from motion"
    assert "cameras and masks contradict each other" in "\n".join(made.remarks)


def test_what_a_person_should_know() -> None:
    masks = [{"by": "network", "confidence": 0.1}, {"by": "plain", "confidence": 0.9}]
    report = {"masks": masks, "not_placed": ["a.png"], "rivals": [1], "fit_badly": ["b.png"]} | {
        "left_out": ["c.png"],
        "masks_agree": False,
        "sizes": 2,
        "fov_is_known": False,
        "fov_deg": 45.0,
        "up_is_sure": False,
        "sideways": True,
        "source": "silhouettes",
    }
    said = "\n".join(remarks_of(report))
    for words in (
        "could not place a.png",
        "wrong way around",
        "b.png",
        "1 of 2 masks are doubtful",
        "a field of view of 45 degrees is supposed",
        "which way is up",
        "lie on their side",
        "of 2 sizes; supposed is one field of view for all",
        "contradict the others: c.png",
        "cameras and masks contradict",
    ):
        assert words in said
    assert not list(remarks_of({"masks": masks[1:]}))


def test_a_picture_without_an_object_leaves_no_scene(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(folder: Path, *_: object) -> None:
        raise BadInput(folder, "no object was found")

    monkeypatch.setattr("maquette.compose.photo_target.mask_scene", nothing)
    with pytest.raises(BadInput, match="no object"):
        photo_target(photos[:3], tmp_path / "scene", BY_OUTLINES)
    assert not (tmp_path / "scene").exists()


def test_frames_of_a_video(photos: list[Path], tmp_path: Path) -> None:
    video = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 64))
    for i in range(6):
        writer.write(np.random.default_rng(i).integers(0, 255, (64, 64, 3), np.uint8))
    writer.release()
    with frames_of([video], 4) as files:
        assert len(files) == 4
        assert all(file.is_file() for file in files)
    assert not files[0].exists()
    with frames_of(photos) as files:
        assert files == photos


def test_what_is_refused(photos: list[Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="three pictures"):
        photo_scene(photos[:2], [None] * 2, tmp_path / "s", options=BY_OUTLINES)
    save_image(torch.full((3, 64, 64), 0.5), tmp_path / "grey.png")
    with pytest.raises(BadInput, match="no object"):
        photo_scene([*photos[:2], tmp_path / "grey.png"], [None] * 3, tmp_path / "s", options=BY_OUTLINES)
    assert not (tmp_path / "s").exists()
