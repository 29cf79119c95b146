"""Where this process stands among those that torchrun's agent has started; without torch."""

import os


def process_counts() -> tuple[int, int]:
    """How many processes share each batch, and how many of them are on this machine."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return 1, 1
    world = int(os.environ["WORLD_SIZE"])
    return world, int(os.environ.get("LOCAL_WORLD_SIZE", world))


def is_first() -> bool:
    """Whether this process is the one that writes and speaks."""
    return "TORCHELASTIC_RUN_ID" not in os.environ or os.environ["RANK"] == "0"
