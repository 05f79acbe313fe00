"""The cache on disk: equal to preparation, resumable, never half, shared by readers and writers, repaired."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from MissingModalitySegLib.arrays.boxes import cut
from MissingModalitySegLib.datalists import Case, Datalist, read_datalist, write_datalist
from MissingModalitySegLib.engine import prepare, read_study
from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegLib.modalities import Code, Modality
from MissingModalitySegLib.owners import owner
from MissingModalitySegTraining.data import cache_files
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
from MissingModalitySegTraining.data.fill import fill_cache

from .trees import ball, extracted, labels, read, volume

ROOT = Path(__file__).resolve().parents[2]
PREAMBLE = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'training')!r}]\n"
FILL = (
    PREAMBLE
    + """
from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegTraining.data import cache, cache_files, fill
def run(datalist, folder, report=lambda *_: None):
    made = cache.Cache(folder, cache.CacheOptions())
    return fill.fill_cache(made, read_datalist(datalist).cases, report=report)
"""
)


def datalist(folder: Path, count: int = 1, modalities=("T1", "FLAIR"), size: int = 16, scheme: str = "glioma") -> Path:
    """Extracted balls with a label, and the file that lists them."""
    cases = []
    for i in range(count):
        paths = {
            Modality(name): volume(folder / f"c{i}" / f"{name}.nii.gz", extracted(f"{i}{name}", size))
            for name in modalities
        }
        marked = labels(1, 2, 3, size=size) if scheme == "glioma" else labels(1, size=size)
        label = volume(folder / f"c{i}" / "label.nii.gz", marked)
        cases.append(Case(f"c{i}", paths, label, scheme, subject=f"s{i}", dataset="balls"))
    write_datalist(Datalist("balls", tuple(cases)), folder / "datalist.json")
    return folder / "datalist.json"


def leftovers(cache: Cache) -> list[str]:
    return [name for name in os.listdir(cache.entries) if name.startswith(".")]


def script(code: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_entries_equal_direct_preparation(tmp_path: Path, precision: str) -> None:
    case = read_datalist(datalist(tmp_path)).cases[0]
    cache = Cache(tmp_path / "cache", CacheOptions(precision=precision))
    assert fill_cache(cache, [case]).built == ["c0"]
    entry = cache["c0"]
    prepared = prepare(read_study(case.modalities), 1.0, multiple=1)
    expected = prepared.channels.numpy()[[0, 3]]
    assert isinstance(entry.channels, np.memmap)
    assert entry.channels.dtype == precision
    np.testing.assert_array_equal(entry.channels, expected.astype(precision))
    np.testing.assert_allclose(entry.channels, expected, rtol=1e-3 if precision == "float16" else 0)
    np.testing.assert_array_equal(entry.brain, prepared.brain.numpy())
    assert str(entry.code) == "T1+FLAIR"
    assert entry.scored == ("lesion", "core", "enhancing")
    assert entry.metadata == {"subject": "s0", "dataset": "balls"}
    # The identity grid of these files runs against RAS along x and y.
    whole = torch.from_numpy(read(case.label)[::-1, ::-1].copy())
    truth = cut(whole, prepared.frame.box).numpy()
    np.testing.assert_array_equal(entry.regions & 1, np.isin(truth, [1, 2, 3]))
    np.testing.assert_array_equal(entry.regions >> 1 & 1, np.isin(truth, [1, 3]))
    np.testing.assert_array_equal(entry.regions >> 2, truth == 3)
    assert {tuple(index) for index in entry.foreground} == set(zip(*np.nonzero(truth), strict=True))


def test_a_lesion_label_scores_lesions_only_and_no_label_nothing(tmp_path: Path) -> None:
    case = read_datalist(datalist(tmp_path, scheme="lesion")).cases[0]
    cache = Cache(tmp_path / "cache", CacheOptions())
    fill_cache(cache, [case, Case("plain", case.modalities)])
    assert cache["c0"].scored == ("lesion",)
    assert set(np.unique(cache["c0"].regions)) == {0, 1}
    assert cache["plain"].scored == ()
    assert cache["plain"].foreground.shape == (0, 3)


def test_masks_of_single_sequences_are_used(tmp_path: Path) -> None:
    case = read_datalist(datalist(tmp_path)).cases[0]
    mask = volume(tmp_path / "mask.nii.gz", ball(radius=0.3).astype(np.uint8))
    cache = Cache(tmp_path / "cache", CacheOptions())
    fill_cache(cache, [Case("own", case.modalities, brain_masks={Modality.T1: mask})])
    assert np.count_nonzero(cache["own"].brain) == np.count_nonzero(ball(radius=0.3))


def test_brains_are_those_of_an_evaluation(tmp_path: Path) -> None:
    """A head has the mask of any of its sequences, not of the finest alone; one said to be extracted is believed."""
    edge = (14.0,) * 3  # mm: larger than any brain
    noise = np.random.default_rng(0).normal(100, 5, (16,) * 3).astype(np.float32)
    head = volume(tmp_path / "head.nii.gz", noise, edge)
    mask = volume(tmp_path / "mask.nii.gz", ball(radius=0.3).astype(np.uint8), edge)
    two = {Modality.T1: head, Modality.FLAIR: head}
    large = {Modality.FLAIR: volume(tmp_path / "large.nii.gz", extracted("large"), edge)}
    cache = Cache(tmp_path / "cache", CacheOptions(spacing=8.0))
    cases = [
        Case("masked", two, brain_masks={Modality.FLAIR: mask}, brain_extracted=False),
        Case("head", two, brain_extracted=False),
        Case("said", large, brain_extracted=True),
        Case("not said", large),
    ]
    filled = fill_cache(cache, cases)
    assert filled.built == ["masked", "said"]
    assert "whole head" in filled.skipped["head"]
    assert "not said" in filled.skipped


def test_filling_again_keeps_and_changed_inputs_are_built_anew(tmp_path: Path) -> None:
    path = datalist(tmp_path, 3)
    cases = read_datalist(path).cases
    cache = Cache(tmp_path / "cache", CacheOptions())
    heard = []
    fill_cache(cache, cases, report=lambda case_id, what: heard.append((case_id, what)))
    assert heard == [("c0", "built"), ("c1", "built"), ("c2", "built")]
    before = {name: (cache.entries / name / "entry.json").stat().st_mtime_ns for name in cache.ids}
    volume(tmp_path / "c1" / "label.nii.gz", labels(1))
    again = fill_cache(cache, cases)
    assert (again.kept, list(again.rebuilt), again.built) == (["c0", "c2"], ["c1"], [])
    assert "other files" in again.rebuilt["c1"]
    assert cache["c1"].lesion_voxels == 8
    changed = [name for name in cache.ids if (cache.entries / name / "entry.json").stat().st_mtime_ns != before[name]]
    assert changed == ["c1"]


@pytest.mark.parametrize("name", ["channels.npy", "regions.npy", "brain.npy", "foreground.npy", "entry.json"])
@pytest.mark.parametrize("how", ["flip", "cut", "delete"])
def test_damage_is_noticed_and_repaired(tmp_path: Path, name: str, how: str) -> None:
    cases = read_datalist(datalist(tmp_path)).cases
    cache = Cache(tmp_path / "cache", CacheOptions())
    fill_cache(cache, cases)
    good = np.array(cache["c0"].channels)
    assert cache.damage("c0") is None
    path = cache.entries / "c0" / name
    content = path.read_bytes()
    if how == "delete":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 0xFF]))
    assert cache.damage("c0")
    if how != "flip" and name != "entry.json":
        with pytest.raises(InputError, match="damaged"):
            getattr(cache["c0"], name.removesuffix(".npy"))
    assert list(fill_cache(cache, cases).rebuilt) == ["c0"]
    assert cache.damage("c0") is None
    np.testing.assert_array_equal(cache["c0"].channels, good)
    assert leftovers(cache) == []


def test_a_killed_writer_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """Killed just before the third entry would appear, with everything of it written."""
    path = datalist(tmp_path, 4)
    kill = FILL + (
        "import os, signal\n"
        "publish, done = cache_files._publish, []\n"
        "def dying(part, target, key):\n"
        "    os.kill(os.getpid(), signal.SIGKILL) if len(done) == 2 else done.append(publish(part, target, key))\n"
        "cache_files._publish = dying\n"
        "run(sys.argv[1], sys.argv[2])\n"
    )
    process = script(kill, str(path), str(tmp_path / "cache"))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    cache = Cache(tmp_path / "cache")
    assert cache.ids == ("c0", "c1")
    assert len(leftovers(cache)) == 1
    result = fill_cache(cache, read_datalist(path).cases)
    assert (result.kept, result.built) == (["c0", "c1"], ["c2", "c3"])
    assert leftovers(cache) == []
    assert all(cache.damage(name) is None for name in cache.ids)


ADD = (
    PREAMBLE
    + """
