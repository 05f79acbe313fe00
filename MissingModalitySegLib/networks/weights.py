"""Weights between a network and a `.safetensors` file: half precision on disk, float32 in the network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from secrets import token_hex
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..bundles import Bundle, Manifest, read_header
from ..errors import BundleError, InputError, located
from ..labels import SCHEMES
from .mome.fusion import Fusion
from .mome.single_image import SingleImageSegmenter
from .registry import build

_ANY_COMPUTER_HAS = 25_000_000
"""Numbers of a network, room for which is not worth a question: 100 MB."""

_NAMED = 4  # names in a message, before “and 12 more”


def write_weights(path: Path, network: nn.Module, dtype: torch.dtype = torch.float16) -> None:
    """Write the parameters and buffers of `network`, floating ones as `dtype`; the file appears whole or not at all.

    Raises `InputError` (`weights-not-finite`) naming the tensors that hold NaN or infinity, or values that `dtype`
    cannot hold (float16 ends at 65504).
    """
    stored = {name: _stored(tensor, dtype) for name, tensor in network.state_dict().items()}
    before = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    if broken := [name for name, tensor in before.items() if not _finite(tensor)]:
        raise InputError(
            "weights-not-finite",
            f"NaN or infinity in {_list(broken)}.",
            "The training diverged: go back to an earlier checkpoint.",
        )
    if overflowing := [name for name in before if not _finite(stored[name])]:
        raise InputError(
            "weights-not-finite",
            f"{str(dtype).removeprefix('torch.')} cannot hold the largest values of {_list(overflowing)}.",
            "Store them as float32.",
        )
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        save_file(stored, temporary, metadata={"format": "pt"})
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_weights(path: Path, network: nn.Module) -> None:
    """Load the file into `network`, which becomes float32; every tensor must be there, and no other.

    Raises `BundleError`: `weights-header` for a damaged file, `weights-do-not-fit` when names, shapes or kinds differ,
    `weights-not-finite`.
    """
    path = Path(path)
    read_header(path)
    stored = load_file(path, device="cpu")
    wanted = network.state_dict()
    if problems := list(_misfits(stored, wanted)):
        raise BundleError(
            "weights-do-not-fit",
            f"The weights “{path.name}” belong to another network: {'; '.join(problems)}.",
            "The network section of the manifest must be the one the weights were trained with.",
        )
    if broken := [name for name, tensor in stored.items() if not _finite(tensor)]:
        raise BundleError(
            "weights-not-finite",
            f"The weights “{path.name}” hold NaN or infinity in {_list(broken)}.",
            "Get the model again, or train it again.",
        )
    network.float()
    network.load_state_dict(
        {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in stored.items()}
    )


def build_for(path: Path, section: Mapping[str, Any]) -> nn.Module:
    """The network of a section with fresh weights, for those in the file `path`.

    A few words in a manifest can describe a network of a terabyte. So it is first drawn without memory, and refused
    (`weights-do-not-fit`) where it is large and the file holds fewer numbers.
    """
    stored = sum(prod(entry.shape) for entry in read_header(Path(path)).values())
    with torch.device("meta"):
        wanted = sum(tensor.numel() for tensor in build(section).state_dict().values())
    if wanted > max(stored, _ANY_COMPUTER_HAS):
        raise BundleError(
            "weights-do-not-fit",
            f"The network of the manifest has {wanted} numbers, the weights “{Path(path).name}” hold {stored}.",
            "The network section of the manifest must be the one the weights were trained with.",
        )
    return build(section)


def load_network(bundle: Bundle) -> nn.Module:
    """The network of a bundle with its weights, on the CPU in float32, set to evaluation, fusing as the manifest says.

    Raises `BundleError`, and `InputError` where the manifest's network section means no network this program has.
    """
    with located(f"model “{bundle.name}”"):
        network = build_for(bundle.weights, bundle.manifest.network.to_dict())
        _check_agreement(bundle.manifest, network)
        read_weights(bundle.weights, network)
    return network.eval()


def _check_agreement(manifest: Manifest, network: nn.Module) -> None:
    """Raise `BundleError` where network and manifest speak of different things; hand the manifest's fusion on."""
    config = network.config
    problems = []
    if config.channels != len(manifest.modalities):
        problems.append(f"the network has {config.channels} channels for {len(manifest.modalities)} modalities")
    regions = len(SCHEMES[manifest.labels].regions) if manifest.labels else None
    independent = getattr(config, "activation", "sigmoid") == "sigmoid"  # exclusive classes count the background
    if regions and independent and getattr(config, "regions", None) != regions:
        problems.append(f"it does not give the {regions} regions of the labels “{manifest.labels}”")
    if manifest.family == "brain" and not (hasattr(network, "forward_image") and config.regions == 1):
        problems.append("it does not find one region in a single image, as brain extraction must")
    if manifest.tile.multiple % config.multiple:
        problems.append(f"its sizes must be multiples of {config.multiple}, not of {manifest.tile.multiple}")
    encoder = getattr(config, "prompt_encoder", None)
    if manifest.prompts is not None and encoder not in (None, manifest.prompts.encoder):
        problems.append(f"its prompts are those of {encoder}, not of {manifest.prompts.encoder}")
    if manifest.fusion is not None and not isinstance(network, SingleImageSegmenter):
        problems.append("it sees all modalities at once and has nothing to fuse")
    if problems:
        raise BundleError("manifest-contradiction", f"The manifest contradicts itself: {'; '.join(problems)}.")
    if manifest.fusion is not None:
        network.fusion = Fusion(manifest.fusion.method, manifest.fusion.weights)


def _stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A copy that shares memory with nothing: safetensors refuses tied weights, and they load just as well apart."""
    return tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype, copy=True).contiguous()


def _misfits(stored: dict[str, Tensor], wanted: dict[str, Tensor]) -> Iterable[str]:
    if missing := sorted(wanted.keys() - stored.keys()):
        yield f"{_list(missing)} missing"
    if unexpected := sorted(stored.keys() - wanted.keys()):
        yield f"{_list(unexpected)} not expected"
    common = sorted(stored.keys() & wanted.keys())
    shapes = [
        f"{name} is {tuple(stored[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in common
        if stored[name].shape != wanted[name].shape
    ]
    if shapes:
        yield _list(shapes)
    kinds = [name for name in common if stored[name].is_floating_point() != wanted[name].is_floating_point()]
    if kinds:
        yield f"{_list(kinds)} of another kind of number"


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor.float()).all())


def _list(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
