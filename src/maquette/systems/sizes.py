"""Sizes that must go together; without torch."""


def check_size(network: int, pictures: int) -> None:
    """Refuse pictures of another size than a network's, by a ValueError."""
    if network != pictures:
        raise ValueError(f"network and pictures must have one size, got {network} and {pictures}")