import numpy as np
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
cache = Cache(sys.argv[1], CacheOptions())
for i in range(int(sys.argv[2])):
    cache.add(f"c{i:03d}", np.full((5, 16, 16, 16), i), Code.full(), np.ones((16, 16, 16)))
"""
)


def test_killed_at_any_moment_it_goes_on(tmp_path: Path) -> None:
    """Again and again, a little further each time."""
    folder = tmp_path / "cache"
    for finished in (3, 10, 20, 40):
        process = script(ADD, str(folder), "100000")
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if (folder / "entries").exists() and len(os.listdir(folder / "entries")) > finished:
                break
        process.kill()
        process.communicate()
        cache = Cache(folder)
        assert len(cache) >= finished - 3  # the unfinished ones of earlier rounds are counted above
        assert all(cache.damage(name) is None for name in cache.ids)
        assert all(int(cache[name].channels[0, 0, 0, 0]) == int(name[1:]) for name in cache.ids)
    assert cache_files.sweep(cache.entries) <= 4
    assert leftovers(cache) == []


def test_a_writer_on_another_computer_is_given_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
        part = tmp_path / f".part-{owner(2**22 + 1)}-{'0' * 32}"  # Linux numbers no process so high
    part.mkdir()
    (tmp_path / f".part-{owner(2**22 + 1)}-{'0' * 32}").mkdir()
    assert cache_files.sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [part]
    os.utime(part, (time.time() - 25 * 3600,) * 2)
    assert cache_files.sweep(tmp_path) == 1


def test_two_writers_at_once(tmp_path: Path) -> None:
    path = datalist(tmp_path, 6)
    code = FILL + "r = run(sys.argv[1], sys.argv[2]); print(len(r.built) + len(r.kept), r.skipped, r.rebuilt)"
    writers = [script(code, str(path), str(tmp_path / "cache")) for _ in range(2)]
    for writer in writers:
        output, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
        assert output.split() == ["6", "{}", "{}"]
    cache = Cache(tmp_path / "cache")
    assert len(cache) == 6
    assert all(cache.damage(name) is None for name in cache.ids)
    assert leftovers(cache) == []


READ = (
    PREAMBLE
    + """
