import torch

from maquette.kernels.shared_bits import ROW_BYTES, shared_bits


def twin(a, b):
    shifts = torch.arange(8, dtype=torch.uint8)
    bits = [((rows[..., None] >> shifts) & 1).flatten(1).int() for rows in (a, b)]
    return bits[0] @ bits[1].t()


def test_kernel_and_twin_agree():
    torch.manual_seed(0)
    for n, m, blocks in ((1, 1, 1), (3, 5, 1), (2, 17, 32)):
        a, b = (torch.randint(0, 256, (rows, blocks * ROW_BYTES), dtype=torch.uint8) for rows in (n, m))
        assert torch.equal(shared_bits(a, b), twin(a, b))


def test_no_rows_share_nothing():
    none, one = (
        torch.zeros((0, ROW_BYTES), dtype=torch.uint8),
        torch.full((1, ROW_BYTES), 255, dtype=torch.uint8),
    )
    assert shared_bits(none, one).shape == (0, 1)
    assert shared_bits(one, none).shape == (1, 0)
    assert shared_bits(one, one).item() == 8 * ROW_BYTES
