"""Train `assets/face_finder.safetensors`, what `segment.find_faces` looks with: drawn faces, ImageNet's features.

    python -m maquette.bench.studies.face_finder src/maquette/assets/face_finder.safetensors \\
        --first-weights torchvision --shapes DIR

The features of MobileNetV2 stay as they are; only the head on them learns. They are computed once for every scene.
Half of the scenes have no face. When the head has learned them, it looks at as many others without a face; the
quarter in which it is surest to see one joins them, and it learns again.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ...nn.backbones.folding import folded
from ...segment.face_net import FACE, FaceCells, FaceHead, FaceNet, middles
from .face_objects import draw_objects
from .face_scenes import Props, draw_people, draw_scenes, draw_things

PEOPLE, SCENES, BATCH, EPOCHS, RATE = 800, 8000, 64, 6, 4e-3
_AGAIN, _LOWER = 3, 0.4  # epochs with what was taken for faces, and their rate in parts of the first one
_HARD = 0.25  # share of further scenes that is kept
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
    parser.add_argument(
        "--shapes", type=Path, help="a folder of meshes, of which those that are CC0 are drawn"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="over them")
    options = parser.parse_args(words)
    network = FaceNet()
    network.features.load(options.first_weights)
    train(network, options.scenes, options.epochs, options.shapes)
    save_file(packed(network), options.target)


def train(network: FaceNet, scenes: int, epochs: int, shapes: Path | None = None) -> None:
    """Train the head of a network; the norms of its features are folded into their convolutions.

    Args:
        network: whose features are known.
        scenes: how many, and how many more are searched for what is taken for a face.
        epochs: over them.
        shapes: a folder of meshes that are drawn, too (`face_objects.draw_objects`).
    """
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    folded(network.eval().features)
    props = Props(draw_people(PEOPLE, rng), draw_things(rng), draw_objects(rng, shapes))
    _say(f"{len(props.objects)} objects")
    seen = _seen(network, props, scenes, rng)
    _say(f"{scenes} scenes")
    _learn(network.head, seen, epochs, RATE)
    hard = _hard(network, props, scenes, rng)
    _say(f"{len(hard.fine)} scenes more")
    both = Seen(*(torch.cat(parts) for parts in zip(seen, hard, strict=True)))
    _learn(network.head, both, _AGAIN if epochs > 1 else 1, _LOWER * RATE)
    network.eval()


class Seen(NamedTuple):
    """Features of scenes at both strides, in half precision, and what is to be found (`Scenes`)."""

    fine: Tensor
    coarse: Tensor
    places: Tensor
    sure: Tensor


def _say(what: str) -> None:
    print(f"{what}: {time.process_time():.0f} s", flush=True)


def _learn(head: FaceHead, seen: Seen, epochs: int, rate: float) -> None:
    head.train()
    batches = len(seen.fine) // BATCH
    optimiser = torch.optim.AdamW(head.parameters(), rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * batches)
    for epoch in range(epochs):
        losses = []
        for chosen in torch.randperm(len(seen.fine)).split(BATCH)[:batches]:
            loss = _loss(head, *(part[chosen] for part in seen))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        _say(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}")
    head.eval()


def packed(network: FaceNet) -> dict[str, Tensor]:
    """Tensors to write: features in half precision, the head as it is."""
    state = {k: v for k, v in network.state_dict().items() if v.is_floating_point()}
    return {k: (v.half() if k.startswith("features") else v).contiguous() for k, v in state.items()}


def _seen(network: FaceNet, props: Props, count: int, rng: np.random.Generator, faces: bool = True) -> Seen:
    """What the network's features are of so many scenes."""
    parts = []
    for start in range(0, count, BATCH):
        scenes = draw_scenes(props, min(BATCH, count - start), rng, faces)
        with torch.inference_mode():
            fine, coarse = network.features(scenes.images).values()
        parts.append(Seen(fine.half(), coarse.half(), scenes.places, scenes.sure))
    return Seen(*(torch.cat(part).clone() for part in zip(*parts, strict=True)))


def _hard(network: FaceNet, props: Props, count: int, rng: np.random.Generator) -> Seen:
    """Of so many scenes without a face those in which the network is surest to see one."""
    seen = _seen(network, props, count, rng, faces=False)
    with torch.inference_mode():
        batches = zip(seen.fine.split(BATCH), seen.coarse.split(BATCH), strict=True)
        most = torch.cat([network.head(f.float(), c.float()).logit.amax(dim=(1, 2)) for f, c in batches])
    chosen = most.topk(max(1, round(_HARD * count))).indices
    return Seen(*(part[chosen] for part in seen))


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