from MissingModalitySegTraining.data.cache import Cache
sums = set()
for _ in range(50):
    entry = Cache(sys.argv[1])["fixed"]
    sums.add((float(entry.channels[0, 3:5].sum(dtype="float64")), int(entry.regions.sum())))
print(sums)
"""
)


def test_several_readers_agree_and_one_may_hold_what_is_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", CacheOptions())
    channels = np.random.default_rng(0).normal(size=(5, 8, 8, 8)).astype(np.float32)
    cache.add("fixed", channels, Code.full(), labels(3, size=16)[4:12, 4:12, 4:12])
    held = cache["fixed"].channels
    readers = [script(READ, str(cache.folder)) for _ in range(3)]
    expected = {(float(channels[0, 3:5].astype(np.float16).sum(dtype="float64")), 8 * 7)}
    for reader in readers:
        output, errors = reader.communicate(timeout=60)
        assert output.strip() == str(expected), errors
    cache.remove("fixed")
    np.testing.assert_array_equal(held, channels.astype(np.float16))
    assert "fixed" not in cache


def test_arrays_can_be_added_directly(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", CacheOptions(precision="float32"))
    channels = torch.randn(5, 6, 7, 8)
    regions = torch.rand(3, 6, 7, 8) > 0.9
    code = Code.parse("T1+DWI")
    entry = cache.add("phantom", channels, code, regions, ("lesion", "core"), metadata={"kind": "ms"})
    np.testing.assert_array_equal(entry.channels, channels[[0, 4]].numpy())
    for i in range(3):
        np.testing.assert_array_equal(entry.regions >> i & 1, regions[i].numpy())
    assert entry.brain.all()
    assert (entry.scored, entry.metadata, entry.code) == (("lesion", "core"), {"kind": "ms"}, code)
    assert cache.add("phantom", channels, code, regions, ("lesion", "core"), metadata={"kind": "ms"}).key == entry.key
    changed = cache.add("phantom", channels + 1, code, regions, ("lesion",))
    assert changed.key != entry.key
    np.testing.assert_array_equal(cache["phantom"].channels, channels[[0, 4]].numpy() + 1)
    extreme = torch.full((5, 2, 2, 2), 1e9)
    half = Cache(tmp_path / "half", CacheOptions()).add("x", extreme, Code.full(), torch.zeros(2, 2, 2))
    assert np.isfinite(half.channels).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"case_id": "../x"}, "cannot name a folder"),
        ({"channels": np.zeros((4, 2, 2, 2))}, "not (5, X, Y, Z)"),
        ({"channels": np.full((5, 2, 2, 2), np.nan)}, "not finite"),
        ({"labels": np.zeros((2, 2, 3))}, "the labels have the shape"),
        ({"brain": np.ones((2, 2))}, "the brain has the shape"),
        ({"scored": ("tumour",)}, "no region “tumour”"),
        ({"code": Code.parse("T1", ("T1", "T2"))}, "other modalities"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, changes: dict, words: str) -> None:
    given = {
        "case_id": "a",
        "channels": np.zeros((5, 2, 2, 2)),
        "code": Code.full(),
        "labels": np.zeros((2, 2, 2)),
        "brain": np.ones((2, 2, 2)),
    }
    cache = Cache(tmp_path / "cache", CacheOptions())
    with pytest.raises(InputError) as caught:
        cache.add(**(given | changes))
    assert words in caught.value.message
    assert cache.ids == ()


def test_cases_that_cannot_be_prepared_are_skipped_with_the_reason(tmp_path: Path) -> None:
    good = read_datalist(datalist(tmp_path, 1)).cases[0]
    head = volume(tmp_path / "head.nii.gz")
    gone = Case("gone", {Modality.T1: tmp_path / "nowhere.nii.gz"})
    wrong = Case("wrong", good.modalities, volume(tmp_path / "l.nii.gz", labels(7)), "glioma")
    cache = Cache(tmp_path / "cache", CacheOptions(modalities=(Modality.T1, Modality.FLAIR)))
    other = Case("other", {Modality.DWI: head})
    # Nothing but air around a head looks as if it had been extracted; the data list knows better.
    whole = Case("whole", good.modalities, brain_extracted=False)
    result = fill_cache(cache, [gone, wrong, other, whole, good])
    assert result.built == ["c0"]
    assert set(result.skipped) == {"gone", "wrong", "other", "whole"}
    assert "whole head" in result.skipped["whole"]
    assert "There is no file" in result.skipped["gone"]
    assert "holds 7" in result.skipped["wrong"]
    assert "none of the modalities" in result.skipped["other"]


def test_a_cache_of_other_options_is_refused(tmp_path: Path) -> None:
    Cache(tmp_path / "cache", CacheOptions(spacing=2.0))
    assert Cache(tmp_path / "cache").options.spacing == 2.0
    with pytest.raises(InputError, match="other options"):
        Cache(tmp_path / "cache", CacheOptions())
    with pytest.raises(InputError, match="There is no cache"):
        Cache(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError) as caught:
        Cache(tmp_path / "file" / "cache", CacheOptions())
    assert caught.value.code == "output-not-writable"
    (tmp_path / "cache" / "cache.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match="cannot be read"):
        Cache(tmp_path / "cache")


FULL_DISK = (
    PREAMBLE
    + """
