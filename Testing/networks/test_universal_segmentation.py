"""The segmentation network with both heads: dynamic layers, prompts, folding, hyper-teacher, gradients, precision."""

import pytest
import torch
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build, describe
from MissingModalitySegLib.networks.universal.completion import complete
from MissingModalitySegLib.networks.universal.hyper_network import HyperHead

HEADS = ("static", "hyper", "hyper with text")


def tiny(head="hyper", seed=0):
    """A small network whose norms and biases are away from ones and zeros, so that each one matters."""
    torch.manual_seed(seed)
    config = {"head": head.split()[0]} | ({"prompt_encoder": "minilm"} if "text" in head else {})
    network = build({"architecture": "universal", "preset": "tiny", "config": config})
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.05 * torch.randn_like(parameter))
    if "text" in head:
        network.set_prompt_table(F.normalize(torch.randn(31, 384), dim=1))
    return network.eval()


def image(batch=1, size=(8, 8, 8), seed=1):
    return torch.randn(batch, 5, *size, generator=torch.Generator().manual_seed(seed))


CODES = torch.tensor([[1, 0, 0, 1, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 1]])


def test_dynamic_layers_are_one_convolution_per_sample():
    torch.manual_seed(0)
    head = HyperHead(prompt_size=6, image_width=8, decoder_width=16, regions=3, groups=4)
    parameters, decoded = torch.randn(3, 72 + 72 + 27), torch.randn(3, 16, 4, 6, 5)
    found = head.predict(parameters, decoded)
    for sample in range(3):
        p = parameters[sample]
        y = head.pre_head(decoded[sample : sample + 1])
        y = F.conv3d(y, p[:64].view(8, 8, 1, 1, 1), p[64:72]).relu()
        y = F.conv3d(y, p[72:136].view(8, 8, 1, 1, 1), p[136:144]).relu()
        y = F.conv3d(y, p[144:168].view(3, 8, 1, 1, 1), p[168:])
        torch.testing.assert_close(found[sample], y[0])


def test_parameters_come_from_prompt_and_image():
    """Eq. 6 written out with loops."""
    torch.manual_seed(0)
    head = HyperHead(prompt_size=6, image_width=8, decoder_width=16, regions=3, groups=4)
    prompt, encoded, decoded = torch.randn(2, 6), torch.randn(2, 8, 3, 4, 5), torch.randn(2, 16, 2, 2, 2)
    found = head(prompt, encoded, decoded)
    normed = F.group_norm(encoded, 4).relu()
    for sample in range(2):
        z = prompt[sample] / prompt[sample].square().mean().sqrt()
        z_m = (head.prompt_projection.weight @ z + head.prompt_projection.bias).relu()
        pooled = torch.stack([normed[sample, channel].mean() for channel in range(8)])
        z_e = (head.image_projection.weight @ pooled + head.image_projection.bias).relu()
        assert len(z_m) == len(z_e) == 256
        generated = head.controller.weight @ torch.cat([z_m, z_e]) + head.controller.bias
        expected = head.predict(generated[None], decoded[sample : sample + 1])
        torch.testing.assert_close(found[sample], expected[0])


@pytest.mark.parametrize("head", HEADS)
def test_logits_per_region_at_full_size(head):
    logits = tiny(head)(image(3, (8, 12, 16)), CODES)
    assert logits.shape == (3, 3, 8, 12, 16)
    assert logits.std() > 1e-3


