"""The command `batch` in real processes: broken studies, killed workers and runs, changed volumes, Ctrl-C, clusters."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.owners import owner
from Testing.cohorts.cohort_runs import (
    Batch,
    count,
    engines,
    journal,
    left_behind,
    write_models,
    write_studies,
    written_at,
)
from Testing.dicom.made_series import T1, Scan, datasets, write
from Testing.engine.small_runs import volume as small_volume
from Testing.engine.small_runs import write_inputs
from Testing.jobs.runners import alive, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def place(tmp_path: Path, models: Path) -> Iterator[Path]:
    shutil.copytree(models, tmp_path / "models")
    yield tmp_path
    Batch.kill_all()


def rows(output: Path) -> dict[str, dict[str, str]]:
    with open(output / "summary.csv", encoding="utf-8", newline="") as stream:
        return {row["case"]: row for row in csv.DictReader(stream)}


def test_bad_studies_and_what_changes_between_runs(place: Path) -> None:
    """One row per study; a second run computes what has changed by content, and nothing else."""
    source, output = write_studies(place / "Studien “ä”", "abc"), place / "out"
    write_inputs(source / "odd", "DWI")
    (source / "bad").mkdir()
    (source / "bad" / "T1.nii.gz").write_bytes(b"cut")
    (source / "a" / "scout.nii.gz").write_bytes(b"")
    code, shown, told = Batch(place, "--folder", str(source), "--jobs", "2", output=output).end()
    assert code == 0, told
    assert "Traceback" not in told
    assert "3 done, 1 failed, 1 not usable" in shown
    table = rows(output)
    states = {"a": "done", "b": "done", "c": "done", "bad": "failed", "odd": "not usable"}
    assert {name: row["state"] for name, row in table.items()} == states
    assert "cannot be read" in table["bad"]["problem"]
    assert "takes none of DWI" in table["odd"]["problem"]
    assert table["a"]["used"].startswith("T1: T1.nii.gz: ")
    assert "scout.nii.gz: By its name it is a localiser" in table["a"]["skipped"]
    parquet = {row["case"]: row for row in pyarrow.parquet.read_table(output / "summary.parquet").to_pylist()}
    assert parquet["a"]["lesion_ml"] == pytest.approx(float(table["a"]["lesion_ml"]))
    assert [one["sequence"] for one in parquet["a"]["used"]] == ["T1", "FLAIR"]
    assert "odd" in (output / "report.html").read_text(encoding="utf-8")
    assert count(journal(output), "begun") == {"a": 1, "b": 1, "c": 1, "bad": 1}
    assert left_behind(output) == []

    before = written_at(output, "abc")
    volume = source / "b" / "T1.nii.gz"
    dates = volume.stat()
    sitk.WriteImage(small_volume(5), str(volume))  # another T1 of the same size and date
    os.utime(volume, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    os.utime(source / "a" / "T1.nii.gz")  # another date, the same content
    write_inputs(source / "bad", "T1")
    code, shown, told = Batch(place, "--folder", str(source), "--jobs", "1", output=output).end()
    assert code == 0, told
    assert "2 done earlier" in shown
    assert {name: row["state"] for name, row in rows(output).items()} == states | {
        "a": "done earlier", "c": "done earlier", "bad": "done",
    }  # fmt: skip
    after = written_at(output, "abc")
    assert {name for name in "abc" if before[name] != after[name]} == {"b"}


def test_a_worker_and_an_engine_are_killed(place: Path) -> None:
    """Nothing is lost, and nothing that was finished is computed again."""
    names = "abcdefgh"
    source, output = write_studies(place / "in", names), place / "out"
    batch = Batch(place, "--folder", str(source), "--jobs", "2", output=output)
    batch.wait_for(lambda events: len(count(events, "begun")) >= 3)
    killed, other = batch.workers()
    os.kill(killed, signal.SIGKILL)
    (engine,) = engines(other)
    batch.wait_for(lambda events: len(count(events, "begun")) >= 5)
    os.kill(engine, signal.SIGKILL)
    code, shown, told = batch.end()
    assert code == 0, told
    assert "8 done" in shown
    events = journal(output)
    assert count(events, "done") == dict.fromkeys(names, 1)
    begun = count(events, "begun")
    assert set(begun) == set(names)
    assert sum(begun.values()) <= len(names) + 3  # what a killed process was at work on is begun again, nothing else
    for number, event in enumerate(events):
        if event["event"] == "done":
            later = [one for one in events[number:] if one["event"] == "begun" and one["case"] == event["case"]]
            assert later == []
    assert {row["state"] for row in rows(output).values()} == {"done"}
    until(lambda: not alive(engine))
    assert left_behind(output) == []


def test_the_whole_run_is_killed(place: Path) -> None:
    """Nothing keeps running; the next run goes on, and what was finished stays as it was."""
    names = "abcdefgh"
    source, output = write_studies(place / "in", names), place / "out"
    first = Batch(place, "--folder", str(source), "--jobs", "2", output=output)
    first.wait_for(lambda events: len(count(events, "done")) >= 2)
    workers = first.workers()
    processes = [*workers, *(one for worker in workers for one in engines(worker))]
    for one in (first.process.pid, *workers):  # else all would be done before the second has begun
        os.kill(one, signal.SIGSTOP)
    refused = Batch(place, "--folder", str(source), output=output)  # while the first is at work
    code, _, told = refused.end()
    assert code == 2
    assert "Another run is at work" in told
    first.process.kill()
    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    first.end()
    until(lambda: not any(alive(one) for one in processes))
    done = [name for name in names if (output / name / "report.json").is_file()]
    assert 2 <= len(done) < len(names)
    before = written_at(output, "".join(done))
    with open(output / ".batch" / "journal.jsonl", "a") as stream:
        stream.write('{"event": "begun", "ca')  # as if the power had failed
    code, shown, told = Batch(place, "--folder", str(source), "--jobs", "2", output=output).end()
    assert code == 0, told
    assert f"{len(done)} done earlier" in shown
    assert written_at(output, "".join(done)) == before
    events = journal(output)
    at = max(number for number, event in enumerate(events) if event["event"] == "run")
    assert set(count(events[at:], "begun")) == set(names) - set(done)
    assert all((output / name / "segmentation.nii.gz").is_file() for name in names)
    assert left_behind(output) == []


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(place: Path, times: int) -> None:
    """Once: what runs is finished. Twice: it is given up. No half results either way, and exit code 3."""
    names = "abcdefgh"
    source, output = write_studies(place / "in", names), place / "out"
    batch = Batch(place, "--folder", str(source), "--jobs", "2", output=output)
    batch.wait_for(lambda events: len(count(events, "done")) >= 1 and len(count(events, "begun")) >= 3)
    for _ in range(times):
        batch.process.send_signal(signal.SIGINT)
    code, _, told = batch.end()
    assert code == 3
    assert "Stopping" in told
    assert "goes on where it stopped" in told
    assert "Traceback" not in told
    states = {name: row["state"] for name, row in rows(output).items()}
    assert set(states) == set(names)
    assert set(states.values()) == {"done", "cancelled"}
    for name in names:
        complete = {"report.json", "segmentation.nii.gz"}
        there = set(os.listdir(output / name)) if (output / name).is_dir() else set()
        assert there == (complete if states[name] == "done" else set())
    if times == 1:
        told_of = [event["case"] for event in journal(output) if event["event"] == "begun"]
        assert [states[name] for name in told_of[:3]] == ["done"] * 3  # the three that the signal was waiting for
    assert left_behind(output) == []


def test_a_cluster_that_is_there(place: Path) -> None:
    """Its workers are used and stay. A client that is killed leaves nobody at work, and the next one goes on."""
    from distributed import Client, LocalCluster

    names = "abcdef"
    source, output = write_studies(place / "in", names), place / "out"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=None) as cluster:
        arguments = ["--folder", str(source), "--scheduler", cluster.scheduler_address]
        first = Batch(place, *arguments, output=output)
        first.wait_for(lambda events: len(count(events, "done")) >= 1)
        first.process.kill()
        first.end()
        with Client(cluster.scheduler_address) as client:
            until(lambda: not any(client.processing().values()))
            until(lambda: not left_behind(output))
            done = {name for name in names if (output / name / "report.json").is_file()}
            assert 1 <= len(done) < len(names)
            before = written_at(output, "".join(done))
            code, shown, told = Batch(place, *arguments, output=output).end()
            assert code == 0, told
            assert f"{len(done)} done earlier" in shown
            assert written_at(output, "".join(done)) == before
            assert {row["state"] for row in rows(output).values()} == {"done", "done earlier"}
            processes = client.run(os.getpid)
            assert len(processes) == 2
            until(lambda: not any(engines(process) for process in processes.values()))


def test_bids_derivatives(place: Path) -> None:
    raw, output = place / "raw", place / "raw" / "derivatives" / "lesions"
    for subject, session in (("01", "a"), ("02", "")):
        folder = raw / f"sub-{subject}" / (f"ses-{session}" if session else "") / "anat"
        start = f"sub-{subject}" + (f"_ses-{session}" if session else "")
        for modality, path in write_inputs(folder, "T1", "FLAIR").items():
            path.rename(path.with_name(f"{start}_{'T1w' if modality == 'T1' else modality}.nii.gz"))
    code, _, told = Batch(place, "--bids", str(raw), "--synthesize", "--reference", "FLAIR", output=output).end()
    assert code == 0, told
    description = json.loads((output / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"][0]["Name"] == "MissingModalitySeg"
    assert (output / description["DatasetLinks"]["raw"]).resolve() == raw.resolve()
    for folder, start in (("sub-01/ses-a", "sub-01_ses-a"), ("sub-02", "sub-02")):
        names = {path.name for path in (output / folder / "anat").iterdir()}
        labels, made = f"{start}_space-FLAIR_desc-lesions_dseg", f"{start}_space-FLAIR_desc-synthetic_T2w"
        assert names == {f"{labels}.nii.gz", f"{labels}.json", f"{made}.nii.gz", f"{made}.json"}
        segmentation = output / folder / "segmentation.nii.gz"
        assert segmentation.read_bytes() == (output / folder / "anat" / f"{labels}.nii.gz").read_bytes()
        facts = json.loads((output / folder / "anat" / f"{labels}.json").read_text())
        for uri in (*facts["Sources"], facts["SpatialReference"]):
            assert (raw / uri.removeprefix("bids:raw:")).is_file()
        assert len(facts["Sources"]) == 2
    table = (output / "desc-lesions_dseg.tsv").read_text().splitlines()
    assert table[0] == "index\tname\tabbreviation"
    assert {line.split("\t")[0] for line in table[1:]} == {"1", "2", "3"}
    ignored = (output / ".bidsignore").read_text().splitlines()
    assert {"report.json", "segmentation.nii.gz", "summary.csv", ".batch/"} <= set(ignored)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--folder", "in", "--model", "none-such"], "There is no model"),
        (["--folder", "in", "--model", "synthesis"], "finds no lesions"),
        (["--folder", "in", "--model", "one", "--brain", "mask.nii"], "One mask cannot fit all"),
        (["--folder", "in", "--model", "one", "--scheduler", "tcp://x:1", "--jobs", "2"], "Leave out --jobs"),
        (["--model", "one"], "No source was given"),
        (["--folder", "in", "--bids", "in", "--model", "one"], "Several sources"),
        (["--folder", "missing", "--model", "one"], "There is no folder"),
        (["--datalist", "missing.json", "--model", "one"], "There is no data list"),
        (["--bids", "in", "--model", "one"], "named as BIDS names"),
        (["--dicom", "in", "--model", "one"], "no DICOM file"),
    ],
)
def test_what_keeps_a_run_from_beginning(place: Path, monkeypatch, capsys, arguments: list[str], words: str) -> None:
    write_studies(place / "in", "a")
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(place / "models"))
    monkeypatch.chdir(place)
    assert run(["batch", "--output", "out", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (place / "out").exists()


def test_no_scheduler_and_no_results(place: Path) -> None:
    source = write_studies(place / "in", "a")
    output = place / "out"
    code, _, told = Batch(place, "--folder", str(source), "--scheduler", "tcp://127.0.0.1:9", output=output).end()
    assert code == 2
    assert "No scheduler of Dask answers" in told
    (source / "a" / "T1.nii.gz").write_bytes(b"cut")
    (source / "a" / "FLAIR.nii.gz").unlink()
    code, shown, told = Batch(place, "--folder", str(source), output=output).end()
    assert code == 2
    assert "1 failed" in shown
    assert "No study could be segmented" in told


def test_dicom_studies(place: Path) -> None:
    """From series to segmentation objects, by a pseudonym; a broken series costs its own study alone."""
    source, output = place / "Archiv Müster", place / "out"
    for number, scan in enumerate((Scan("Müster^Zoë", "PAT-4711"), Scan("Doe^Jane", "PAT-4712"))):
        for series, (modality, attributes) in enumerate((("T1", {**T1, "InversionTime": None}), ("FLAIR", {})), 1):
            image = sitk.Cast(small_volume(number + series), sitk.sitkUInt16)
            write(datasets(image, scan, series, **attributes), source / scan.name / modality)
    for path in (source / "Doe^Jane" / "FLAIR").iterdir():
        path.write_bytes(path.read_bytes()[:-500])
    arguments = ["--dicom", str(source), "--dicom-seg", "--jobs", "1"]
    code, shown, told = Batch(place, *arguments, output=output).end()
    assert code == 0, told
    table = rows(output)
    good, bad = sorted(table, key=lambda name: table[name]["state"])
    assert (table[good]["state"], table[bad]["state"]) == ("done", "failed")
    assert table[good]["used"].startswith("T1: series 1 “T1 SE”: ")
    assert sorted(os.listdir(output / good / "inputs")) == ["FLAIR.nii.gz", "T1.nii.gz", "sources.json"]
    segmentation = output / good / "segmentation.dcm"
    made = pydicom.dcmread(segmentation)
    assert made.Modality == "SEG"
    assert str(made.PatientID) == "PAT-4711"  # which belongs there
    texts = [
        path for path in output.rglob("*") if path.is_file() and path.suffix in (".json", ".jsonl", ".csv", ".html")
    ]
    everything = "\n".join([shown, told, *(path.read_text(encoding="utf-8") for path in texts), *os.listdir(output)])
    for word in ("Müster", "Zoë", "M\\u00fcster", "Doe", "Jane", "PAT-471"):
        assert word not in everything

    when = (output / good / "segmentation.nii.gz").stat().st_mtime_ns
    segmentation.unlink()
    (output / good / f".incoming-{owner(2**22 + 1)}-{'0' * 16}").mkdir()  # no process has this number
    code, shown, told = Batch(place, *arguments, output=output).end()
    assert code == 0, told
    assert segmentation.is_file()
    assert (output / good / "segmentation.nii.gz").stat().st_mtime_ns == when
    assert rows(output)[good]["state"] == "done earlier"
    assert left_behind(output) == []