import resource
import numpy as np
from MissingModalitySegLib.errors import ResourceError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
cache = Cache(sys.argv[1], CacheOptions())
cache.add("small", np.ones((5, 4, 4, 4)), Code.full(), np.zeros((4, 4, 4)))
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
try:
    cache.add("large", np.ones((5, 32, 32, 32)), Code.full(), np.zeros((32, 32, 32)))
except ResourceError as error:
    print(error.code)
"""
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_is_said_and_costs_only_the_entry(tmp_path: Path) -> None:
    process = script(FULL_DISK, str(tmp_path / "cache"))
    output, errors = process.communicate(timeout=60)
    assert output.strip() == "disk-full", errors
    cache = Cache(tmp_path / "cache")
    assert cache.ids == ("small",)
    assert leftovers(cache) == []
    assert ResourceError.exit_code == 4


BLOCKED = (
    PREAMBLE
    + """
for name in ("SimpleITK", "nilearn", "nibabel", "monai", "scipy"):
    sys.modules[name] = None
from MissingModalitySegTraining.data.cache import Cache
from MissingModalitySegTraining.data.crops import CachedCrops
batch = CachedCrops(Cache(sys.argv[1]), (8, 8, 8), 2)[0]
print(tuple(batch.image.shape), bool(batch.regions.any()))
"""
)


def test_reading_needs_no_imaging_library(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", CacheOptions())
    fill_cache(cache, read_datalist(datalist(tmp_path)).cases)
    process = script(BLOCKED, str(cache.folder))
    output, errors = process.communicate(timeout=60)
    assert output.strip() == "(2, 5, 8, 8, 8) True", errors
