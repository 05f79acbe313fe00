"""The stages of “all-stage missing modality” against eq. 1, 3, 4, 5 and 7 written out, and what each stage trains."""

import numpy as np
import pytest
import torch

from MissingModalitySegLib.networks.universal.masking import mask_tokens
from MissingModalitySegTraining.data.batch import Batch, select
from MissingModalitySegTraining.regimes.co_distillation import _hide_from_complete
from MissingModalitySegTraining.regimes.codes import draw_codes
from MissingModalitySegTraining.regimes.stages import find_method
from Testing.regimes.regime_cases import CODES, mixed_batch, plain_region_loss, regimes_of, seeded_losses, tiny_setup

SMALL = {"token": 4, "keep": 0.4}


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def plain_reconstruction(reconstructed, batch) -> float:
    """Eq. 1, sample by sample and modality by modality."""
    per_sample = []
    for b, code in enumerate(CODES):
        errors = [
            np.mean((reconstructed[b, i].double().numpy() - batch.image[b, i].double().numpy()) ** 2)
            for i in range(5)
            if code[i]
        ]
        per_sample.append(np.mean(errors))
    return float(np.mean(per_sample))


@pytest.fixture(scope="module")
def regimes():
    return regimes_of("universal", tiny_setup("universal", **SMALL))


def test_the_five_stages(regimes) -> None:
    assert list(regimes) == ["mae", "mae_segmenter", "distribution_approximation", "hyper_teacher", "student"]
    heads = {name: regimes[name].network.config.head for name in ("mae_segmenter", "hyper_teacher")}
    assert heads == {"mae_segmenter": "static", "hyper_teacher": "hyper"}


def test_networks_start_from_the_autoencoder(regimes) -> None:
    def equal(one, other) -> bool:
        return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())

    first, second = regimes["mae"].network, regimes["distribution_approximation"].network
    student = regimes["student"].network
    assert equal(first, second)
    assert equal(second, student.recovery)
    assert equal(first.backbone, regimes["mae_segmenter"].network.backbone)
    assert equal(second.backbone, regimes["hyper_teacher"].network.backbone)
    assert equal(second.backbone, student.student.backbone)


def test_reconstruction_and_distribution_approximation(regimes) -> None:
    batch = mixed_batch(8)
    shown = mask_tokens(batch.image, batch.code, seeded(), most_dropped=3, keep=0.4, token=4)
    for stage in ("mae", "distribution_approximation"):
        regime = regimes[stage]
        with torch.no_grad():
            reconstructed = regime.network(shown.image, shown.code)
        reconstruction = plain_reconstruction(reconstructed, batch)
        parts = seeded_losses(regime, batch)
        if stage == "mae":
            assert parts["loss"].item() == pytest.approx(reconstruction, rel=1e-5)
        else:
            with torch.no_grad():
                logits = regime.segmenter(reconstructed, torch.ones(3, 5))
            segmentation = plain_region_loss(logits, batch.regions, batch.scored)
            assert parts["loss"].item() == pytest.approx(reconstruction + 0.1 * segmentation, rel=1e-5)


def test_the_frozen_segmenter_teaches_modalities_without_target_and_learns_nothing(regimes) -> None:
    """The reconstruction of an absent modality gets a gradient in stage 2, and none in stage 1."""
    batch = select(mixed_batch(8), torch.tensor([False, False, True]))  # T2 alone
    for stage, taught in (("mae", {2}), ("distribution_approximation", {0, 1, 2, 3, 4})):
        regime = regimes[stage]
        regime.network.zero_grad(set_to_none=True)
        seeded_losses(regime, batch)["loss"].backward()
        bias = regime.network.head[-1].bias.grad
        assert set(bias.nonzero().flatten().tolist()) == taught
    assert all(p.grad is None and not p.requires_grad for p in regime.segmenter.parameters())
    assert not regime.segmenter.training


def plain_distillation(teacher, student, logits) -> float:
    """Σ_scales Σᵢ wᵢ‖Gᵗᵢ - Gˢᵢ‖² by loops over voxels; sizes up to 8 are not pooled, logits down to them are."""
    total = 0.0
    for t, s in list(zip(teacher, student, strict=True))[-3:]:
        size = t.shape[-1]
        per_sample = []
        for b in range(len(t)):
            p = logits[b].double().sigmoid().numpy()
            step = p.shape[-1] // size
            p = p.reshape(3, size, step, size, step, size, step).mean((2, 4, 6)).reshape(3, -1)
            entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(0)
            rows = []
            for features in (t, s):
                f = features[b].double().numpy().reshape(features.shape[1], -1).T
                relations = f @ f.T
                rows.append(relations / np.linalg.norm(relations, axis=1, keepdims=True))
            per_sample.append((entropy / entropy.sum() * ((rows[0] - rows[1]) ** 2).sum(1)).sum())
        total += np.mean(per_sample)
    return float(total)


