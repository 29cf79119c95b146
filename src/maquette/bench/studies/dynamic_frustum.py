"""Frustum's network with dynamic blocks beside the plain one: time of a picture at several shares of positions.

    python -m maquette.bench.studies.dynamic_frustum --repeats 31 --json FILE

One picture, one thread, seconds of the process's own, in turns. The networks have not learned; the biases of the mask
units are moved until each block works at its share of the positions. MACs are those of the whole network, as done.
"""

import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from ...data.drawn_views import DrawnViews
from ...data.open import pack_families
from ...nn.dynamic.blocks import Execution, executing
from ...nn.macs import measure_cost
from ...systems.frustum.config import NetworkConfig
from ...systems.frustum.network import FrustumNetwork, Told
from ...systems.frustum.recipes import best
from ...systems.frustum.targets import NEEDS, targets_of
from ..machine import describe_machine
from ..mesh_rcnn import force_shares
from ..timing import seconds_in_turns, summary
from .arguments import run_study, study_parser, write_json

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
_PATIENCE = 240.0


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--variant", default="rays-48")
    parser.add_argument("--width", type=float, default=1.0)
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = best(options.variant)
    source = DrawnViews(pack_families(4, 0, side=64), config.views, truth=NEEDS, side=64)
    seen = targets_of(source.held_batch([0], 1), config.network.resolution)
    look = partial(_look, images=seen.images, masks=seen.masks)
    calls, rows = {}, []
    for name, share in (("plain", None), ("dense", 0.5), *((f"{share:.0%}", share) for share in SHARES)):
        network = FrustumNetwork(
            NetworkConfig(options.variant, options.width, dynamic=share is not None)
        ).eval()
        if share is not None:
            force_shares(network, partial(look, network), share)
        how: Execution = "dense" if name == "dense" else "auto"
        calls[name] = partial(look, network, how)
        macs = measure_cost(network, seen.images, seen.masks).total
        for gate in calls[name]().gates:
            macs += gate.executed - round(gate.total)
        rows.append({"network": name, "share": share, "macs": macs})
    told = seconds_in_turns(calls, torch.device("cpu"), options.repeats, _PATIENCE, time.process_time)
    for row, seconds in zip(rows, told.values(), strict=True):
        ratio = statistics.median(own / its for own, its in zip(seconds, told["plain"], strict=True))
        row |= {"ratio": ratio, "seconds": summary(seconds).as_dict()}
        print(
            f"{row['network']:<6} {row['macs'] / 1e6:.0f} MMAC {1000 * row['seconds']['median']:.1f} ms {ratio:.2f}"
        )
    numbers = {**describe_machine(torch.device("cpu")), "width": options.width, "rows": rows}
    write_json(options.json, numbers)
    return numbers


@torch.inference_mode()
def _look(
    network: FrustumNetwork, how: Execution = "auto", *, images: torch.Tensor, masks: torch.Tensor
) -> Told:
    with executing(network, how):
        told: Told = network(images, masks)
    return told


if __name__ == "__main__":
    run_study(main)