@pytest.mark.parametrize("head", HEADS)
def test_samples_of_a_batch_do_not_meet(head):
    network, x = tiny(head), image(3)
    together = network(x, CODES)
    for sample in range(3):
        alone = network(x[sample : sample + 1], CODES[sample : sample + 1])
        torch.testing.assert_close(together[sample], alone[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("foreign", [1e6, torch.nan, torch.inf])
def test_masked_channels_do_not_leak(head, foreign):
    network, x = tiny(head), image(3)
    missing = (CODES == 0)[:, :, None, None, None].expand_as(x)
    spoiled, clean = x.masked_fill(missing, foreign), x.masked_fill(missing, 0)
    assert torch.equal(network(spoiled, CODES), network(clean, CODES))
    folded = network.fold(CODES[0])
    assert torch.equal(folded(spoiled[:1]), folded(clean[:1]))


@pytest.mark.parametrize("head", HEADS)
def test_folded_equals_unfolded_for_every_code(head):
    network, x = tiny(head), image()
    with torch.no_grad():
        for code in Code.all():
            vector = torch.tensor(code.vector)
            difference = network.fold(vector)(x) - network(x, vector[None])
            assert float(difference.abs().max()) <= 1e-5, str(code)
        network, x = network.double(), x.double()
        exact = network.fold(CODES[0])(x) - network(x, CODES[:1])
        assert float(exact.abs().max()) <= 1e-12


@pytest.mark.parametrize("head", HEADS)
def test_training_reaches_every_parameter(head):
    network = tiny(head).train()
    logits = network(image(3, (16, 16, 16)), CODES)
    F.binary_cross_entropy_with_logits(logits, (image(3, (16, 16, 16), 9)[:, :3] > 0).float()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.abs().max() > 1e-9), name


def test_each_code_reads_the_row_of_its_bit_mask():
    network = tiny("hyper with text")
    x, seen = image(), []
    network.head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    for mask in range(1, 32):
        bits = [mask >> bit & 1 for bit in range(5)]
        network(x, torch.tensor([bits]))
        assert torch.equal(seen[-1][0], network.prompt_table[mask - 1])


def test_the_binary_table_holds_the_codes():
    assert tiny().prompt_table.tolist() == [list(code.vector) for code in Code.all()]


def test_prompt_code_locks_the_mode_and_leaves_the_image_alone():
    network, x = tiny(), image()
    partial, full = torch.tensor([[1, 0, 0, 1, 0]]), torch.ones(1, 5, dtype=torch.int64)
    locked = network(x, partial, prompt_code=full)
    assert not torch.allclose(locked, network(x, partial))
    relabelled = tiny()
    relabelled.set_prompt_table(network.prompt_table[-1].expand(31, 5))
    assert torch.equal(relabelled(x, partial), locked)
    logits, features = network.predict_with_features(x, partial, prompt_code=full)
    assert torch.equal(logits, locked)
    for ours, theirs in zip(features, network.features(x, partial), strict=True):
        assert torch.equal(ours, theirs)
    assert [tuple(f.shape[1:]) for f in features] == [(4, 8, 8, 8), (8, 4, 4, 4), (8, 2, 2, 2)]


@pytest.mark.parametrize("head", ["static", "hyper"])
def test_the_loss_of_a_frozen_teacher_trains_the_recovery_module(head):
    """L_data (eq. 5) and L_seg (eq. 3): the frozen network gets no gradient, what feeds it gets all."""
    teacher = tiny(head).requires_grad_(False)
    torch.manual_seed(1)
    recovery = build({"architecture": "masked_autoencoder", "preset": "tiny"})
    x, code, full = image(size=(16, 16, 16)), torch.tensor([[1, 0, 1, 1, 0]]), torch.ones(1, 5)
    recovered = complete(x, code, recovery(x, code))
    logits = teacher(recovered, full, prompt_code=full)
    F.binary_cross_entropy_with_logits(logits, (image(size=(16, 16, 16), seed=9)[:, :3] > 0).float()).backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    for name, parameter in recovery.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.abs().max() > 0), name
    # the rows of the head that make available modalities are replaced by the real image
    gradient = recovery.head[2].weight.grad.flatten(1).abs().sum(1)
    assert (gradient == 0).tolist() == code[0].bool().tolist()


def test_a_full_image_teaches_the_recovery_module_nothing():
    recovery = build({"architecture": "masked_autoencoder", "preset": "tiny"})
    x, full = image(), torch.ones(1, 5)
    assert torch.equal(complete(x, full, recovery(x, full)), x)


def test_pre_trained_backbone_is_taken_over():
    network = tiny()
    torch.manual_seed(7)
    autoencoder = build({"architecture": "masked_autoencoder", "preset": "tiny"})
    head = {name: value.clone() for name, value in network.head.state_dict().items()}
    network.initialise_from(autoencoder)
    x, code = image(), torch.ones(1, 5)
    for ours, theirs in zip(network.features(x, code), autoencoder.backbone.encode(x), strict=True):
        assert torch.equal(ours, theirs)
    assert all(torch.equal(value, head[name]) for name, value in network.head.state_dict().items())
    with torch.no_grad():
        autoencoder.backbone.stem.weight.zero_()
    assert bool(network.backbone.stem.weight.any())


def test_unequal_backbones_are_refused():
    with pytest.raises(InputError) as caught:
        tiny().initialise_from(build({"architecture": "masked_autoencoder", "preset": "starter"}))
    assert caught.value.code == "backbones-differ"


def test_weights_carry_the_prompt_table():
    network = tiny("hyper with text")
    again = build(describe(network))
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(image(3), CODES), network(image(3), CODES))


