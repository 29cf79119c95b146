"""Time of dynamic blocks that skip over that of the same blocks at every position, as one picture.

python -m maquette.bench.studies.break_even benchmarks/results/0.1.0/dynamic.json --out dynamic_break_even.png
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...io.json_file import read_json
from ...report.plots import COLOURS
from .arguments import run_study, study_parser


def main(words: Sequence[str] | None = None) -> None:
    """Draw the picture of what `maquette bench dynamic --json` wrote."""
    parser = study_parser(__doc__)
    parser.add_argument("numbers", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(words)
    draw(read_json(options.numbers, dict)["rows"]).savefig(options.out, dpi=110)


def draw(rows: Sequence[dict[str, Any]]) -> Figure:
    """A panel for each block, number of channels and type; a line for each map, over the share of its positions."""
    panels: dict[tuple[Any, ...], dict[int, list[dict[str, Any]]]] = {}
    for row in rows:
        key = (row["block"], row["channels"], row["dtype"])
        panels.setdefault(key, {}).setdefault(row["size"], []).append(row)
    figure = Figure(figsize=(3.2 * len(panels), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    each = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (key, maps) in zip(each, panels.items(), strict=True):
        axes.axhline(1, color="#808791", linewidth=0.8)
        for colour, (size, line) in zip(COLOURS, maps.items(), strict=False):
            shares, ratios = [row["share"] for row in line], [row["ratio"] for row in line]
            axes.plot(shares, ratios, color=colour, marker="o", markersize=3, label=f"{size} x {size}")
        axes.set(
            title="{}, {} channels, {}".format(*key), xlabel="active positions", xlim=(0, 1), ylim=(0, 2.5)
        )
        axes.title.set_fontsize(9)
    figure.axes[0].set_ylabel("time, skipping / dense")
    figure.axes[-1].legend(frameon=False, fontsize=8)
    return figure


if __name__ == "__main__":
    run_study(main)
