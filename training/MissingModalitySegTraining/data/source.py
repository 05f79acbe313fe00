"""Training samples from the data section of a configuration: phantoms or whole heads without end, a cache, a data list.

Whatever they come from, batch i is a pure function of (section, seed, i), and holds the run's modalities and regions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.utils.data import Dataset

from MissingModalitySegLib.datalists import Datalist, read_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality

from ..phantom.heads import HeadSettings, HeadStream
from ..phantom.stream import PhantomStream, StreamSettings
from .batch import Batch
from .cache import Cache, CacheOptions
from .crops import CachedCrops
from .missing import RECORD, missing_in_cases, missing_in_phantom, shown_codes, write_record
from .transforms import TransformSettings, transform
from .view import view

if TYPE_CHECKING:
    from ..configs.schema import DataSection


@dataclass(frozen=True)
class Prepared:
    """Prepared cases on disk, and which of them are trained on and which are kept for validation."""

    cache: Cache
    training: tuple[str, ...]
    validation: tuple[str, ...]
    simulated: bool = False  # where a data list says so; a cache says of each case which data set it is from


class Samples(Dataset[Batch]):
    """Raw batches, reduced to the run's view and transformed."""

    def __init__(
        self,
        raw: Dataset[Batch],
        held: Sequence[Modality],
        modalities: Sequence[Modality],
        regions: int,
        transforms: TransformSettings,
        seed: int,
    ) -> None:
        self.raw, self.held = raw, tuple(held)
        self.modalities, self.regions = tuple(modalities), regions
        self.transforms, self.seed = transforms, seed
        self.device = getattr(raw, "device", torch.device("cpu"))

    def __getitem__(self, index: int) -> Batch:
        batch = view(self.raw[index], self.held, self.modalities, self.regions)
        return transform(batch, self.transforms, self.seed, index)


class ThinnedPhantoms(Dataset[Batch]):
    """A stream of phantoms of which most lack modalities, each for good."""

    def __init__(self, stream: PhantomStream, modalities: Sequence[Modality], full_ratio: float, seed: int) -> None:
        self.stream, self.modalities, self.full_ratio, self.seed = stream, tuple(modalities), full_ratio, seed
        self.device = stream.device

    def __getitem__(self, index: int) -> Batch:
        batch = self.stream[index]
        code = batch.code.clone()
        for row, use in enumerate(self.stream.schedule.batch(index)):
            case = use.crop // self.stream.settings.crops_per_case
            for modality in missing_in_phantom(case, self.modalities, self.full_ratio, self.seed):
                code[row, MODALITIES.index(modality)] = 0
        return replace(batch, code=code)  # `transform` empties the channels


def open_samples(
    data: DataSection,
    modalities: Sequence[Modality],
    regions: int,
    seed: int,
    folder: Path,
    prepared: Prepared | None = None,
    device: torch.device | str = "cpu",
) -> Samples:
    """The samples that `data` describes.

    `prepared` comes from `open_prepared` where the source is a data set. `device` is where a stream of phantoms is made
    if the section asks for the accelerator. Where subjects lack modalities by `data.missing`, what they lack is
    written to `missing.json` in `folder`. Raises `InputError` when there is nothing to train on.
    """
    missing = data.missing
    if prepared is not None:
        cases = [prepared.cache[name] for name in prepared.training]
        cases = [case for case in cases if set(case.code) & set(modalities)]
        if not cases:
            names = ", ".join(modalities)
            raise InputError("nothing-to-train-on", f"No case for training has any of {names} and a label.")
        codes = None
        if missing.full_ratio < 1:
            record = missing_in_cases(cases, modalities, missing.full_ratio, missing.seed)
            write_record(folder, RECORD, record)
            codes = shown_codes(record, cases)
        raw: Dataset[Batch] = CachedCrops(
            prepared.cache, data.crop, data.batch_size, seed, data.foreground, 0.0, (), [c.id for c in cases], codes
        )
        held = prepared.cache.options.modalities
    elif data.source == "heads":
        raw, held = HeadStream(_head_settings(data, seed), device), MODALITIES
    else:
        raw, held = PhantomStream(_stream_settings(data, seed), device), MODALITIES
        if missing.full_ratio < 1:
            record = {"full_ratio": missing.full_ratio, "seed": missing.seed, "source": "phantom"}
            write_record(folder, RECORD, record | {"modalities": [modality.value for modality in modalities]})
            raw = ThinnedPhantoms(raw, modalities, missing.full_ratio, missing.seed)
    return Samples(raw, held, modalities, regions, _transforms(data), seed)


