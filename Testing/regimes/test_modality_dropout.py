from collections import Counter

import torch

from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.losses.segmentation import region_loss
from MissingModalitySegTraining.regimes.codes import draw_codes
from MissingModalitySegTraining.regimes.modality_dropout import ModalityDropout


def test_codes_are_uniform_over_the_non_empty_subsets_of_what_is_there() -> None:
    available = torch.tensor([[1, 0, 1, 1, 0]]).repeat(7000, 1)
    drawn = Counter(map(tuple, draw_codes(available, torch.Generator().manual_seed(0)).tolist()))
    assert len(drawn) == 7
    assert all(code[1] == code[4] == 0 and sum(code) for code in drawn)
    assert all(abs(count - 1000) < 130 for count in drawn.values())  # about four standard deviations


def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(2, 5, 8, 8, 8, generator=generator)
    regions = (torch.rand(2, 3, 8, 8, 8, generator=generator) > 0.7).float()
    code, scored = torch.tensor([[1.0, 1, 1, 1, 1], [1, 0, 0, 1, 0]]), torch.tensor([[1.0, 1, 1], [1, 0, 0]])
    return Batch(image, code, regions, scored, torch.ones(2, 8, 8, 8, dtype=torch.bool))


def test_loss_is_that_of_the_drawn_codes_and_of_all_modalities() -> None:
    network, sample = build({"architecture": "unet", "preset": "tiny"}), batch()
    parts = ModalityDropout(network).losses(sample, 0.0, torch.Generator().manual_seed(5))
    code = draw_codes(sample.code, torch.Generator().manual_seed(5))
    dropped = region_loss(
        network(sample.image * code.view(2, 5, 1, 1, 1), code), sample.regions, region_weights=sample.scored
    )
    assert torch.allclose(parts["dropped"], dropped, atol=1e-6)
    assert torch.allclose(parts["loss"], parts["dropped"] + parts["full"])
    assert "full" not in ModalityDropout(network, full_view=False).losses(sample, 0.0, torch.Generator())


def test_every_parameter_is_trained() -> None:
    network = build({"architecture": "unet", "preset": "tiny"})
    ModalityDropout(network).losses(batch(), 0.0, torch.Generator().manual_seed(0))["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
