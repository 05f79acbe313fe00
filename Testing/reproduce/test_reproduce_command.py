"""Whole orders at scale `smoke`: a table of each paper, stopped in the middle, from phantoms and from a datalist."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from MissingModalitySegLib.cli.application import application
from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.phantom import output as phantoms
from MissingModalitySegTraining.reproduce import Order, moe, mome, reproduce
from MissingModalitySegTraining.reproduce.order import open_laboratory, place_of
from MissingModalitySegTraining.reproduce.published import published
from MissingModalitySegTraining.reproduce.scales import SCALES
from MissingModalitySegTraining.runs import train


def quiet(line: str) -> None:
    pass


def read(order: Order) -> dict:
    return json.loads((place_of(order) / f"{order.name}.json").read_text(encoding="utf-8"))


def assert_published(document: dict) -> None:
    """The published column is the published figures, in every cell."""
    source = published(document["paper"], document["table"])
    for cell in document["cells"]:
        printed = source.at(cell["row"], cell["column"])
        assert cell["published"] == (None if printed is None else {"mean": printed.mean, "se": printed.se})
    assert document["published"]["data"] == source.data


class StopError(Exception):
    pass


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_moe_table_stopped_and_gone_on_with(tmp_path):
    order = Order("moe", "table3", output=tmp_path, seed=5)

    def stop(line: str) -> None:
        if line.startswith("training dedicated-FLAIR"):
            raise StopError

    with pytest.raises(StopError):
        reproduce(order, stop)
    runs = place_of(order) / "runs-msseg"
    before = {path: path.stat().st_mtime_ns for path in runs.glob("*/network/network.safetensors")}
    assert len(before) == 4  # modality dropout, the mixture, two dedicated models
    unfinished = read(order)
    assert unfinished["ours"]["waiting"] == ["DM"]
    answered = [cell["ours"] for cell in unfinished["cells"] if cell["column"] == "DSC MD"]
    assert any(each is not None for each in answered)

    arguments = ["reproduce", "moe", "table3", "--output", str(tmp_path), "--seed", "5", "--threads", "1"]
    done = CliRunner().invoke(application, arguments)
    assert done.exit_code == 0, done.output
    assert "reproduced" in done.output
    assert "MSSEG-2016, n = 53" in done.output
    assert {path: path.stat().st_mtime_ns for path in before} == before
    document = read(order)
    assert_published(document)
    assert document["ours"]["waiting"] == []
    assert document["ours"]["kind"] == "simulated"
    assert [cell["ours"] for cell in document["cells"] if cell["column"] == "DSC MD"] == answered
    dedicated = {tuple(code) for code in _codes_answered(runs)}
    assert dedicated == {(code,) for code in moe.CODES}
    assert len(document["comparisons"]) == 3
    for entry in document["ours"]["trainings"]:  # of four steps the third and the fourth
        history = (runs / entry["run"] / "network" / "history.csv").read_text().splitlines()
        column = history[0].split(",").index("loss")
        assert entry["losses"] == [float(line.split(",")[column]) for line in history[3:]]
    text = (place_of(order) / "table3.md").read_text(encoding="utf-8")
    assert "Every method was trained once" in text
    assert text.count(" → ") == len(document["ours"]["trainings"])

    # the picture takes its network from the same kind of training
    figure = reproduce(Order("moe", "gates", output=tmp_path, seed=5), quiet)
    assert figure.read_bytes()[:4] == b"\x89PNG"
    for values in json.loads(figure.with_suffix(".json").read_text())["layers"].values():
        assert torch.tensor(values).sum(dim=1) == pytest.approx(torch.ones(7), abs=1e-5)


def _codes_answered(runs) -> list[list[str]]:
    """The codes that each dedicated model was asked for."""
    found = []
    for run in runs.glob("dedicated-*"):
        files = [json.loads(path.read_text())["rows"] for path in run.glob("test/*.json")]
        found.append(sorted({row["code"] for rows in files for row in rows}))
    return found


def test_universal_from_a_datalist_shares_its_first_stages(tmp_path):
    planned = phantoms.plan(5, ["glioma"], "research", seed=11, spacing_mm=8.0)
    list(phantoms.make(planned, 5, tmp_path / "cases"))
    source = tmp_path / "cases" / "datalist.json"
    order = Order("universal", "fig5", str(source), output=tmp_path / "out")
    text = reproduce(order, quiet).read_text(encoding="utf-8")
    document = read(order)
    assert_published(document)
    assert "4 cases for training, 1 for the test" in text
    trainings = {entry["run"]: entry["stages"] for entry in document["ours"]["trainings"]}
    assert len(trainings) == 3
    shared = [[name for name, _, taken in stages if taken] for stages in trainings.values()]
    beginning = ["mae", "mae_segmenter", "distribution_approximation"]
    # the tiny network has no prompts but codes: its last two rows are one training
    assert shared == [[], beginning, [*beginning, "student"]]
    wholes = [cell["ours"] for cell in document["cells"] if cell["column"] == "WT DSC"]
    assert all(whole["rows"] == 15 and whole["subjects"] == 1 for whole in wholes)

    with pytest.raises(InputError, match="another reproduction"):
        reproduce(Order("universal", "fig5", str(source), output=tmp_path / "out", unseen=("phantom",)), quiet)


def test_mome_table_shares_its_experts(tmp_path):
    order = Order("mome", "table3", output=tmp_path)
    reproduce(order, quiet)
    document = read(order)
    assert_published(document)
    unseen = [cell["ours"] for cell in document["cells"] if cell["column"] == "Unseen"]
    assert all(each["rows"] == 3 for each in unseen)
    images = [cell["ours"]["rows"] for cell in document["cells"] if cell["column"] == "Image-level"]
    assert all(10 <= count <= 14 for count in images)  # at 8 mm a lesion may be smaller than a voxel

    laboratory = open_laboratory(order, SCALES["smoke"], mome.COHORT, quiet)
    places = [laboratory.place(arm.asked[0].training) for arm in mome.TABLE3.arms.values()]
    full, flat = (load_file(places[i] / "experts" / "network.safetensors") for i in (0, 2))
    experts = [name for name in full if name.startswith("experts.")]
    assert experts
    assert all(torch.equal(full[name], flat[name]) for name in experts)
    assert {name for name in full if name.startswith("gate.")} > {name for name in flat if name.startswith("gate.")}
    assert json.loads((places[1] / "experts" / "done.json").read_text())["taken_from"].startswith("mome-full")

    # what was taken over is what the run would have come to by itself
    training = mome.WITHOUT_CURRICULUM.asked[0].training
    alone = train(laboratory.config(training), tmp_path / "alone")
    for stage in ("experts", "joint"):
        by_itself = load_file(alone.folder / stage / "network.safetensors")
        with_shared = load_file(places[1] / stage / "network.safetensors")
        assert all(torch.equal(by_itself[name], with_shared[name]) for name in by_itself), stage

    figure = reproduce(Order("mome", "experts", output=tmp_path), quiet)
    shares = json.loads(figure.with_suffix(".json").read_text())["shares"]["with curriculum"]
    assert torch.tensor(shares).sum(dim=1) == pytest.approx(torch.ones(5, dtype=torch.float32), abs=1e-5)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order("other", "table1"), "unknown-paper"),
        (Order("moe", "table9"), "unknown-table"),
        (Order("moe", "table1", scale="huge"), "unknown-scale"),
    ],
)
def test_orders_that_do_not_exist_are_refused(order, code):
    with pytest.raises(InputError) as caught:
        reproduce(order, quiet)
    assert caught.value.code == code
