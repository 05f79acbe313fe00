"""Which device is taken, and what is said of those that do not work."""

from __future__ import annotations

import pytest
import torch

from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegLib.networks import devices as devices_module
from MissingModalitySegLib.networks.devices import devices, find_device, self_test
from MissingModalitySegLib.watch import Notes, Watch


def test_self_test_of_the_cpu() -> None:
    test = self_test("cpu")
    assert test.ok
    assert test.device == "cpu"
    assert test.name
    assert test.memory_bytes > 2**20
    assert self_test().device == devices()[0] or not self_test(devices()[0]).ok


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there() -> None:
    for call in (self_test, find_device):
        with pytest.raises(InputError) as refused:
            call("cuda")
        assert refused.value.code == "no-gpu"


def test_a_broken_device_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(device: str) -> None:
        if device == "mps":
            raise ResourceError("device-unusable", "The device “mps” cannot compute: broken.")

    monkeypatch.setattr(devices_module, "devices", lambda: ("mps", "cpu"))
    monkeypatch.setattr(devices_module, "check_device", check)
    watch = Notes(Watch())
    assert find_device("auto", watch) == torch.device("cpu")
    assert "broken" in watch.warnings[0][1]
    assert not self_test("mps").ok
    best = self_test("auto")
    assert best.device == "cpu"
    assert best.message == "The device “mps” cannot compute: broken. One convolution was computed rightly."