def test_without_a_table_a_text_network_says_so():
    network = build(
        {"architecture": "universal", "preset": "tiny", "config": {"prompt_encoder": "clip", "channels": 2}}
    )
    assert network.prompt_table.shape == (3, 512)
    with pytest.raises(InputError) as caught:
        network(torch.zeros(1, 2, 8, 8, 8), torch.ones(1, 2))
    assert caught.value.code == "no-prompt-table"


def test_a_table_with_a_gap_is_noticed_in_any_batch():
    network = tiny("hyper with text")
    network.prompt_table[8] = 0  # T1+FLAIR
    with pytest.raises(InputError) as caught:
        network(image(2), CODES[:2])
    assert caught.value.code == "no-prompt-table"


@pytest.mark.parametrize("table", [torch.ones(15, 384), torch.ones(31, 512), torch.zeros(31, 384)])
def test_tables_that_do_not_fit_are_refused(table):
    with pytest.raises(InputError) as caught:
        tiny("hyper with text").set_prompt_table(table)
    assert caught.value.code == "wrong-prompt-table"


def test_a_static_head_has_no_table():
    network = tiny("static")
    assert "prompt_table" not in network.state_dict()
    with pytest.raises(InputError):
        network.set_prompt_table(torch.ones(31, 5))


@pytest.mark.parametrize("head", HEADS)
def test_results_repeat_exactly(head):
    x = image(3)
    assert torch.equal(tiny(head)(x, CODES), tiny(head)(x, CODES))


@pytest.mark.parametrize("head", HEADS)
def test_bfloat16_and_channels_last_stay_close(head):
    network, x = tiny(head), image(2, (16, 16, 16))
    with torch.no_grad():
        for code in (CODES[0], CODES[1]):
            exact = network.fold(code)(x)
            fast = network.fold(code).to(torch.bfloat16, memory_format=torch.channels_last_3d)
            rough = fast(x.to(torch.bfloat16, memory_format=torch.channels_last_3d))
            assert rough.dtype == torch.bfloat16
            error = (rough.float() - exact).square().mean().sqrt()
            assert error < 0.05 * exact.std() + 0.01 * exact.abs().mean()
            with torch.autocast("cpu", torch.bfloat16):
                mixed = network(x, code.expand(2, 5))
            assert (mixed.float() - exact).square().mean().sqrt() < 0.05 * exact.std() + 0.01 * exact.abs().mean()


@pytest.mark.parametrize(
    ("x", "arguments", "error"),
    [
        (torch.zeros(1, 4, 8, 8, 8), [torch.ones(1, 4)], "wrong-channel-count"),
        (torch.zeros(1, 5, 8, 7, 8), [torch.ones(1, 5)], "size-not-divisible"),
        (torch.zeros(1, 5, 4, 4, 4), [torch.ones(1, 5)], "size-too-small"),
        (torch.zeros(1, 5, 8, 8, 8), [torch.zeros(1, 5)], "empty-code"),
        (torch.zeros(2, 5, 8, 8, 8), [torch.ones(1, 5)], "wrong-code-shape"),
        (torch.zeros(1, 5, 8, 8, 8), [torch.ones(1, 5), torch.zeros(1, 5)], "empty-code"),
        (torch.zeros(1, 5, 8, 8, 8), [torch.ones(1, 5), torch.ones(1, 5) / 2], "bad-code-vector"),
    ],
)
def test_bad_input_is_refused(x, arguments, error):
    with pytest.raises(InputError) as caught:
        tiny()(x, *arguments)
    assert caught.value.code == error


@pytest.mark.parametrize("config", [{"regions": 0}, {"head": "dynamic"}, {"prompt_encoder": "bert"}, {"width": 3}])
def test_bad_configurations_are_refused(config):
    with pytest.raises(InputError):
        build({"architecture": "universal", "config": config})
