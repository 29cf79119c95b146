"""How pictures are taken: from numbers in [0, 1) to cameras, lights, colours and all else that drawing needs.

Nothing here is random: the same numbers always give the same pictures.
"""

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..kernels.draw import PictureSpecs, Scene, projected_boxes
from ..renderer.views import R2N2_FOV, R2N2_REACH
from . import backgrounds, jitter
from .framing import window_around
from .views_config import Range, ViewsConfig

OBJECT_DRAWS = 8
VIEW_DRAWS = 20 + backgrounds.DRAWS + jitter.DRAWS
_FOCAL = 1 / math.tan(math.radians(R2N2_FOV) / 2)  # of a picture from -1 to 1
_GROUPS = np.array([1, 2, 3, 4, 6, 1 << 20])  # colours that the parts of an object share; at last one each
_HELD_AMBIENT, _HELD_LIGHT = 0.45, 0.55
_Numbers = Float[np.ndarray, "picture _"]


def drawn_cameras(numbers: _Numbers, config: ViewsConfig) -> Float[np.ndarray, "picture 3"]:
    """Azimuth and elevation in degrees and ratio of each picture, from its first three numbers."""
    low, high = np.array([config.azimuth, config.elevation, config.ratio]).T
    drawn: np.ndarray = low + (high - low) * numbers[:, :3]
    return drawn


def training_specs(
    shape: Int[np.ndarray, " picture"],
    objects: _Numbers,
    views: _Numbers,
    config: ViewsConfig,
    scene: Scene,
) -> tuple[PictureSpecs, Float[np.ndarray, "picture 3"]]:
    """Pictures with everything that the settings allow.

    Args:
        shape: of each picture.
        objects: `OBJECT_DRAWS` numbers of the object in each picture, the same in all of its pictures.
        views: `VIEW_DRAWS` numbers of each picture.
        config: the settings.
        scene: where the shapes are.

    Returns:
        The pictures, and the cameras' azimuth and elevation in degrees and ratio.
    """
    cameras, view, behind, colour = np.split(views, [3, 20, 20 + backgrounds.DRAWS], axis=1)
    drawn = drawn_cameras(cameras, config)
    rotation = _rotations(drawn)
    kind, colours, pattern = backgrounds.draw_backgrounds(behind, config, len(scene.photos))
    matrix, offset = jitter.jitter_matrices(colour, config.jitter)
    ambient, lights = _held_lights(rotation)
    if config.lights:
        ambient, lights = _drawn_lights(view[:, 8:15], drawn)
    specs = _specs(
        scene.verts.device,
        shape=shape,
        stretch=stretched(objects, config),
        camera=rotation,
        distance=R2N2_REACH * drawn[:, 2],
        window=np.tile([1.0, 1.0, 0.0, 0.0], (len(shape), 1)),
        key=_whole(objects[:, 0]),
        grain=_whole(view[:, 0]),
        groups=_groups(objects[:, 1:3], config),
        texture=np.full(len(shape), config.texture),
        ambient=ambient,
        lights=lights,
        kind=kind,
        behind=colours,
        pattern=pattern,
        matrix=matrix,
        offset=offset,
        noise=np.full(len(shape), config.noise),
    )
    flip = mirrored(objects, views, config)
    window = _training_windows(specs, scene, view[:, 2:6], flip, config)
    return _with_window(specs, window), np.where(_turned(flip, config), _mirror_azimuth(drawn), drawn)


def held_specs(
    shape: Int[np.ndarray, " picture"], views: _Numbers, config: ViewsConfig, scene: Scene
) -> tuple[PictureSpecs, Float[np.ndarray, "picture 3"]]:
    """Pictures without augmentation: own colours, light from above the camera, plain background, from the middle.

    Their cameras are always drawn as 3D-R2N2's, whatever the training's are, so that runs can be compared.
    Arguments and results are those of `training_specs`; of the numbers only the cameras' are used.
    """
    drawn = drawn_cameras(views, ViewsConfig())
    rotation = _rotations(drawn)
    ambient, lights = _held_lights(rotation)
    count = len(shape)
    none = np.zeros(count)
    specs = _specs(
        scene.verts.device,
        shape=shape,
        stretch=np.ones((count, 3)),
        camera=rotation,
        distance=R2N2_REACH * drawn[:, 2],
        window=np.tile([1.0, 1.0, 0.0, 0.0], (count, 1)),
        key=none,
        grain=none,
        groups=none,
        texture=none,
        ambient=ambient,
        lights=lights,
        kind=none,
        behind=np.full((count, 2, 3), backgrounds.HELD_GREY),
        pattern=np.zeros((count, 4)),
        matrix=np.tile(np.eye(3), (count, 1, 1)),
        offset=np.zeros((count, 3)),
        noise=none,
    )
    if config.framing == "camera":
        spare = (config.render_size - config.size) // 2
        window = _camera_windows(np.full((count, 2), spare), np.zeros(count, bool), config)
    else:
        middle = torch.full((count,), sum(config.margin) / 2)
        window = window_around(projected_boxes(scene, specs), config.size, middle.to(scene.verts.device))
    return _with_window(specs, window), drawn


def stretched(objects: _Numbers, config: ViewsConfig) -> Float[np.ndarray, "picture 3"]:
    """Factors along x, y and z, at most 1 so that no camera comes nearer than without them."""
    factors: np.ndarray = config.stretch ** -objects[:, 4:7]
    return factors


