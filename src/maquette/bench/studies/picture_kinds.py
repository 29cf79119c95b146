"""How well features tell pictures of people's faces from those of cats' heads: a choice of weights by the picture.

    python -m maquette.bench.studies.picture_kinds --people DIR --cats DIR --lfw TAR --features FILE --json FILE

Features are means over the whole picture, scaled to 96 x 96 pixels, of length 1: `imagenet`, the last ones of
MobileNetV2 with ImageNet's weights (--features); `finder`, those that ship in what finds faces, of strides 8 and 16.
They are told apart by the nearest mean of a class, or by a logistic regression (weights of the standardised features
cost half their square). Classes are learned

- `folders`: from --people and --cats, folders of pictures <number>_<kind>.png;
- `photographs`: people from 100 pictures of Labeled Faces in the Wild (--lfw), cats from --cats;
- `drawn`: people from 100 synthetic faces, which is what the shipped weights learned from; cats from --cats.

Whatever is learned from is tested with itself left out.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate, normalize

from ...data.faces import FaceViews
from ...io.images import load_image
from ...nn.backbones.backbone import backbone
from ...nn.backbones.folding import folded
from ...segment.face_net import FaceNet
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json
from .face_finder_measured import of_tar

_SIDE, _COUNT = 96, 100
Features = Callable[[Float[Tensor, "1 3 side side"]], Mapping[Any, Tensor]]
Said = Callable[[Float[Tensor, "picture feature"]], Bool[Tensor, " picture"]]
Fit = Callable[[Float[Tensor, "picture feature"], Bool[Tensor, " picture"]], Said]
Group = tuple[str, bool, Float[Tensor, "picture feature"]]  # its name, whether it shows cats, features


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the measurement; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--people", type=Path, required=True, help="a folder of pictures <number>_<kind>.png")
    parser.add_argument("--cats", type=Path, required=True, help="another one")
    parser.add_argument("--lfw", type=Path, help="a .tar of photographs of people")
    parser.add_argument("--features", type=Path, help="weights of MobileNetV2 (`maquette backbone import`)")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    pictures = {**_folder(options.people, "people"), **_folder(options.cats, "cats")}
    pictures["drawn"] = list(FaceViews(_COUNT).held_batch(range(_COUNT), 1).images[:, 0])
    if options.lfw:
        pictures["photographs"] = [image for _, image in of_tar(options.lfw, _COUNT)]
    rows = []
    for kind, network in _networks(options.features).items():
        groups = [
            (name, name.startswith("cats"), describe(network, images)) for name, images in pictures.items()
        ]
        for source in ("folders", "photographs", "drawn"):
            rows += [
                {"features": kind, "by": fit.__name__, "from": source, **scores}
                for fit in (nearest_mean, logistic_regression)
                if (scores := score(groups, source, fit))
            ]
    for row in rows:
        print(row)
    numbers = {**describe_machine(torch.device("cpu")), "rows": rows}
    write_json(options.json, numbers)
    return numbers


def _folder(folder: Path, name: str) -> dict[str, list[Tensor]]:
    """Its pictures by what their names say behind the number."""
    groups: dict[str, list[Tensor]] = {}
    for file in sorted(folder.glob("*.png")):
        groups.setdefault(f"{name}: {file.stem.split('_')[-1]}", []).append(load_image(file, 3))
    return groups


def _networks(file: Path | None) -> dict[str, Features]:
    with as_file(files("maquette") / "assets" / "face_finder.safetensors") as path:
        weights = load_file(path)
    finder = FaceNet()
    folded(finder.features)
    finder.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, strict=False)
    networks: dict[str, Features] = {"finder": finder.features.eval()}
    if file is not None:
        networks["imagenet"] = backbone("mobilenet_v2", weights=file, taps=[32]).eval()
    return networks


@torch.inference_mode()
def describe(network: Features, images: Sequence[Tensor]) -> Float[Tensor, "picture feature"]:
    """What a network says of pictures on average, of length 1."""
    found = []
    for image in images:
        small = interpolate(image[None], (_SIDE, _SIDE), mode="bilinear", antialias=True)
        found.append(torch.cat([level.mean((2, 3)) for level in network(small).values()], dim=1))
    return normalize(torch.cat(found))


def nearest_mean(x: Float[Tensor, "picture feature"], cats: Bool[Tensor, " picture"]) -> Said:
    """The class whose mean is the nearest."""
    middle, towards = (x[cats].mean(0) + x[~cats].mean(0)) / 2, x[cats].mean(0) - x[~cats].mean(0)
    return lambda z: (z - middle) @ towards > 0


def logistic_regression(x: Float[Tensor, "picture feature"], cats: Bool[Tensor, " picture"]) -> Said:
    """The class that is the likelier one; both weigh the same, whatever their numbers."""
    mean, deviation = x.mean(0), x.std(0).clamp(min=1e-6)
    weights = torch.zeros(x.shape[1] + 1, requires_grad=True)
    share = torch.where(cats, 1 / cats.sum(), 1 / (~cats).sum()) * len(x) / 2
    optimiser = torch.optim.LBFGS([weights], max_iter=50, line_search_fn="strong_wolfe")

    def logit(z: Tensor) -> Tensor:
        return (z - mean) / deviation @ weights[:-1] + weights[-1]

    def loss() -> Tensor:
        optimiser.zero_grad()
        cost = binary_cross_entropy_with_logits(logit(x), cats.float(), share, reduction="sum")
        cost = cost + weights[:-1].square().sum() / 2
        cost.backward()
        return cost

    optimiser.step(loss)
    final = weights.detach()
    return lambda z: (z - mean) / deviation @ final[:-1] + final[-1] > 0


def score(groups: Sequence[Group], source: str, fit: Fit) -> dict[str, list[int]]:
    """How many of each group are told right, and how many there are; nothing where the source is not there."""
    wanted = ("people", "cats") if source == "folders" else (source, "cats")
    taken = [group for group in groups if group[0].split(":")[0] in wanted]
    if {cats for _, cats, _ in taken} != {True, False}:
        return {}
    x = torch.cat([features for *_, features in taken])
    labels = torch.tensor([cats for _, cats, features in taken for _ in features])
    whole, told, at = fit(x, labels), {}, 0
    for name, cats, features in groups:
        said = whole(features)
        if any(features is own for *_, own in taken):
            kept = [torch.arange(len(x)) != at + i for i in range(len(features))]
            said = torch.cat([fit(x[k], labels[k])(one[None]) for k, one in zip(kept, features, strict=True)])
            at += len(features)
        told[name] = [int((said == cats).sum()), len(features)]
    return told


if __name__ == "__main__":
    run_study(main)