def open_prepared(
    data: DataSection,
    validation_ids: Sequence[str] | None,
    folder: Path,
    report: Callable[[str, str], None] = lambda case_id, what: None,
) -> Prepared | None:
    """The cache that `data` names, or the one its datalist is prepared into, and who is trained on and held out.

    None for phantoms. A fold needs a data list that says who is in which (`datalist split`), or a cache whose entries
    do. Cases without truth are not trained on. Raises `InputError` when files, cases or folds are not there, or a
    person is on both sides.
    """
    if data.source in ("phantom", "heads"):
        return None
    source = Path(data.source)
    if source.is_dir():
        cache, simulated = Cache(source), False
        ids = cache.ids
        folds = {name: cache[name].metadata.get("fold") for name in ids} if data.fold is not None else {}
    else:
        datalist = read_datalist(source)
        cache = _filled(datalist, data, folder, report)
        simulated = says_simulated(datalist)
        there = set(cache.ids)
        ids = tuple(case.id for case in datalist.cases if case.id in there)
        folds = {case.id: case.fold for case in datalist.cases}
    if cache.options.spacing != data.spacing:
        raise InputError(
            "another-spacing",
            f"data.spacing: {data.spacing:g} is given; the cache in {cache.folder} has voxels of "
            f"{cache.options.spacing:g} mm.",
            "Set data.spacing to that, or use another cache.",
        )
    if cache.options.bias_correction != data.normalisation.bias_correction:
        raise InputError(
            "another-cache",
            f"data.normalisation.bias_correction: the cache in {cache.folder} was made with the opposite.",
            "Set it to that, or use another cache.",
        )
    held_out = _held_out(ids, folds, data, validation_ids)
    wanted = ids if data.ids is None else data.ids
    if unknown := [name for name in (*wanted, *held_out) if name not in ids]:
        raise InputError("unknown-case", f"{source} has no case {', '.join(unknown[:5])} that can be used.")
    training = tuple(name for name in wanted if name not in held_out and cache[name].scored)
    _check_strangers(cache, training, held_out)
    if not training:
        raise InputError("nothing-to-train-on", f"No case with a label is left in {source} to train on.")
    return Prepared(cache, training, held_out, simulated)


def says_simulated(datalist: Datalist) -> bool:
    """Whether a data list says that all its scans are simulated, whatever its data sets are called."""
    return "phantom" in datalist.metadata or datalist.metadata.get("data") == "simulated"


def _check_strangers(cache: Cache, training: Sequence[str], held_out: Sequence[str]) -> None:
    """Refuse to validate on another visit of somebody who is trained on: the figures would be too good."""

    def people(names: Sequence[str]) -> set[tuple[str | None, str]]:
        about = ((name, cache[name].metadata) for name in names)
        return {(facts.get("dataset"), facts.get("subject") or name) for name, facts in about}

    if both := sorted(person for _, person in people(training) & people(held_out)):
        raise InputError(
            "subject-on-both-sides",
            f"Cases of {', '.join(both[:5])} are trained on, and others of the same are kept for validation.",
            "Put all cases of a person on one side; `datalist split` does.",
        )


def _held_out(
    ids: Sequence[str], folds: dict[str, int | None], data: DataSection, validation_ids: Sequence[str] | None
) -> tuple[str, ...]:
    if validation_ids is not None:
        return tuple(validation_ids)
    if data.fold is None:
        return ()
    known = sorted({fold for fold in folds.values() if fold is not None})
    if data.fold not in known:
        raise InputError(
            "no-such-fold",
            f"data.fold: {data.fold} is given; {data.source} has {f'the folds {known}' if known else 'no folds'}.",
            "Make some with: missing-modality-seg datalist split.",
        )
    return tuple(name for name in ids if folds.get(name) == data.fold)


def _filled(datalist: Datalist, data: DataSection, folder: Path, report: Callable[[str, str], None]) -> Cache:
    from .fill import fill_cache

    options = CacheOptions(spacing=data.spacing, bias_correction=data.normalisation.bias_correction)
    cache = Cache(data.cache or folder / "cache", options)
    filled = fill_cache(cache, datalist.cases, verify=False, report=report)
    if filled.skipped and len(filled.skipped) == len(datalist.cases):
        case_id, why = next(iter(filled.skipped.items()))
        raise InputError("nothing-prepared", f"No case of {data.source} can be prepared; {case_id}: {why}")
    return cache


def _stream_settings(data: DataSection, seed: int) -> StreamSettings:
    phantom = {name: getattr(data.phantom, name) for name in type(data.phantom).model_fields if name != "device"}
    return StreamSettings(
        crop=data.crop,
        batch_size=data.batch_size,
        on_lesion=data.foreground,
        mirror_axes=(),
        bias_correction=data.normalisation.bias_correction,
        seed=seed,
        **phantom,
    )


def _head_settings(data: DataSection, seed: int) -> HeadSettings:
    """Of whole heads, which are not cut: a crop is the field of view."""
    shared = ("kinds", "reuse", "window", "lanes", "mixture", "lesion_masks")
    return HeadSettings(
        shape=data.crop,
        spacing=data.spacing,
        batch_size=data.batch_size,
        mirror_axes=(),
        seed=seed,
        **{name: getattr(data.phantom, name) for name in shared},
    )


def _transforms(data: DataSection) -> TransformSettings:
    rescale = data.normalisation.method if data.normalisation.scope == "tile" else None
    return TransformSettings(rescale, data.intensity_shift, data.intensity_scale, data.flip, data.flip_axes)
