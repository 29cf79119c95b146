"""Pictures of a drawn room as somebody with a telephone takes them, with what is true of them kept aside."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...io import CameraFile, CameraView, cameras_from_views, save_image
from ...io.cameras_json import write_cameras
from ...io.mesh_write import save_mesh
from ...renderer import MeshRasterizer, RasterizationSettings
from ...structures import Meshes
from .drawn_rooms import TEXELS, Room, SceneKind, make_room

LONGER, SHORTER = 1500, 1125  # pixels
_FOV = 62.0  # degrees along the longer side
_SAMPLES = 2  # along each side of a pixel
_NEAR = 0.1
_LAMP = (0.45, 1.0, 0.3)  # from where light falls, as far as it has a direction
_AMBIENT = 0.6
_SHADE, _REACH, _BIAS = 2048, 2.2, 0.01  # pixels and half side of the map of shadows, and its least depth
_ROWS = 256  # of samples that are coloured at once
_EXIF, _FOCAL_IN_35_MM = 0x8769, 0xA405

Array = np.ndarray


@dataclass(frozen=True)
class Taken:
    """A folder of pictures, and one with what is true: `cameras.json`, masks and `object.ply`."""

    pictures: Path
    truth: Path


def take_pictures(
    kind: SceneKind, folder: Path, count: int = 12, seed: int = 0, longer: int = LONGER
) -> Taken:
    """Draw a room and write pictures of it, seen along an uneven ring around its object.

    Args:
        kind: of scene.
        folder: for `photos/` and `truth/`; what is there already is left as it is.
        count: of pictures.
        seed: of all that is drawn.
        longer: pixels of the longer side.
    """
    taken = Taken(folder / "photos", folder / "truth")
    if (taken.truth / "cameras.json").is_file():
        return taken
    room = make_room(kind, seed)
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    views = hand_held(kind, count, rng, longer)
    (taken.truth / "masks").mkdir(parents=True, exist_ok=True)
    taken.pictures.mkdir(parents=True, exist_ok=True)
    drawn, kept = _Drawn(room), []
    for i, view in enumerate(views):
        colours, mask = drawn.seen(view)
        name = f"IMG_{2040 + i}.jpg"
        _save(_photographed(colours, rng), taken.pictures / name, kind, rng)
        file = taken.truth / "masks" / f"{name}.png"
        save_image(torch.from_numpy(mask)[None], file)
        kept.append(CameraView(taken.pictures / name, file, view.width, view.height, view.K, view.R, view.t))
    thing = room.things[0]
    mesh = Meshes([torch.from_numpy(thing.verts).float()], [torch.from_numpy(thing.faces)])
    save_mesh(mesh, taken.truth / "object.ply")
    write_cameras(CameraFile(tuple(kept)), taken.truth / "cameras.json")
    return taken


def hand_held(
    kind: SceneKind, count: int, rng: np.random.Generator, longer: int = LONGER
) -> list[CameraView]:
    """Cameras around the origin: distances, heights and aims differ, the ring is uneven, hands are not level."""
    width, height = longer, round(longer * SHORTER / LONGER)
    if kind.upright:
        width, height = height, width
    focal = longer / 2 / np.tan(np.radians(_FOV) / 2)
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    views, wave = [], rng.uniform(0, 2 * np.pi)
    for i in range(count):
        azimuth = np.radians(360 * i / count + rng.normal(0, 5))
        up = np.radians(np.clip(27 + 10 * np.sin(2 * np.pi * i / count + wave) + rng.normal(0, 4), 8, 55))
        away = 1.5 * np.exp(rng.normal(0, 0.08))
        place = away * np.array([np.cos(up) * np.sin(azimuth), np.sin(up), np.cos(up) * np.cos(azimuth)])
        place[1] += 0.25
        R = _looking(place, np.array([0, 0.25, 0]) + rng.normal(0, 0.05, 3), np.radians(rng.normal(0, 3)))
        t = -R @ place
        views.append(CameraView(None, None, width, height, *(torch.from_numpy(x) for x in (K, R, t))))
    return views


def _looking(place: Array, at: Array, roll: float) -> Array:
    """World to camera, in OpenCV's axes."""
    ahead = (at - place) / np.linalg.norm(at - place)
    right = np.cross(ahead, (0, 1, 0))
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    c, s = np.cos(roll), np.sin(roll)
    return np.stack([c * right + s * down, c * down - s * right, ahead])


