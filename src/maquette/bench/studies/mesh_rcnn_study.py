"""Mesh R-CNN's variants after equal numbers of steps on the same shapes: accuracy, and how much of a map blocks used.

    python -m maquette.bench.studies.mesh_rcnn_study OUT --shapes PACK --train --threads 1 --json FILE

With --train every run that is not there yet is trained into OUT/VARIANT-SEED by `maquette train mesh-rcnn`; one that
was stopped goes on. What is not known here goes to `maquette train` (`-- --network.voxels 32`). Runs that are there
are scored on the test shapes by protocol p2m: chamfer distance in thousandths, F1 at tau and 2 tau, |normal|, as
means over samples; beside them by protocol viewer IoU and F1 at 2 %; and the mean share of the dynamic blocks'
positions that were active. Shapes made by hand and those made by programs are told apart, too. Other systems stand
beside them: `--beside frustum r2n2=RUN` (the weights that ship, or a run); `refined-frustum=RUN` is frustum's surface
refined by a run's stages.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ...compose.refined_frustum import RefinedFrustum
from ...data.drawn_views import DrawnViews
from ...data.pack_data import ShapePack
from ...evaluate import evaluate
from ...metrics.protocols import PROTOCOLS
from ...reconstruct import load_system
from ...report.numbers import numbers_of
from .arguments import run_study, write_json
from .trained import parsed, runs_there, variants_parser

VARIANTS = ("voxel-only", "sphere", "pixel2mesh", "light", *(f"dynamic-{n}" for n in (3, 4, 5, 6)))
_COLUMNS = {
    "p2m": {
        "chamfer": "Chamfer e-3",
        "f1@0.01": "F1 tau",
        "f1@0.014142": "F1 2 tau",
        "abs_normal": "|normal|",
    },
    "viewer": {"iou": "IoU", "f2": "F@2 %"},
}
_ALL = "all"
_REFINED = "refined-frustum"
_AT_ONCE = 16


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Train where asked for, and score what is there; returns the numbers."""
    parser = variants_parser(__doc__, VARIANTS, "small")
    parser.add_argument("--protocols", nargs="+", choices=tuple(_COLUMNS), default=tuple(_COLUMNS))
    options, more, shapes = parsed(parser, words)
    rows: list[dict[str, Any]] = []
    for about, folder in runs_there("mesh-rcnn", options, more):
        rows.append({**about, **score("mesh-rcnn", folder, shapes, options.protocols)})
        print(line(rows[-1]), flush=True)
    for words_of_one in options.beside:
        system, _, run = words_of_one.partition("=")
        rows.append({"system": system, **score(system, run or None, shapes, options.protocols)})
        print(line(rows[-1]), flush=True)
    numbers = {"shapes": options.shapes.name, "samples": len(shapes), "rows": rows}
    write_json(options.json, numbers)
    print(table(rows))
    return numbers


def score(
    name: str, weights: str | Path | None, shapes: ShapePack, protocols: Sequence[str]
) -> dict[str, Any]:
    """A system's numbers on all shapes of a pack."""
    system = RefinedFrustum.load(weights) if name == _REFINED else load_system(name, weights)
    found: dict[str, Any] = {"parameters": sum(p.numel() for p in system.network.parameters())}
    for protocol in (PROTOCOLS[name] for name in protocols):
        source = DrawnViews(shapes, system.views_config, truth=protocol.needs, side=protocol.side)
        told = numbers_of(evaluate(system, source, protocol, device="cpu", cases=0), {})
        found[protocol.name] = {
            group: {name: values["views"]["1"][name]["sample_mean"] for name in _COLUMNS[protocol.name]}
            | {"samples": values["count"]}
            for group, values in told["groups"].items()
        }
    return {**found, "active": active_share(system, shapes)}


@torch.inference_mode()
def active_share(system: Any, shapes: ShapePack) -> float | None:
    """Mean share of the positions that dynamic blocks worked at; None for networks that have none."""
    see = getattr(system.network, "see", None)
    if see is None:
        return None
    source = DrawnViews(shapes, system.views_config, truth=frozenset())
    shares = []
    for start in range(0, len(shapes), _AT_ONCE):
        batch = source.held_batch(range(start, min(start + _AT_ONCE, len(shapes))), 1)
        gates = getattr(see(batch.images[:, 0]), "gates", ())
        shares += [gate.hard.flatten(1).mean(1) for gate in gates]
    return float(torch.cat(shares).mean()) if shares else None


def line(row: Mapping[str, Any]) -> str:
    """A row's first numbers."""
    told = ", ".join(
        f"{label} {row[protocol][_ALL][name]:.3f}"
        for protocol, columns in _COLUMNS.items()
        if protocol in row
        for name, label in columns.items()
    )
    return f"{_name(row)}: {told}"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """All rows as Markdown, a line for every group of shapes."""
    columns = [
        (protocol, name, label)
        for protocol, labels in _COLUMNS.items()
        for name, label in labels.items()
        if any(protocol in row for row in rows)
    ]
    head = ["network", "shapes", "samples", *(label for _, _, label in columns), "active"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        first = row[next(protocol for protocol in _COLUMNS if protocol in row)]
        active = "" if row["active"] is None else f"{row['active']:.2f}"
        for group, told in first.items():
            cells = [_name(row), group, str(told["samples"])]
            cells += [_cell(row, group, protocol, name) for protocol, name, _ in columns]
            lines.append("| " + " | ".join([*cells, active]) + " |")
    return "\n".join(lines)


def _cell(row: Mapping[str, Any], group: str, protocol: str, name: str) -> str:
    if protocol not in row:
        return ""
    value = row[protocol][group][name]
    return f"{value:.2f}" if name.startswith("f1") else f"{value:.3f}"


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['variant']}, seed {row['seed']}" if "variant" in row else str(row["system"])


if __name__ == "__main__":
    run_study(main)
