"""What was asked for last is kept, within its bytes."""

import torch

from maquette.data.recent import Recent


def test_those_asked_for_last_are_kept() -> None:
    made: list[str] = []

    def ask(key: str, count: int = 25) -> torch.Tensor:
        def make() -> tuple[torch.Tensor, ...]:
            made.append(key)
            return (torch.full((count,), ord(key), dtype=torch.int32),)

        (found,) = recent.of(key, make)
        assert found.tolist() == [ord(key)] * count
        return found

    recent = Recent(200)  # two of 100 bytes
    first = ask("a")
    ask("b")
    assert ask("a") is first
    ask("c")  # b was asked for longest ago
    assert ask("a") is first
    assert made == ["a", "b", "c"]
    ask("b")
    assert made == ["a", "b", "c", "b"]
    ask("d", 1000)  # more than all that fits: alone
    ask("d", 1000)
    ask("a")
    assert made == ["a", "b", "c", "b", "d", "a"]
