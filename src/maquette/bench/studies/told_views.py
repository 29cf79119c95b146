"""How the views that Unsup3D tells of drawn faces follow the true ones.

    python -m maquette.bench.studies.told_views --weights FILE --weights shipped --people 400 --json FILE

Nothing tells the networks what the front is: a view that is off by as much for every face costs them nothing, and
one that turns too little is made up for by what is drawn on the surface. Told are, of pitch, yaw and roll, the slope
of the told angle over the true one, which is 1 for who turns as far, their correlation, and the mean of what is told
less the mean of what is true, in degrees.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import known
from ...data.faces import FaceViews
from ...reconstruct import load_system
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_AT_ONCE, _ANGLES = 32, ("pitch", "yaw", "roll")


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Compare, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("--weights", action="append", help="FILE, RUN or shipped; several may be given")
    parser.add_argument("--people", type=int, default=400, help="of the test split of faces:5000")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    faces = FaceViews(5000)
    people = [i for i, entry in enumerate(faces.entries) if entry.split == "test"][: options.people]
    numbers: dict[str, Any] = {**describe_machine(torch.device("cpu")), "people": len(people), "weights": {}}
    for name in options.weights or ["shipped"]:
        system = load_system("unsup3d", None if name == "shipped" else name, device="cpu")
        told, true = [], []
        for block in (people[i : i + _AT_ONCE] for i in range(0, len(people), _AT_ONCE)):
            batch = faces.held_batch(block, 1)
            told.append(system.see(batch.images[:, 0])[1].view[: len(block), :3])
            true.append(known(batch.truth.poses)[:, 0, :3])
        numbers["weights"][name] = compare(torch.cat(told), torch.cat(true))
        print(name, numbers["weights"][name], flush=True)
    write_json(options.json, numbers)
    return numbers


def compare(
    told: Float[Tensor, "picture 3"], true: Float[Tensor, "picture 3"]
) -> Mapping[str, Mapping[str, float]]:
    """Slope, correlation and offset in degrees of each angle; arguments in radians, about x, y and z."""
    off = (told.mean(0) - true.mean(0)).rad2deg()
    told, true = told - told.mean(0), true - true.mean(0)
    both = (told * true).mean(0)
    slope = both / true.square().mean(0)
    alike = both / (told.square().mean(0) * true.square().mean(0)).sqrt()
    return {
        name: {"slope": float(slope[i]), "correlation": float(alike[i]), "offset": float(off[i])}
        for i, name in enumerate(_ANGLES)
    }


if __name__ == "__main__":
    run_study(main)