def test_co_distillation(regimes) -> None:
    regime, batch = regimes["student"], mixed_batch(8)
    parts = seeded_losses(regime, batch)
    student, g, teacher = regime.network.student, regime.network.recovery, regime.teacher
    generator = seeded()
    code = draw_codes(batch.code, generator)
    shown = _hide_from_complete(batch.code, 0.5, generator)
    ones = torch.ones(3, 5)
    with torch.no_grad():
        logits, features = student.predict_with_features(batch.image * code.view(3, 5, 1, 1, 1), code)
        recovered = g(batch.image, shown)
        for b in range(3):
            for i in range(5):
                if shown[b, i]:
                    recovered[b, i] = batch.image[b, i]
        teacher_logits, teacher_features = teacher.predict_with_features(recovered, ones)
    task = plain_region_loss(logits, batch.regions, batch.scored)
    data = plain_region_loss(teacher_logits, batch.regions, batch.scored)
    distillation = plain_distillation(teacher_features, features, teacher_logits)
    assert parts["task"].item() == pytest.approx(task, rel=1e-5)
    assert parts["data"].item() == pytest.approx(data, rel=1e-5)
    assert parts["distillation"].item() == pytest.approx(distillation, rel=1e-3)
    assert parts["loss"].item() == pytest.approx(task + data + 0.1 * distillation, rel=1e-4)


def gradients(regime, batch, part: str) -> dict[str, bool]:
    """Who gets a gradient other than zero from one part of the loss."""
    regime.network.zero_grad(set_to_none=True)
    seeded_losses(regime, batch)[part].backward()
    who = {"student": regime.network.student, "recovery": regime.network.recovery, "teacher": regime.teacher}
    return {
        name: any(p.grad is not None and bool(p.grad.any()) for p in module.parameters())
        for name, module in who.items()
        if module is not None
    }


def test_who_learns_from_which_part(regimes) -> None:
    """Teacher features are detached for L_KD; L_data flows through the frozen teacher into g."""
    batch = mixed_batch(8)
    assert gradients(regimes["student"], batch, "task") == {"student": True, "recovery": False, "teacher": False}
    assert gradients(regimes["student"], batch, "data") == {"student": False, "recovery": True, "teacher": False}
    assert gradients(regimes["student"], batch, "distillation") == {
        "student": True,
        "recovery": False,
        "teacher": False,
    }


def complete_batch() -> Batch:
    first = select(mixed_batch(8), torch.tensor([True, False, False]))
    return Batch(*(torch.cat([getattr(first, name)] * 4) for name in ("image", "code", "regions", "scored", "brain")))


@pytest.mark.parametrize(("share", "learns"), [(0.0, False), (1.0, True)])
def test_complete_samples_teach_the_recovery_where_modalities_are_hidden_from_it(share, learns) -> None:
    regime = regimes_of("universal", tiny_setup("universal", hidden_share=share))["student"]
    assert gradients(regime, complete_batch(), "data")["recovery"] == learns
    assert all(p.grad is not None for p in regime.network.recovery.parameters())  # other processes wait for it


def test_hiding_leaves_incomplete_samples_alone() -> None:
    available = torch.tensor(CODES, dtype=torch.float32).repeat(200, 1)
    hidden = _hide_from_complete(available, 0.5, seeded())
    complete = available.all(dim=1)
    assert torch.equal(hidden[~complete], available[~complete])
    changed = (hidden[complete] != 1).any(dim=1).float().mean().item()
    assert changed == pytest.approx(0.5 * 30 / 31, abs=0.15)  # four standard deviations
    assert hidden.any(dim=1).all()


