"""Which device a name stands for."""

import pytest
import torch

from maquette.structures.device import make_device, resolve_device


@pytest.mark.parametrize("there", [False, True])
def test_auto_is_cuda_where_there_is_a_gpu_else_the_cpu(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert resolve_device("auto") == ("cuda" if there else "cpu")
    assert make_device("auto") == torch.device("cuda:1" if there else "cpu")


@pytest.mark.parametrize("named", ["cpu", "cuda:3", "mps", torch.device("cpu")])
def test_a_device_that_is_named_stays(monkeypatch, named):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device(named) is named
    assert make_device(named) == torch.device(named)
