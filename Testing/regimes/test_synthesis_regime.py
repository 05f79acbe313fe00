import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.regimes.codes import draw_codes
from MissingModalitySegTraining.regimes.stages import Setup, find_method
from MissingModalitySegTraining.regimes.synthesis import Synthesis, SynthesisOptions

MODALITIES = ("T1", "T1ce", "T2", "FLAIR", "DWI")


@pytest.fixture(params=["synthesiser", "masked_autoencoder"])
def network(request: pytest.FixtureRequest) -> torch.nn.Module:
    return build({"architecture": request.param, "preset": "tiny"})


def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(2, 5, 8, 8, 8, generator=generator)
    image[1, [1, 2, 4]] = float("nan")  # this sample never had them
    code = torch.tensor([[1.0, 1, 1, 1, 1], [1, 0, 0, 1, 0]])
    brain = torch.rand(2, 8, 8, 8, generator=generator) > 0.4
    return Batch(image, code, torch.zeros(2, 3, 8, 8, 8), torch.ones(2, 3), brain)


def test_the_loss_is_the_error_in_the_brain_and_counts_hidden_sequences_most(network: torch.nn.Module) -> None:
    made, sample = network, batch()
    regime = Synthesis(made, SynthesisOptions(shown=0.2, absolute=0.5))
    parts = regime.losses(sample, 0.0, torch.Generator().manual_seed(5))
    code = draw_codes(sample.code, torch.Generator().manual_seed(5))
    found = made(sample.image, code).detach()
    total = weights = hidden = count = 0.0
    for b in range(2):
        for k in range(5):
            if not sample.code[b, k]:
                continue
            error = (found[b, k] - sample.image[b, k])[sample.brain[b]]
            weight = 0.2 if code[b, k] else 1.0
            total += weight * float((error**2).mean() + 0.5 * error.abs().mean())
            weights += weight
            hidden += 0 if code[b, k] else float((error**2).mean())
            count += 0 if code[b, k] else 1
    assert float(parts["loss"]) == pytest.approx(total / weights, rel=1e-5)
    assert float(parts["hidden"]) == pytest.approx(hidden / count, rel=1e-5)


def test_every_parameter_is_trained(network: torch.nn.Module) -> None:
    Synthesis(network, SynthesisOptions()).losses(batch(), 0.0, torch.Generator().manual_seed(0))["loss"].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in network.parameters())


def test_a_network_that_segments_is_refused() -> None:
    method = find_method("synthesis")
    setup = Setup({"architecture": "unet", "preset": "tiny"}, SynthesisOptions(), MODALITIES, 3)
    with pytest.raises(InputError, match="answers with sequences"):
        method.stages(setup)[0].regime({})