class _Drawn:
    """A room, ready to be looked at."""

    def __init__(self, room: Room):
        firsts = np.cumsum([0, *(len(thing.verts) for thing in room.things)])
        faces = np.concatenate([t.faces + at for t, at in zip(room.things, firsts, strict=False)])
        verts = np.concatenate([thing.verts for thing in room.things])
        local = np.concatenate([thing.local for thing in room.things])[faces]
        self._mesh = Meshes([torch.from_numpy(verts).float()], [torch.from_numpy(faces)])
        self._corners = torch.from_numpy(verts[faces]).float()
        self._normals = torch.nn.functional.normalize(_normals(self._corners), dim=1)
        facing = _normals(torch.from_numpy(local).float()).abs().argmax(1)
        across = torch.tensor([[2, 1], [0, 2], [0, 1]])[facing]
        self._uv = torch.from_numpy(local).float().gather(2, across[:, None].expand(-1, 3, -1))
        self._colours = torch.from_numpy(np.concatenate([thing.colours for thing in room.things])).float()
        counts = [len(thing.faces) for thing in room.things]
        self._covering = torch.from_numpy(np.repeat([t.covering for t in room.things], counts))
        self._strength = torch.from_numpy(np.repeat([t.strength for t in room.things], counts)).float()
        self._of_object = counts[0]
        self._coverings = torch.from_numpy(room.coverings)
        self._lamp = torch.nn.functional.normalize(torch.tensor(_LAMP), dim=0)
        self._lamp_view = _lamp_view(self._lamp)
        self._depth = self._rasterized(self._lamp_view, 1)[1]

    def seen(self, view: CameraView) -> tuple[Array, Array]:
        """Colours (H, W, 3) in [0, 1], and where the object is (H, W)."""
        which, _, weights = self._rasterized(view, _SAMPLES)
        rows = which.split(_ROWS), weights.split(_ROWS)
        colours = np.concatenate([self._shaded(a, b).numpy() for a, b in zip(*rows, strict=True)])
        inside = ((which >= 0) & (which < self._of_object)).float().numpy()
        size = view.width, view.height
        small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        return small, cv2.resize(inside, size, interpolation=cv2.INTER_AREA) >= 0.5

    def _rasterized(self, view: CameraView, samples: int) -> tuple[Tensor, Tensor, Tensor]:
        """Face, depth and weights of its corners at each sample."""
        size = samples * view.height, samples * view.width
        settings = RasterizationSettings(size, z_clip_value=_NEAR)
        found = MeshRasterizer(cameras_from_views([view]), settings)(self._mesh)
        return found.pix_to_face[0, ..., 0], found.zbuf[0, ..., 0], found.bary_coords[0, ..., 0, :]

    def _shaded(self, which: Tensor, weights: Tensor) -> Tensor:
        """Colours (h, W, 3) of samples; what no face covers is grey."""
        face = which.clamp(min=0)
        place = (weights[..., None] * self._corners[face]).sum(-2)
        uv = (weights[..., None] * self._uv[face]).sum(-2)
        texel = ((uv % 1) * TEXELS).long().clamp(0, TEXELS - 1)
        pattern = self._coverings[self._covering[face], texel[..., 1], texel[..., 0]]
        strength = self._strength[face][..., None]
        colours = (self._colours[face] * (1 - 0.2 * strength) + strength * (pattern - 0.5)).clamp(0.02, 1)
        turned = (self._normals[face] @ self._lamp).abs()
        lit = self._lit(place) * turned
        return torch.where((which >= 0)[..., None], colours * (_AMBIENT + 0.6 * lit)[..., None], 0.5).clamp(
            0, 1
        )

    def _lit(self, place: Tensor) -> Tensor:
        """How much of the lamp each place sees, in [0, 1]."""
        view = self._lamp_view
        there = place @ view.R.float().T + view.t.float()
        at = there[..., :2] / there[..., 2:] * view.K[0, 0].float() + _SHADE / 2
        total = torch.zeros(place.shape[:-1])
        for dx, dy in ((0, 0), (-3, 1), (3, -1), (1, 3), (-1, -3)):
            col, row = (
                (at[..., 0] + dx).long().clamp(0, _SHADE - 1),
                (at[..., 1] + dy).long().clamp(0, _SHADE - 1),
            )
            before = self._depth[row, col]
            total += (before < 0) | (there[..., 2] < before + _BIAS * there[..., 2].clamp(min=1))
        return total / 5


def _normals(corners: Tensor) -> Tensor:
    return torch.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], dim=1)


def _lamp_view(lamp: Tensor) -> CameraView:
    """A camera at the lamp, below the ceiling."""
    place = 2.1 * lamp.double().numpy()
    R = _looking(place, np.zeros(3), 0.0)
    focal = _SHADE / 2 / (_REACH / 2.1)
    K = np.array([[focal, 0, _SHADE / 2], [0, focal, _SHADE / 2], [0, 0, 1]])
    return CameraView(None, None, _SHADE, _SHADE, *(torch.from_numpy(x) for x in (K, R, -R @ place)))


def _photographed(colours: Array, rng: np.random.Generator) -> Array:
    """What a telephone makes of it: exposure, white balance, darker corners, blur, shake, noise."""
    height, width = colours.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    made = (
        colours
        * (1 - 0.12 * (x**2 + y**2) / 2)[..., None]
        * np.exp(rng.normal(0, 0.06))
        * np.exp(rng.normal(0, 0.02, 3))
    )
    made = cv2.GaussianBlur(np.asarray(made, np.float32), (0, 0), rng.uniform(0.5, 0.9))
    made = cv2.filter2D(made, -1, _shake(rng.uniform(0, 3), rng.uniform(0, np.pi)))
    noise = rng.standard_normal(made.shape, np.float32)
    noisy = made + noise * (0.006 + 0.012 * np.sqrt(made.clip(0, 1)))
    return np.asarray(noisy.clip(0, 1), np.float32)


def _shake(length: float, angle: float) -> Array:
    """A kernel of a straight move of so many pixels."""
    kernel = np.zeros((7, 7), np.float32)
    for step in np.linspace(-length / 2, length / 2, 13):
        move = np.array([[1, 0, step * np.cos(angle)], [0, 1, step * np.sin(angle)]])
        point = np.zeros((7, 7), np.float32)
        point[3, 3] = 1
        kernel += cv2.warpAffine(point, move, (7, 7))
    return np.asarray(kernel / kernel.sum())


def _save(colours: Array, file: Path, kind: SceneKind, rng: np.random.Generator) -> None:
    picture = Image.fromarray((255 * colours).round().astype(np.uint8))
    exif = Image.Exif()
    if kind.exif:
        diagonal = np.hypot(LONGER, SHORTER) / LONGER
        exif.get_ifd(_EXIF)[_FOCAL_IN_35_MM] = round(43.27 / 2 / np.tan(np.radians(_FOV) / 2) / diagonal)
    picture.save(file, quality=int(rng.integers(86, 95)), exif=exif)
