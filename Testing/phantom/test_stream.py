"""Training crops: reproducible in any order, normalised by their whole brain, on lesions, used again mirrored."""

import numpy as np
import pytest
import torch

from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.phantom.anatomy import sample_anatomy, tissues
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.reused import mirror
from MissingModalitySegTraining.phantom.stream import (
    PhantomStream,
    Recent,
    StreamSettings,
    overview_grid,
)
from MissingModalitySegTraining.phantom.tint import sample_tint, tinted

FIELDS = ("image", "code", "regions", "scored", "brain")


def stream(**changes) -> PhantomStream:
    return PhantomStream(StreamSettings(**{"crop": (16, 18, 20), "window": 16, "seed": 5} | changes))


def assert_equal(first: Batch, second: Batch) -> None:
    for name in FIELDS:
        assert torch.equal(getattr(first, name), getattr(second, name)), name


@pytest.mark.parametrize("reuse", [1, 3])
def test_batch_is_a_pure_function_of_its_number(reuse):
    """Whatever was asked before, in this process or another."""
    forwards, backwards = stream(reuse=reuse), stream(reuse=reuse)
    first = [forwards[index] for index in range(3)]
    second = [backwards[index] for index in reversed(range(3))][::-1]
    for one, other in zip(first, second, strict=True):
        assert_equal(one, other)
    assert not torch.equal(first[0].image, first[1].image)


def test_shapes_and_codes():
    batch = stream()[0]
    assert batch.image.shape == (2, 5, 16, 18, 20)
    assert batch.regions.shape == (2, 3, 16, 18, 20)
    assert batch.brain.dtype == torch.bool
    assert batch.code.all()
    assert batch.scored.all()
    assert set(batch.regions.unique().tolist()) <= {0.0, 1.0}
    lesion, core, enhancing = batch.regions.unbind(1)
    assert (lesion >= core).all()
    assert (core >= enhancing).all()
    assert (batch.image[~batch.brain[:, None].expand_as(batch.image)] == 0).all()


class Counting(PhantomStream):
    made = 0

    def sample(self, number: int) -> Batch:
        self.made += 1
        return super().sample(number)


def test_a_reused_crop_is_made_once_and_mirrored():
    settings = StreamSettings(crop=(12, 12, 12), window=4, lanes=1, reuse=4, kinds={"none": 1.0}, seed=2)
    counting = Counting(settings)
    shown = [(use, counting[index]) for index in range(8) for use in counting.schedule.batch(index)[:1]]
    assert counting.made == len({use.crop for index in range(8) for use in counting.schedule.batch(index)})
    assert {use.mirrored for use, _ in shown} == {(True, False, False), (False, False, False)}
    for use, batch in shown[::2]:
        expected = counting.sample(use.crop)
        for name in ("image", "regions", "brain"):
            values = getattr(expected, name).numpy()
            if name == "image":
                values = tinted(expected.image, sample_tint(torch.Generator().manual_seed(use.seed))).numpy()
            values = values[..., ::-1, :, :] if use.mirrored[0] else values
            np.testing.assert_allclose(getattr(batch, name)[:1].numpy(), values, rtol=2e-3, atol=2e-3)
    assert len({use.seed for use, _ in shown}) == len(shown)


def test_tint_bends_every_channel_by_its_own_curve_and_keeps_the_order_of_brightness():
    tint = sample_tint(torch.Generator().manual_seed(8))
    assert all(1 / 1.15 <= s <= 1.15 and abs(c) <= 0.15 for s, c in zip(tint.scale, tint.bend, strict=True))
    assert len({*tint.scale, *tint.bend}) == 10
    x = torch.linspace(-6, 9, 301, dtype=torch.float64)
    seen = tinted(x.expand(1, 5, 1, 1, 301), tint)[0, :, 0, 0]
    for channel in range(5):
        for k in range(0, 301, 50):
            value = float(x[k])
            expected = tint.scale[channel] * value + tint.bend[channel] * value * abs(value) / (1 + abs(value))
            assert float(seen[channel, k]) == pytest.approx(expected, abs=1e-5)
    assert (seen.diff(dim=1) > 0).all()
    assert not tinted(torch.zeros(1, 5, 2, 2, 2), tint).any()


def test_mirror_turns_everything_that_has_a_place():
    shape = (3, 4, 5)
    places = torch.arange(60.0).reshape(1, 1, *shape)
    sample = Batch(
        places.expand(1, 5, *shape), torch.ones(1, 5), places.expand(1, 3, *shape), torch.ones(1, 3), places[0]
    )
    for mirrored in [(True, False, False), (False, True, True), (True, True, True), (False, False, False)]:
        turned = mirror(sample, mirrored)
        for corner in [(0, 0, 0), (2, 1, 4), (1, 3, 2)]:
            source = tuple(n - 1 - i if m else i for i, n, m in zip(corner, shape, mirrored, strict=True))
            for name in ("image", "regions", "brain"):
                assert getattr(turned, name)[(0, ..., *corner)].flatten()[0] == places[(0, 0, *source)]


@pytest.mark.parametrize("seed", range(6))
def test_overview_holds_the_brain(seed):
    case = sample_anatomy(torch.Generator().manual_seed(seed))
    brain = tissues(overview_grid(case.scale).points()[None], [case], load_atlas(), with_head=False).brain[0] > 0.5
    inner = brain[1:-1, 1:-1, 1:-1]
    assert brain.sum() == inner.sum() > 5000


def test_normalised_over_the_whole_brain():
    """A crop so coarse that it holds the whole head, wherever its centre."""
    whole = stream(crop=(56, 64, 60), spacings={5.0: 1.0}, on_lesion=0.0)
    sample = whole.sample(0)
    inside = sample.image[0, :, sample.brain[0]].double().numpy()
    assert np.abs(inside.mean(axis=1)).max() < 0.15
    assert np.abs(np.log(inside.std(axis=1))).max() < 0.25


def test_whole_crops_hold_the_brain():
    """As many millilitres of brain in a tight grid around the middle as in one that is far too wide."""
    tight = stream(crop=(26, 32, 28), spacings={6.0: 1.0}, crops_per_case=1)
    wide = stream(crop=(56, 62, 56), spacings={6.0: 1.0}, on_lesion=0.0, crops_per_case=1)
    for number in range(3):
        assert int(tight.sample(number).brain.sum()) == pytest.approx(int(wide.sample(number).brain.sum()), rel=0.03)


def test_crops_on_lesions_show_them():
    on = stream(kinds={"ms": 0.5, "glioma": 0.5}, on_lesion=1.0, crops_per_case=1)
    shares = [float(on.sample(number).regions[:, 0].mean()) for number in range(8)]
    assert sum(share > 0 for share in shares) >= 7
    healthy = stream(kinds={"none": 1.0}, on_lesion=1.0)
    assert all(not healthy.sample(number).regions.any() for number in range(2))


def test_one_crop_of_a_case_is_on_the_lesion_and_the_share_is_kept():
    """With 60 % on lesions, the first of two always is, the second one time in five."""
    counts = np.zeros(2)
    seen = stream(kinds={"glioma": 1.0}, crop=(8, 8, 8))
    for case in range(6):
        counts += [bool(seen.sample(2 * case + which).regions[:, 0].any()) for which in range(2)]
    assert counts[0] >= 5
    assert counts[1] < 6


def test_recent_forgets_what_was_not_used_for_longest():
    made = []
    recent = Recent(2)
    for key in (1, 2, 1, 3, 1, 2):
        assert recent.get(key, lambda key=key: made.append(key) or key * 10) == key * 10
    assert made == [1, 2, 3, 2]
