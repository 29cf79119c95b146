"""Scenes with a drawn face or none, that `face_finder` is trained on: hair, hats, glasses and hands are drawn too."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from ...data.drawn_grounds import leaves, noise_of
from ...data.drawn_views import DrawnViews
from ...data.faces.drawing import draw_faces, landmarks_of
from ...data.faces.model import load_model
from ...data.faces.people import people
from ...data.faces.takes import DRAWS, takes
from ...data.open import pack_families
from ...data.splits import split_of
from ...data.views_config import ViewsConfig
from ...segment.face_net import FACE
from .face_changes import changed, fine_noise
from .face_objects import scene_of_objects

DRAWN, SCENE = 112, 96  # pixels a side of drawn people and of scenes
_SMALLER = 0.75  # than in `FaceViews`, so that the top of the head and the neck are in the picture
_FOREHEAD = 0.36  # of the way from the bridge of the nose to the chin, that the box reaches above the brows
_BODY, _BACK_HAIR, _FRONT_HAIR, _HAT, _GLASSES, _HAND = 0.6, 0.5, 0.6, 0.12, 0.3, 0.12
_FACES, _SPOILT = 0.5, 0.12  # shares of scenes with a face, and with what only resembles one
_OBJECTS = 0.4  # share of backgrounds with whole objects
_SEEN, _HIDDEN = (
    0.75,
    0.35,
)  # share of its box within the picture from which a face is one, up to which it is none

_DARK = 0.03  # contrast up to which a face is neither

Array = np.ndarray


class Cast(NamedTuple):
    """Drawn people.

    Attributes:
        images: (P, `DRAWN`, `DRAWN`, 4) colours and where they are opaque, in [0, 1].
        places: (P, 4, 2) box and eyes, as `FaceCells` has them.
        skins: (P, 3) colours.
    """

    images: Array
    places: Array
    skins: Array


class Props(NamedTuple):
    """What scenes are made of.

    Attributes:
        cast: people.
        things: (T, 64, 64, 3) pictures of shapes, which fill them (`draw_things`).
        objects: (O, 128, 128, 4) whole objects (`face_objects.draw_objects`).
    """

    cast: Cast
    things: Array
    objects: Array


class Scenes(NamedTuple):
    """Pictures, and what is to be found in them.

    Attributes:
        images: (B, 3, `SCENE`, `SCENE`) in [0, 1].
        places: (B, 4, 2) box and eyes in pixels; not a number where there is no face.
        sure: (B,) false where a face is cut off so far, or so dark, that it counts neither as one nor as none.
    """

    images: Tensor
    places: Tensor
    sure: Tensor


def draw_people(count: int, rng: np.random.Generator, split: str = "train") -> Cast:
    """People of a split, each in one picture."""
    model = load_model()
    numbers = [n for n in range(20 * count) if split_of(f"face-{n:06d}") == split][:count]
    images, places, skins = [], [], []
    for start in range(0, count, 50):
        who = people(numbers[start : min(start + 50, count)], model)
        how = takes(rng.random((len(who.ground), DRAWS)), model)
        how = how._replace(scale=_SMALLER * how.scale)
        pictures, truth = draw_faces(who, how, model, DRAWN)
        assert truth.masks is not None
        images.append(torch.cat([pictures, truth.masks[:, 0]], dim=1).permute(0, 2, 3, 1).numpy())
        places.append(places_of(landmarks_of(who, how, model, DRAWN)).numpy())
        skins.append(who.ground)
    return Cast(np.ascontiguousarray(np.concatenate(images)), np.concatenate(places), np.concatenate(skins))


def places_of(landmarks: Tensor) -> Tensor:
    """(P, 4, 2) box, from the hairline to the chin, and eyes of 68 landmarks."""
    low, high = landmarks.amin(dim=1), landmarks.amax(dim=1)
    up = (landmarks[:, 27] - landmarks[:, 8]).norm(dim=1)  # from the chin to the bridge of the nose
    top = landmarks[:, 17:27, 1].amin(dim=1) - _FOREHEAD * up
    first, second = landmarks[:, 36:42].mean(dim=1), landmarks[:, 42:48].mean(dim=1)
    return torch.stack([torch.stack([low[:, 0], top], dim=1), high, first, second], dim=1)


def draw_things(rng: np.random.Generator) -> Array:
    """(600, 64, 64, 3) pictures of shapes of the families, without faces."""
    config = ViewsConfig(
        size=64, framing="object", backgrounds=("plain", "gradient", "noise"), plain=(0.0, 1.0),
        colours="mixed", texture=0.6, lights=True, jitter=1.0, elevation=(-20.0, 60.0),
    )  # fmt: skip
    views = DrawnViews(pack_families(260, int(rng.integers(1000))), config, truth=frozenset())
    pictures = torch.cat([views.training_batch(step, 50, 1).images[:, 0] for step in range(12)])
    return np.ascontiguousarray(pictures.permute(0, 2, 3, 1).numpy())


def draw_scenes(props: Props, count: int, rng: np.random.Generator, faces: bool = True) -> Scenes:
    """Scenes of three kinds: half of them with a face, the others without, or with what only resembles one.

    Args:
        props: what is drawn in them.
        count: how many.
        rng: draws them.
        faces: False leaves the first kind out.
    """
    images = np.empty((count, SCENE, SCENE, 3), np.float32)
    places, sure = np.full((count, 4, 2), np.nan, np.float32), np.ones(count, bool)
    for i in range(count):
        picture, kind = _ground(props, rng), rng.uniform(0 if faces else _FACES, 1)
        if kind < _FACES + _SPOILT:
            person = int(rng.integers(len(props.cast.images)))
            picture, at = _with_face(picture, props.cast, person, rng, spoilt=kind > _FACES)
            picture, at = _framed(picture, at, rng)
            seen = _share_seen(at)
            face = kind <= _FACES and seen >= _HIDDEN
            places[i] = at if face else np.nan
            sure[i] = seen >= _SEEN or not face
        images[i] = changed(picture, rng)
        sure[i] &= np.isnan(places[i]).any() or _contrast(images[i], places[i]) > _DARK
    return Scenes(
        torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(places), torch.from_numpy(sure)
    )


def _contrast(picture: Array, places: Array) -> float:
    (left, top), (right, bottom) = places[:2].round().astype(int).clip(0, SCENE)
    return float(picture[top:bottom, left:right].mean(axis=2).std())


def _share_seen(places: Array) -> float:
    inside = places[:2].clip(0, SCENE)
    return float(np.prod(inside[1] - inside[0]) / np.prod(places[1] - places[0]))


def _ground(props: Props, rng: np.random.Generator) -> Array:
    """A background: things, pieces of faces, leaves upon leaves, or noise; some have whole objects before it, some
    are mirrored in the middle.
    """
    kind, people = rng.random(), props.cast.images
    if kind < 0.3:
        picture = _piece(props.things[rng.integers(len(props.things))], int(rng.integers(24, 65)), rng)
    elif kind < 0.36:
        picture = _piece(people[rng.integers(len(people))][..., :3], int(rng.integers(12, 36)), rng)
    elif kind < 0.66:
        picture = leaves(SCENE, rng)
    else:
        picture = (noise_of if kind < 0.8 else fine_noise)(SCENE, rng)
    if rng.random() < _OBJECTS:
        picture = scene_of_objects(np.asarray(picture, np.float32), props.objects, rng)
    if rng.random() < 0.15:
        picture = np.concatenate([picture[:, : SCENE // 2], picture[:, : SCENE // 2][:, ::-1]], axis=1)
    return np.ascontiguousarray(picture, np.float32)


def _piece(source: Array, side: int, rng: np.random.Generator) -> Array:
    left, top = (int(rng.integers(0, source.shape[0] - side + 1)) for _ in range(2))
    piece = source[top : top + side, left : left + side]
    return np.asarray(cv2.resize(piece, (SCENE, SCENE), interpolation=cv2.INTER_LINEAR))


class _Head(NamedTuple):
    """A face in the scene: the way there from a frame in which its box is [-1, 1] wide and high, and its colours."""

    frame: Array
    skin: Array
    hair: Array

    def points(self, at: Array) -> Array:
        """Scene's pixels, 16ths as whole numbers, of points in the face's frame."""
        moved = at @ self.frame[:, :2].T + self.frame[:, 2]
        return np.asarray((moved * 16).round().astype(np.int32))


def _with_face(
    picture: Array, cast: Cast, person: int, rng: np.random.Generator, spoilt: bool
) -> tuple[Array, Array]:
    """A picture with a person in it, and the places; spoilt ones are turned over or lack what makes a face."""
    image, places = cast.images[person], cast.places[person]
    size, middle = float((places[1] - places[0]).mean()), places[:2].mean(axis=0)
    wanted = FACE * np.exp(rng.uniform(np.log(0.6), np.log(1.7)))
    if rng.random() < 0.12:
        wanted = FACE * rng.choice([rng.uniform(0.25, 0.6), rng.uniform(1.7, 3.0)])
    ways = int(rng.integers(4)) if spoilt else -1
    turn = rng.normal(0, np.radians(10)) + (rng.uniform(0.4, 1.6) * np.pi if ways in (0, 1) else 0.0)
    stretch = np.exp(rng.normal(0, 0.05, 2)) * [-1 if rng.random() < 0.5 else 1, 1]
    matrix = (
        np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * stretch * (wanted / size)
    )
    at = rng.uniform(0.2, 0.8, 2) * SCENE
    move = np.concatenate([matrix, (at - matrix @ middle)[:, None]], axis=1)
    half = (places[1] - places[0]) / 2
    frame = np.concatenate([matrix * half, at[:, None]], axis=1)
    head = _Head(frame, cast.skins[person], (rng.random(3) * [0.6, 0.45, 0.35] + rng.random() * 0.3) ** 1.3)
    image = _spoilt(image, places, ways, rng) if ways >= 2 else image
    _draw_behind(picture, head, rng)
    if wanted / size < 0.6:
        image, move = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), move * [2, 2, 1]
    shown = cv2.warpAffine(image, move, (SCENE, SCENE), flags=cv2.INTER_LINEAR)
    picture += (shown[..., :3] - picture) * shown[..., 3:]
    _draw_before(picture, head, (places[2:] - middle) / half, rng)
    moved = places @ matrix.T + move[:, 2] if wanted / size >= 0.6 else (places - middle) @ matrix.T + at
    reach = half * np.abs(stretch) * wanted / size
    eyes = moved[2:][np.argsort(moved[2:, 0])]
    return picture, np.stack([at - reach, at + reach, *eyes])


def _spoilt(image: Array, places: Array, way: int, rng: np.random.Generator) -> Array:
    """A face in pieces, or painted over but for its outline."""
    image = image.copy()
    (left, top), (right, bottom) = places[:2].round().astype(int).clip(0, DRAWN)
    if way == 2:
        part = image[top:bottom, left:right, :3]
        rows, columns = (np.array_split(np.arange(n), 3) for n in part.shape[:2])
        part = part[np.concatenate([rows[i] for i in rng.permutation(3)])]
        image[top:bottom, left:right, :3] = part[:, np.concatenate([columns[i] for i in rng.permutation(3)])]
    else:
        wide = cv2.GaussianBlur(np.ascontiguousarray(image[..., :3]), (0, 0), 14)
        image[..., :3] = wide
    return image


def _draw_behind(picture: Array, head: _Head, rng: np.random.Generator) -> None:
    """Hair behind the head, neck, shoulders, in place."""
    if rng.random() < _BACK_HAIR:
        low = rng.uniform(0.2, 1.8)
        outline = _ellipse(
            (0, (low - 1.5) / 2), (rng.uniform(1.05, 1.5), (low + 1.5) / 2 + rng.uniform(0, 0.2)), rng
        )
        _fill(picture, head.points(outline), _strands(head.hair, rng))
    if rng.random() < _BODY:
        neck = np.array([[-0.6, 0.2], [0.6, 0.2], [0.7, 2.0], [-0.7, 2.0]]) * [rng.uniform(0.8, 1.2), 1]
        _fill(picture, head.points(neck), np.broadcast_to(head.skin * rng.uniform(0.5, 0.9), picture.shape))
        cloth = _piece_of_cloth(rng)
        body = _ellipse(
            (rng.normal(0, 0.1), rng.uniform(2.3, 2.9)), (rng.uniform(1.8, 2.8), rng.uniform(1, 1.5)), rng
        )
        _fill(picture, head.points(body), cloth)
        if rng.random() < 0.4:  # a collar
            collar = np.array([[-0.8, 1.3], [0, 2.1], [0.8, 1.3], [0.5, 2.6], [-0.5, 2.6]])
            _fill(picture, head.points(collar), np.broadcast_to(rng.random(3), picture.shape))


def _draw_before(picture: Array, head: _Head, eyes: Array, rng: np.random.Generator) -> None:
    """Hair, hat, glasses and hands over the face, in place."""
    if rng.random() < _FRONT_HAIR:
        _fill(picture, head.points(_cap(rng)), _strands(head.hair, rng))
        for side in (-1, 1):
            if rng.random() < 0.4:
                down, inner = rng.uniform(-0.3, 1.6), rng.uniform(0.7, 1.0)
                lock = np.array([[inner, -0.9], [1.3, -0.9], [rng.uniform(1.1, 1.5), down], [inner, down]])
                _fill(picture, head.points(lock * [side, 1]), _strands(head.hair, rng))
    if rng.random() < _HAT:
        brim = rng.uniform(-0.95, -0.6)
        wide = rng.uniform(1.05, 1.3)
        hat = [
            [-wide, brim],
            [0, brim + rng.uniform(-0.2, 0.1)],
            [wide, brim],
            [wide * 0.9, -1.6],
            [-wide * 0.9, -1.6],
        ]
        _fill(picture, head.points(np.array(hat)), _piece_of_cloth(rng))
    if rng.random() < _GLASSES:
        _draw_glasses(picture, head, eyes, rng)
    if rng.random() < _HAND:
        x, y = rng.choice([-1, 1]) * rng.uniform(0.4, 1.1), rng.uniform(0.5, 1.2)
        colour = head.skin * rng.uniform(0.7, 1.1) if rng.random() < 0.6 else rng.random(3)
        for _ in range(int(rng.integers(1, 5))):
            finger = _ellipse(
                (x + rng.normal(0, 0.2), y), (rng.uniform(0.1, 0.3), rng.uniform(0.3, 0.7)), rng
            )
            _fill(picture, head.points(finger), np.broadcast_to(colour, picture.shape))


def _draw_glasses(picture: Array, head: _Head, eyes: Array, rng: np.random.Generator) -> None:
    colour, line = rng.random(3) * rng.choice([0.25, 0.8]), int(rng.integers(1, 3))
    apart = abs(eyes[1, 0] - eyes[0, 0])
    radii = apart * rng.uniform(0.3, 0.45), apart * rng.uniform(0.2, 0.34)
    squareness = rng.uniform(0.35, 1.0)
    dark = rng.uniform(0.6, 0.95) if rng.random() < 0.2 else rng.uniform(0, 0.3)
    for eye in eyes:
        angle = np.linspace(0, 2 * np.pi, 24)
        wave = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        glass = head.points(eye + np.sign(wave) * np.abs(wave) ** squareness * radii)
        if rng.random() < 0.9:
            _fill(picture, glass, np.broadcast_to(colour, picture.shape), dark)
        cv2.polylines(picture, [glass], True, colour.tolist(), line, cv2.LINE_AA, 4)
    outwards = np.sign(eyes[0, 0] - eyes[1, 0]) * np.array([1.0, 0.0])
    bridge = [eyes[0] - radii[0] * outwards, eyes[1] + radii[0] * outwards]
    arm = [eyes[0] + radii[0] * outwards, eyes[0] + (radii[0] + 0.5) * outwards - [0, 0.05]]
    for ends in (bridge, arm):
        points = head.points(np.array(ends))
        cv2.polylines(picture, [points], False, colour.tolist(), line, cv2.LINE_AA, 4)


def _cap(rng: np.random.Generator) -> Array:
    """Outline of hair above the face: a hairline of its own, and an arch over it."""
    across = np.linspace(-1.05, 1.05, 7)
    line = rng.uniform(-0.95, -0.5) + rng.normal(0, 0.1, 7) + rng.uniform(0, 0.5) * across**4
    arch = np.linspace(0, np.pi, 12)
    wide, high = rng.uniform(1.05, 1.35), rng.uniform(0.35, 0.9)
    over = np.stack([wide * np.cos(arch), -0.75 - high * np.sin(arch)], axis=1)
    return np.concatenate([np.stack([across, line], axis=1), over])


def _ellipse(middle: tuple[float, float], radii: tuple[float, float], rng: np.random.Generator) -> Array:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    uneven = 1 + rng.normal(0, 0.04, (24, 1))
    return np.asarray(np.array(middle) + np.stack([np.cos(angle), np.sin(angle)], axis=1) * radii * uneven)


def _fill(picture: Array, outline: Array, colours: Array, amount: float = 1.0) -> None:
    """Lay colours (`SCENE`, `SCENE`, 3) within an outline, soft at its edge, in place."""
    mask = np.zeros((SCENE, SCENE), np.uint8)
    cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, 4)
    share = cv2.GaussianBlur(mask, (3, 3), 0).astype(np.float32)[..., None] * (amount / 255)
    picture += (colours.astype(np.float32) - picture) * share


def _strands(colour: Array, rng: np.random.Generator) -> Array:
    """Hair: bright and dark lines along one direction."""
    fine = rng.random((SCENE, SCENE)).astype(np.float32)
    grain = (
        cv2.GaussianBlur(fine, (0, 0), 0.8, sigmaY=5)
        if rng.random() < 0.8
        else cv2.GaussianBlur(fine, (0, 0), 1.5)
    )
    grain = (grain - 0.5) * rng.uniform(1, 5)
    shine = cv2.resize(rng.random((3, 3)).astype(np.float32), (SCENE, SCENE), interpolation=cv2.INTER_CUBIC)
    return np.asarray((colour * (0.5 + shine + grain)[..., None]).clip(0, 1))


def _piece_of_cloth(rng: np.random.Generator) -> Array:
    noise = noise_of(SCENE, rng)
    return np.asarray(rng.random(3) * rng.uniform(0.2, 1) + (noise - 0.5) * rng.uniform(0, 0.5)).clip(0, 1)


def _framed(picture: Array, places: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Four in ten scenes end close to the face or within it; beyond, their last pixels go on."""
    if rng.random() > 0.4:
        return picture, places
    size = float((places[1] - places[0]).mean())
    margins = rng.uniform(-0.12, 0.4, 4) * size
    left, top = (places[0] - margins[:2]).round().astype(int).clip(0, SCENE - 16)
    right, bottom = (places[1] + margins[2:]).round().astype(int)
    right, bottom = np.clip(right, left + 8, SCENE), np.clip(bottom, top + 8, SCENE)
    inner = picture[top:bottom, left:right]
    around = ((top, SCENE - bottom), (left, SCENE - right), (0, 0))
    return np.pad(inner, around, mode="edge"), places
