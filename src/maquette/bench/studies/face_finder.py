"""Train `assets/face_finder.safetensors`, what `segment.find_faces` looks with, on synthetic faces alone.

python -m maquette.bench.studies.face_finder src/maquette/assets/face_finder.safetensors
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import affine_grid, binary_cross_entropy_with_logits, grid_sample, interpolate

from ...data.drawn_views import DrawnViews
from ...data.faces.drawing import draw_faces, landmarks_of
from ...data.faces.model import load_model
from ...data.faces.people import people
from ...data.faces.takes import DRAWS, takes
from ...data.open import pack_families
from ...data.splits import split_of
from ...data.views_config import ViewsConfig
from ...segment.face_net import FACE, FaceNet, middles

PEOPLE, DRAWN, SCENE, BATCH, STEPS = 2400, 64, 48, 32, 1300
FOREHEAD = 0.65  # of the way from brows to chin, that the box reaches above the brows
NEAR, FAR = 3.0, 8.0  # pixels from a face's middle: a cell is of it, and of the background
SIZES = (
    0.78,
    1.25,
)  # times FACE: what counts as a face of that size; beyond FACE times these and 1.2 it is none


def main(words: Sequence[str] | None = None) -> None:
    """Draw, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("target", type=Path, help="the .safetensors file to write")
    target = parser.parse_args(words).target
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    faces, alphas, places = draw_people(PEOPLE, rng)
    others = _others()
    network = FaceNet().train()
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=STEPS)
    begun = time.time()
    for step in range(STEPS):
        scenes, truth = scenes_of(faces, alphas, places, others, BATCH, rng)
        loss = _loss(network, scenes, truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 199:
            print(
                f"step {step + 1} of {STEPS}: loss {loss.item():.3f}, {time.time() - begun:.0f} s", flush=True
            )
    state = {k: v.half().contiguous() for k, v in network.state_dict().items() if v.is_floating_point()}
    save_file(state, target)


def draw_people(count: int, rng: np.random.Generator, split: str = "train") -> tuple[Tensor, Tensor, Tensor]:
    """Pictures of people with hair and glasses drawn over them, where they are opaque, and box and eyes of each.

    Returns:
        (P, 3, `DRAWN`, `DRAWN`), (P, 1, ...) and (P, 4, 2) places in pixels, as `FaceCells` has them.
    """
    model = load_model()
    numbers = [n for n in range(20 * count) if split_of(f"face-{n:06d}") == split][:count]
    pictures, masks, marks = [], [], []
    for start in range(0, count, 50):
        who = people(numbers[start : min(start + 50, count)], model)
        how = takes(rng.random((len(who.ground), DRAWS)), model)
        images, truth = draw_faces(who, how, model, DRAWN)
        assert truth.masks is not None
        pictures.append(images)
        masks.append(truth.masks[:, 0])
        marks.append(landmarks_of(who, how, model, DRAWN))
    landmarks = torch.cat(marks)
    faces, alphas = torch.cat(pictures), torch.cat(masks)
    _dress(faces, alphas, landmarks, rng)
    return faces, alphas, places_of(landmarks)


def places_of(landmarks: Tensor) -> Tensor:
    """(P, 4, 2) box and eyes of 68 landmarks."""
    low, high = landmarks.amin(dim=1), landmarks.amax(dim=1)
    up = landmarks[:, 27:28].squeeze(1) - landmarks[:, 8]  # from the chin to the bridge of the nose
    top = landmarks[:, 17:27, 1].amin(dim=1) - FOREHEAD * up.norm(dim=1) * 0.55
    first, second = landmarks[:, 36:42].mean(dim=1), landmarks[:, 42:48].mean(dim=1)
    return torch.stack([torch.stack([low[:, 0], top], dim=1), high, first, second], dim=1)


def _dress(faces: Tensor, alphas: Tensor, landmarks: Tensor, rng: np.random.Generator) -> None:
    """Draw hair around most heads and glasses on some, in place."""
    for face, alpha, marks in zip(faces, alphas, landmarks.numpy(), strict=True):
        picture = np.ascontiguousarray(face.permute(1, 2, 0).numpy())
        opaque = np.ascontiguousarray(alpha[0].numpy())
        if rng.random() < 0.65:
            _draw_hair(picture, opaque, marks, rng)
        if rng.random() < 0.2:
            _draw_glasses(picture, marks, rng)
        face[:] = torch.from_numpy(picture).permute(2, 0, 1)
        alpha[0] = torch.from_numpy(opaque)


def _draw_hair(picture: np.ndarray, opaque: np.ndarray, marks: np.ndarray, rng: np.random.Generator) -> None:
    wide = np.abs(marks[16, 0] - marks[0, 0])
    tall = np.abs(marks[8, 1] - marks[27, 1])
    middle = np.array([(marks[0, 0] + marks[16, 0]) / 2, marks[27, 1] - 0.1 * tall])
    size = DRAWN, DRAWN
    hair, face = np.zeros(size, np.float32), np.zeros(size, np.float32)
    outer = wide * rng.uniform(0.55, 0.8), tall * rng.uniform(0.95, 1.5)
    _ellipse(hair, middle + np.array([0, tall * rng.uniform(-0.3, 0.3)]), outer)
    _ellipse(
        face,
        middle + np.array([0, tall * 0.25]),
        (wide * rng.uniform(0.42, 0.56), tall * rng.uniform(0.75, 1.1)),
    )
    if rng.random() < 0.6:
        hair[int(max(middle[1] + tall * rng.uniform(0.0, 0.6), 0)) :] = 0  # short
    amount = (hair * (1 - face))[..., None]
    grain = cv2.GaussianBlur(rng.random((DRAWN, DRAWN)).astype(np.float32), (3, 9), 0)[..., None]
    colour = (rng.random(3) * [0.5, 0.4, 0.3] + rng.random() * 0.3).astype(np.float32) * (0.5 + grain)
    picture += (colour - picture) * amount
    np.maximum(opaque, amount[..., 0], out=opaque)


def _ellipse(mask: np.ndarray, middle: np.ndarray, radii: tuple[float, float]) -> None:
    at = tuple(round(float(x)) for x in middle)
    cv2.ellipse(mask, at, (max(1, round(radii[0])), max(1, round(radii[1]))), 0, 0, 360, 1.0, -1)
    cv2.GaussianBlur(mask, (5, 5), 0, dst=mask)


def _draw_glasses(picture: np.ndarray, marks: np.ndarray, rng: np.random.Generator) -> None:
    colour = [float(x) for x in rng.random(3) * 0.4]
    left, right = (marks[part].mean(axis=0).round().astype(int) for part in (slice(36, 42), slice(42, 48)))
    radius = max(3, round(float(np.linalg.norm(right - left)) * rng.uniform(0.3, 0.42)))
    for eye in (left, right):
        cv2.ellipse(
            picture,
            (int(eye[0]), int(eye[1])),
            (radius, round(radius * rng.uniform(0.7, 1))),
            0,
            0,
            360,
            colour,
            int(rng.integers(1, 3)),
        )
    cv2.line(picture, (int(left[0]), int(left[1])), (int(right[0]), int(right[1])), colour, 1)


def _others() -> Tensor:
    """(N, 3, `DRAWN`, `DRAWN`) pictures without faces."""
    config = ViewsConfig(
        size=DRAWN, framing="object", backgrounds=("plain", "gradient", "noise"), plain=(0.0, 1.0),
        colours="mixed", texture=0.6, lights=True, jitter=1.0, elevation=(-20.0, 60.0),
    )  # fmt: skip
    views = DrawnViews(pack_families(260, 0), config, truth=frozenset())
    return torch.cat([views.training_batch(step, 50, 1).images[:, 0] for step in range(12)])


def scenes_of(
    faces: Tensor, alphas: Tensor, places: Tensor, others: Tensor, count: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Scenes with a face each, some small, large, cut off, or turned over, which counts as none.

    Returns:
        (B, 3, `SCENE`, `SCENE`) and (B, 4, 2) places; not a number where there is no face.
    """
    chosen = torch.from_numpy(rng.integers(0, len(faces), count))
    boxes = places[chosen]
    size = (boxes[:, 1] - boxes[:, 0]).mean(dim=1)
    wanted = torch.from_numpy(FACE * np.exp(rng.uniform(np.log(0.55), np.log(1.8), count))).float()
    scale = wanted / size  # of the picture within the scene
    middle = boxes[:, :2].mean(dim=1)
    at = torch.from_numpy(rng.uniform(0.1, 0.9, (count, 2)) * SCENE).float()
    turn = torch.from_numpy(rng.normal(0, np.radians(9), count)).float()
    upset = torch.from_numpy(rng.random(count) < 0.25)
    turn = torch.where(
        upset, turn + torch.from_numpy(rng.uniform(0.35, 1.65, count)).float() * torch.pi, turn
    )
    grid, move = _placed(at, middle, scale, turn, mirror=torch.from_numpy(rng.random(count) < 0.5))
    ground = _grounds(others, faces, count, rng)
    shown = grid_sample(torch.cat([faces[chosen], alphas[chosen]], dim=1), grid, align_corners=False)
    alpha = shown[:, 3:] * torch.from_numpy((rng.random(count) < 0.9).astype(np.float32))[:, None, None, None]
    scenes = ground * (1 - alpha) + shown[:, :3] * alpha
    scenes = _changed(scenes, rng)
    truth = move(boxes)
    truth[upset | (alpha.amax(dim=(1, 2, 3)) < 0.5)] = torch.nan
    return scenes, truth


def _placed(at: Tensor, middle: Tensor, scale: Tensor, turn: Tensor, mirror: Tensor):  # type: ignore[no-untyped-def]
    """Grid of each scene within its picture, and the way of places from there into the scene."""
    cos, sin = turn.cos(), turn.sin()
    flip = torch.where(mirror, -1.0, 1.0)
    turned = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1) * scale[:, None, None]
    matrix = turned * torch.stack([flip, torch.ones_like(flip)], dim=1)[:, None]  # picture to scene

    def move(places: Tensor) -> Tensor:
        moved = torch.einsum("bij,bkj->bki", matrix, places - middle[:, None]) + at[:, None]
        box = torch.stack([moved[:, :2].amin(dim=1), moved[:, :2].amax(dim=1)], dim=1)
        half = (places[:, 1] - places[:, 0]) * scale[:, None] / 2  # boxes stay upright
        centre = box.mean(dim=1)
        eyes = torch.where(mirror[:, None, None], moved[:, [3, 2]], moved[:, 2:])
        return torch.cat([(centre - half)[:, None], (centre + half)[:, None], eyes], dim=1)

    back = torch.linalg.inv(matrix)
    # both in units from -1 to 1: scene s = (u + 1) SCENE / 2, picture p = (v + 1) DRAWN / 2
    offset = (torch.einsum("bij,bj->bi", back, SCENE / 2 - at) + middle) * 2 / DRAWN - 1
    theta = torch.cat([back * SCENE / DRAWN, offset[..., None]], dim=2)
    return affine_grid(theta, [len(at), 1, SCENE, SCENE], align_corners=False), move


def _grounds(others: Tensor, faces: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Backgrounds: pictures of things, pieces of faces much too large, and noise of all sizes."""
    grounds = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.5:
            source, side = others[rng.integers(len(others))], int(rng.integers(24, DRAWN))
        elif kind < 0.65:
            source, side = faces[rng.integers(len(faces))], int(rng.integers(12, 30))
        else:
            cells = 2 ** int(rng.integers(1, 7))
            source = torch.from_numpy(rng.random((3, cells, cells)).astype(np.float32))
            side = cells
        left, top = (int(rng.integers(0, source.shape[-1] - side + 1)) for _ in range(2))
        piece = source[:, top : top + side, left : left + side]
        grounds.append(interpolate(piece[None], size=(SCENE, SCENE), mode="bilinear", align_corners=False)[0])
    return torch.stack(grounds)


def _changed(scenes: Tensor, rng: np.random.Generator) -> Tensor:
    """Blurred a little, and with noise, some of them."""
    blur = torch.from_numpy(rng.random(len(scenes)) < 0.4)
    soft = interpolate(scenes[blur], scale_factor=0.6, mode="bilinear", antialias=True, align_corners=False)
    scenes[blur] = interpolate(soft, size=(SCENE, SCENE), mode="bilinear", align_corners=False)
    noise = torch.from_numpy(rng.random(len(scenes)).astype(np.float32))[:, None, None, None] * 0.05
    return (scenes + noise * torch.randn_like(scenes)).clamp(0, 1)


def _loss(network: FaceNet, scenes: Tensor, truth: Tensor) -> Tensor:
    cells = network(scenes)
    rows, columns = cells.logit.shape[1:]
    at = middles(rows, columns, cells.logit.device)
    size = (truth[:, 1] - truth[:, 0]).mean(dim=1) / FACE
    middle = truth[:, :2].mean(dim=1)
    away = (at[None] - middle[:, :, None, None]).norm(dim=1).nan_to_num(1e9)
    low, high = SIZES
    fits = ((size > low) & (size < high))[:, None, None]
    close = ((size > low / 1.25) & (size < high * 1.25))[:, None, None]
    face = fits & (away < NEAR)
    unsure = close & (away < FAR) & ~face
    sure = ~unsure
    weights = sure.float() * torch.where(face, 4.0, 1.0)
    each = binary_cross_entropy_with_logits(cells.logit, face.float(), reduction="none")
    hard = (each.detach() > 0.05).float() + 0.05  # what is understood counts little
    judged = (each * weights * hard).sum() / (weights * hard).sum()
    target = (truth[..., None, None] - at) / FACE
    off = (cells.places - target.nan_to_num()).abs().mean(dim=(1, 2))
    found: Tensor = judged + 2 * (off * face).sum() / face.sum().clamp(min=1)
    return found


if __name__ == "__main__":
    main()