def mirrored(objects: _Numbers, views: _Numbers, config: ViewsConfig) -> np.ndarray:
    """Which pictures are mirrored: all of an object where its voxels are mirrored too, else each by itself."""
    return (objects[:, 3] if config.flip_voxels else views[:, 4]) < config.flip


def _turned(flip: np.ndarray, config: ViewsConfig) -> np.ndarray:
    return (flip & config.flip_voxels)[:, None]


def _mirror_azimuth(drawn: np.ndarray) -> np.ndarray:
    """The cameras that see the object, mirrored along x, as these see it in a mirror."""
    return np.stack([(180 - drawn[:, 0]) % 360, drawn[:, 1], drawn[:, 2]], axis=1)


def _rotations(drawn: np.ndarray) -> Float[np.ndarray, "picture 3 3"]:
    """Directions right, up and back of R2N2's cameras; at elevation 90 too, where up is no help."""
    azimuth, elevation = np.deg2rad(drawn[:, 0]), np.deg2rad(drawn[:, 1])
    sin_a, cos_a, sin_e, cos_e = np.sin(azimuth), np.cos(azimuth), np.sin(elevation), np.cos(elevation)
    right = np.stack([sin_a, np.zeros_like(sin_a), -cos_a], axis=1)
    back = np.stack([cos_e * cos_a, sin_e, cos_e * sin_a], axis=1)
    return np.stack([right, np.cross(back, right), back], axis=1)


def _held_lights(rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lights = np.zeros((len(rotation), 2, 4))
    towards = rotation[:, 2] + 0.5 * rotation[:, 1]
    lights[:, 0, :3] = towards / np.linalg.norm(towards, axis=1, keepdims=True)
    lights[:, 0, 3] = _HELD_LIGHT
    return np.full(len(rotation), _HELD_AMBIENT), lights


def _drawn_lights(numbers: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A strong light up to 110 degrees beside the camera, a weak one from anywhere above."""
    azimuth = np.stack([drawn[:, 0] + 220 * (numbers[:, 0] - 0.5), 360 * numbers[:, 1]], axis=1)
    elevation = np.stack([10 + 70 * numbers[:, 2], 80 * numbers[:, 3]], axis=1)
    strength = np.stack([0.4 + 0.4 * numbers[:, 4], 0.3 * numbers[:, 5]], axis=1)
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    lights = np.stack([np.cos(e) * np.cos(a), np.sin(e), np.cos(e) * np.sin(a), strength], axis=2)
    return 0.35 + 0.3 * numbers[:, 6], lights


def _groups(numbers: np.ndarray, config: ViewsConfig) -> np.ndarray:
    groups = _GROUPS[(numbers[:, 0] * len(_GROUPS)).astype(int)]
    own = {"shape": 1.0, "mixed": 0.5, "random": 0.0}[config.colours]
    return np.where(numbers[:, 1] < own, 0, groups)


def _training_windows(
    specs: PictureSpecs, scene: Scene, numbers: np.ndarray, flip: np.ndarray, config: ViewsConfig
) -> Tensor:
    if config.framing == "camera":
        offset = np.floor(numbers[:, :2] * (config.render_size - config.size))  # as published, never the last
        return _camera_windows(offset, flip, config)
    margin = _tensor(_span(config.margin, numbers[:, 3]), specs.window.device)
    shift = _tensor((2 * numbers[:, :2] - 1) * config.shift, specs.window.device)
    window = window_around(projected_boxes(scene, specs), config.size, margin, shift)
    return _mirror_windows(window, torch.from_numpy(flip).to(window.device), config.size)


def _camera_windows(offset: np.ndarray, flip: np.ndarray, config: ViewsConfig) -> Tensor:
    """Squares cut out of pictures of `render_size`; (column, row) of their corners are given."""
    half = config.render_size / 2
    focal = np.full((len(offset), 2), half * _FOCAL)
    window = torch.from_numpy(np.concatenate([focal, half - offset], axis=1)).float()
    return _mirror_windows(window, torch.from_numpy(flip), config.size)


def _mirror_windows(window: Tensor, flip: Tensor, size: int) -> Tensor:
    focal_x, focal_y, column, row = window.unbind(1)
    sign = 1 - 2 * flip.float()
    return torch.stack([sign * focal_x, focal_y, torch.where(flip, size - column, column), row], dim=1)


def _with_window(specs: PictureSpecs, window: Tensor) -> PictureSpecs:
    return PictureSpecs(**{**specs.__dict__, "window": window.to(specs.window)})


def _whole(numbers: np.ndarray) -> np.ndarray:
    whole: np.ndarray = np.floor(numbers * 2**31)
    return whole


def _span(limits: Range, numbers: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1) spread over a range."""
    return limits[0] + (limits[1] - limits[0]) * numbers


def _tensor(array: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(array).float().to(device)


def _specs(device: torch.device, **arrays: np.ndarray) -> PictureSpecs:
    whole = ("shape", "key", "grain", "groups", "kind")
    kinds = {name: np.int32 if name in whole else np.float32 for name in arrays}
    return PictureSpecs(
        **{name: torch.from_numpy(array.astype(kinds[name])).to(device) for name, array in arrays.items()}
    )
