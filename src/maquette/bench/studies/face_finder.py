"""Train `assets/face_finder.safetensors`, what `segment.find_faces` looks with: drawn faces, ImageNet's features.

python -m maquette.bench.studies.face_finder src/maquette/assets/face_finder.safetensors --first-weights torchvision

The features of MobileNetV2 stay as they are; only the head on them learns. They are computed once for every scene.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ...nn.backbones.folding import folded
from ...segment.face_net import FACE, FaceCells, FaceHead, FaceNet, middles
from .face_scenes import Scenes, draw_people, draw_scenes, draw_things

PEOPLE, SCENES, BATCH, EPOCHS, RATE = 800, 6000, 64, 6, 4e-3
_NEAR, _FAR = 9.0, 20.0  # pixels from a face's middle: a cell is of it, and of the background
_SIZES = 0.78, 1.25  # times FACE: what counts as a face of that size
_BEYOND = 1.25  # times those: what counts as none
_FOUND, _EYES = 4.0, 2.0  # weights of cells of faces, and of eyes


def main(words: Sequence[str] | None = None) -> None:
    """Draw, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("target", type=Path, help="the .safetensors file to write")
    parser.add_argument(
        "--first-weights", default="torchvision", help="of MobileNetV2: torchvision, or a file"
    )
    parser.add_argument("--scenes", type=int, default=SCENES, help="how many")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="over them")
    options = parser.parse_args(words)
    network = FaceNet()
    network.features.load(options.first_weights)
    train(network, options.scenes, options.epochs)
    save_file(packed(network), options.target)


def train(network: FaceNet, scenes: int, epochs: int) -> None:
    """Train the head of a network; the norms of its features are folded into their convolutions."""
    torch.manual_seed(0)
    begun = time.process_time()
    folded(network.eval().features)
    seen = _seen(network, scenes)
    print(f"{scenes} scenes: {time.process_time() - begun:.0f} s", flush=True)
    head = network.head.train()
    steps = epochs * (scenes // BATCH)
    optimiser = torch.optim.AdamW(head.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for epoch in range(epochs):
        losses = []
        for chosen in torch.randperm(scenes).split(BATCH)[: scenes // BATCH]:
            loss = _loss(head, *(part[chosen] for part in seen))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(
            f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}, {time.process_time() - begun:.0f} s",
            flush=True,
        )
    network.eval()


def packed(network: FaceNet) -> dict[str, Tensor]:
    """Tensors to write: features in half precision, the head as it is."""
    state = {k: v for k, v in network.state_dict().items() if v.is_floating_point()}
    return {k: (v.half() if k.startswith("features") else v).contiguous() for k, v in state.items()}


def _seen(network: FaceNet, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features at both strides, in half precision, of so many scenes; places, and which are sure."""
    rng = np.random.default_rng(0)
    cast, things = draw_people(PEOPLE, rng), draw_things(rng)
    parts: list[tuple[Tensor, ...]] = []
    for start in range(0, count, BATCH):
        scenes: Scenes = draw_scenes(cast, things, min(BATCH, count - start), rng)
        with torch.inference_mode():
            features = network.features(scenes.images).values()
        parts.append((*(x.half().contiguous() for x in features), scenes.places, scenes.sure))
    fine, coarse, places, sure = (torch.cat(part) for part in zip(*parts, strict=True))
    return fine, coarse, places, sure


def _loss(head: FaceHead, fine: Tensor, coarse: Tensor, places: Tensor, sure: Tensor) -> Tensor:
    cells: FaceCells = head(fine.float(), coarse.float())
    rows, columns = cells.logit.shape[1:]
    at = middles(rows, columns, cells.logit.device)
    size = (places[:, 1] - places[:, 0]).mean(dim=1) / FACE
    away = (at[None] - places[:, :2].mean(dim=1)[:, :, None, None]).norm(dim=1).nan_to_num(1e9)
    low, high = _SIZES
    fits = ((size > low) & (size < high) & sure)[:, None, None]
    close = ((size > low / _BEYOND) & (size < high * _BEYOND))[:, None, None]
    face = fits & (away < _NEAR)
    weights = (~(close & (away < _FAR) & ~face)).float() * torch.where(face, _FOUND, 1.0)
    each = binary_cross_entropy_with_logits(cells.logit, face.float(), reduction="none")
    weights = weights * ((each.detach() > 0.05).float() + 0.05)  # what is understood counts little
    judged = (each * weights).sum() / weights.sum()
    target = (places[..., None, None] - at) / FACE
    off = (cells.places - target.nan_to_num()).abs()
    off = (off[:, :2] + _EYES * off[:, 2:]).mean(dim=(1, 2))
    found: Tensor = judged + 2 * (off * face).sum() / face.sum().clamp(min=1)
    return found


if __name__ == "__main__":
    main()
