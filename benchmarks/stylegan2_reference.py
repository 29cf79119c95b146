"""Compare StyleGAN2 with stored values of the official code: python benchmarks/stylegan2_reference.py FOLDER.

The folder holds what the official code gave for fixed inputs and weights; its values may not be passed on, so that
the repository holds the table of agreement alone. An error is that of the worst array of a group: of values the
largest difference as a share of the largest value, of gradients the norm of the difference as a share of the norm.
Ours is computed in float64, as in float32 rounding puts single numbers on the other side of a rectifier's kink; only
augmentation, which rounds to whole pixels, in the official code's float32.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from stylegan2.augmentation import augmentation
from stylegan2.losses import losses, settings
from stylegan2.networks import discriminator, generator, operators
from stylegan2.table import read

FILES: dict[str, Callable[..., None]] = {
    "sg2_ops": operators,
    **dict.fromkeys([f"sg2_generator_{k}" for k in ("32", "64", "32cond", "16clamp")], generator),
    **dict.fromkeys(
        [f"sg2_discriminator_{k}" for k in ("32", "64", "32cond", "32orig", "32skip", "16clamp")],
        discriminator,
    ),
    "sg2_training": losses,
    "sg2_augment": augmentation,
    "sg2_configs": settings,
}
BESIDE = {"sg2_training": ("sg2_generator_32", "sg2_discriminator_32")}


def compare(folder: Path) -> dict[str, Any]:
    """The table of agreement, by file and group."""
    rows: dict[str, Any] = {}
    for name, function in FILES.items():
        table = read(folder, name)
        torch.set_default_dtype(torch.float32 if name == "sg2_augment" else torch.float64)
        function(table, *(read(folder, other) for other in BESIDE.get(name, ())))
        rows[name] = {
            group: {
                "arrays": found.arrays,
                "worst": float(f"{found.worst:.2g}"),
                "of": found.of,
                "tolerance": found.tolerance,
                "ok": not found.failed,
                **({"failed": found.failed} if found.failed else {}),
            }
            for group, found in table.groups.items()
        }
    return rows


def main() -> None:
    """Read the words, compare, print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path, help="where the stored values are")
    words.add_argument("--json", type=Path, help="write the table here")
    asked = words.parse_args()
    torch.set_num_threads(1)
    rows = compare(asked.folder)
    for name, groups in rows.items():
        for group, row in groups.items():
            print(
                f"{name:26} {group:26} {row['arrays']:4} {row['worst']:9.2g} {row['tolerance']:7g} {row['ok']}"
            )
            for bad in row.get("failed", ()):
                print("   ", bad)
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