@pytest.mark.parametrize("recovery", ["fixed", "none"])
def test_a_recovery_that_is_not_refined(recovery) -> None:
    """Table 5 (b) and (c): no data loss; the teacher sees x̂_f from φ, or what there is."""
    setup = tiny_setup("universal", {"head": "static"}, recovery=recovery)
    regime, batch = regimes_of("universal", setup)["student"], mixed_batch(8)
    parts = seeded_losses(regime, batch)
    assert set(parts) == {"loss", "task", "distillation"}
    code, ones = draw_codes(batch.code, seeded()), torch.ones(3, 5)
    with torch.no_grad():
        _, features = regime.network.student.predict_with_features(batch.image, code)
        if recovery == "fixed":
            image = torch.where(
                batch.code.bool().view(3, 5, 1, 1, 1), batch.image, regime.fixed_recovery(batch.image, batch.code)
            )
            logits, taught = regime.teacher.predict_with_features(image, ones)
        else:
            logits, taught = regime.teacher.predict_with_features(batch.image, batch.code, ones)
    assert parts["distillation"].item() == pytest.approx(plain_distillation(taught, features, logits), rel=1e-3)
    assert regime.network.recovery is None


def test_the_hyper_teacher_is_locked_in_full_modality_mode() -> None:
    setup = tiny_setup("universal", {"head": "static"}, recovery="none")
    regime, batch = regimes_of("universal", setup)["student"], mixed_batch(8)
    asked = []
    regime.teacher.head.register_forward_pre_hook(lambda module, inputs: asked.append(inputs[0].clone()))
    seeded_losses(regime, batch)
    assert torch.equal(asked[0], torch.ones(3, 5))  # the binary prompt is the code itself


def test_the_prompt_table_is_of_the_runs_modalities() -> None:
    from dataclasses import replace

    from MissingModalitySegLib.modalities import Modality
    from MissingModalitySegTraining.prompts.table import prompt_table

    modalities = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR)
    setup = replace(tiny_setup("universal", {"prompt_encoder": "minilm"}, teacher="none"), modalities=modalities)
    network = regimes_of("universal", setup)["student"].network
    assert torch.equal(network.prompt_table, prompt_table("minilm", modalities))


@pytest.mark.parametrize("approximated", [True, False])
def test_segmentation_goes_on_from_the_last_autoencoder(approximated) -> None:
    """With stages that end elsewhere than they began, unlike the untrained ones above."""
    setup = tiny_setup("universal", distribution_approximation=approximated)

    method = find_method("universal")
    networks, begun = {}, {}
    for stage in method.stages(setup):
        regime = stage.regime(networks)
        begun[stage.name] = {name: value.clone() for name, value in regime.network.state_dict().items()}
        with torch.no_grad():
            for parameter in regime.network.parameters():
                parameter.add_(torch.randn_like(parameter))
        networks[stage.name] = regime.network
    phi = networks["distribution_approximation" if approximated else "mae"]
    for name, value in phi.backbone.state_dict().items():
        assert torch.equal(begun["hyper_teacher"][f"backbone.{name}"], value)
        assert torch.equal(begun["student"][f"student.backbone.{name}"], value)
        assert torch.equal(begun["student"][f"recovery.backbone.{name}"], value)
    if approximated:
        for name, value in networks["mae"].state_dict().items():
            assert torch.equal(begun["distribution_approximation"][name], value)
    products = method.products(networks)
    assert products.synthesiser is phi
    assert products.network is networks["student"].student


def test_a_run_keeps_its_prompts_so_that_it_opens_without_the_encoder(tmp_path, monkeypatch) -> None:
    from dataclasses import replace

    from MissingModalitySegLib.errors import InputError
    from MissingModalitySegTraining.prompts import table
    from MissingModalitySegTraining.regimes.universal import prompt_encoder

    class Encoder:
        name, version = "clip", "made"

        def encode(self, codes):
            return torch.randn(len(codes), 512, generator=torch.Generator().manual_seed(0))

    def absent(name):
        raise InputError("no-encoder", "It is not installed.")

    setup = tiny_setup("universal", {"prompt_encoder": "clip"}, teacher="none")
    assert prompt_encoder(setup) == "clip"
    assert prompt_encoder(tiny_setup("universal", {"prompt_encoder": "clip", "head": "static"}, teacher="none")) is None
    assert prompt_encoder(tiny_setup("universal")) is None  # binary
    monkeypatch.setattr(table, "encoder", lambda name: Encoder())
    kept = tmp_path / "prompts.safetensors"
    table.keep_prompt_table("clip", setup.modalities, kept)
    monkeypatch.setattr(table, "encoder", absent)
    network = regimes_of("universal", replace(setup, prompts=kept))["student"].network
    expected = Encoder().encode(range(31))
    torch.testing.assert_close(network.prompt_table, expected, atol=0.01, rtol=0.01)
    with pytest.raises(InputError, match="not installed"):
        regimes_of("universal", setup)
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
