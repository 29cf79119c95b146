"""What more slots cost Mem3D's recipe `best`: seconds of a picture and of reading and writing, and bytes.

    python -m maquette.bench.studies.memory_slots --repeats 31 --json FILE

One thread, seconds of the process's own, in turns, with memories full of random shapes. `picture` is the whole
network with one picture, `read` what of it is reading, `write` remembering the 16 pairs of a step.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...systems.mem3d.config import NetworkConfig
from ...systems.mem3d.network import Mem3DNetwork
from ...systems.mem3d.recipes import best
from ..machine import describe_machine
from ..timing import measure_in_turns
from .arguments import run_study, study_parser, write_json

SLOTS = (100, 1_000, 4_000, 16_000)
_PAIRS, _SOLID, _PATIENCE = 16, 0.1, 240.0


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--slots", nargs="+", type=int, default=SLOTS, metavar="N")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    networks = {slots: full(replace(best().network, slots=slots)) for slots in options.slots}
    calls = {(slots, name): call for slots, one in networks.items() for name, call in calls_of(one).items()}
    named = {f"{slots} {name}": call for (slots, name), call in calls.items()}
    told = measure_in_turns(named, torch.device("cpu"), options.repeats, _PATIENCE, time.process_time)
    rows = []
    for slots, network in networks.items():
        assert network.memory is not None
        size = sum(buffer.numel() * buffer.element_size() for buffer in network.memory.buffers())
        seconds = {name: told[f"{slots} {name}"].as_dict() for name in calls_of(network)}
        rows.append({"slots": slots, "bytes": size, "seconds": seconds})
        ms = ", ".join(f"{name} {1000 * one['median']:.1f} ms" for name, one in seconds.items())
        print(f"{slots} slots: {size / 2**20:.1f} MiB, {ms}")
    numbers = {**describe_machine(torch.device("cpu")), "rows": rows}
    write_json(options.json, numbers)
    return numbers


def full(config: NetworkConfig) -> Mem3DNetwork:
    """A network whose every slot holds some shape under a random key."""
    network = Mem3DNetwork(config).eval()
    memory = network.memory
    assert memory is not None
    memory.keys.copy_(torch.nn.functional.normalize(torch.rand_like(memory.keys)))
    memory.values.random_()
    memory.ages.copy_(torch.arange(len(memory.ages)))
    return network


def calls_of(network: Mem3DNetwork) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    size, memory = network.config.size, network.memory
    assert memory is not None
    image, key = torch.rand(1, 1, 3, size, size), torch.rand(1, memory.keys.shape[1])
    grids = torch.rand(_PAIRS, *(memory.side,) * 3) < _SOLID
    pairs = (torch.rand(_PAIRS, memory.keys.shape[1]), grids)
    return {
        "picture": partial(_without_gradients, network, image),
        "read": partial(_without_gradients, memory.read, key, network.config.k),
        "write": partial(memory.write, *pairs),
    }


@torch.inference_mode()
def _without_gradients(call: Callable[..., Any], *given: Tensor | int) -> None:
    call(*given)


if __name__ == "__main__":
    run_study(main)
