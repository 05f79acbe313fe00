"""`make screenshots`: the window with results, the review of synthetic sequences, the steps of the first study, and
the report in a browser where there is one.

The generated glioma of the sample data is loaded without its T2, and the module is worked with the mouse, outside
Slicer (Testing/slicer_harness). The pictures go into docs/images. Without a model that segments, the truth stands in
for what was found and blurred volumes for what was synthesised: then every picture says so and lies in
build/screenshots.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "training")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SAMPLE, HIDDEN = "glioma", "T2"
WIDTH, CELL, PANEL = 540, 300, 520
"""Pixels: of a view beside the panel, of a view of the review, of the panel."""

STAND_IN = (
    "Stand-in: no model was at hand. The truth is shown as if it had been found; “synthetic” is the blurred truth."
)
SLICES = (
    ("Red", "R", "#f34a33", "Axial"),
    ("Green", "G", "#6eb04b", "Coronal"),
    ("Yellow", "Y", "#edd54c", "Sagittal"),
)
ROW_COLOURS = {"acquired": "#8fb6d8", "synthetic": "#f2a18f", "difference": "#b9b0d6"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=Path, help="instead of docs/images or build/screenshots")
    parser.add_argument("--stand-in", action="store_true", help="do without a model, even where there is one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return take(Path(folder), given.output, given.stand_in)


def take(folder: Path, output: Path | None, without_model: bool) -> int:
    import slicer

    from Testing.reports.browser import find_browser
    from Testing.screenshots import pages, views
    from Testing.slicer_harness import pythonqt, slicer_application
    from Testing.slicer_harness.module_window import close_module, open_module, picture

    os.environ |= {"XDG_DATA_HOME": str(folder / "data"), "XDG_STATE_HOME": str(folder / "state")}
    app = slicer_application.install()  # from here on there is a `qt` to import
    from MissingModalitySegLib.ui import desk

    scene = app.begin(folder / "slicer")
    model = None if without_model else find_model()
    if model is None:
        from Testing.module.tiny_models import write_models

        os.environ["MISSING_MODALITY_SEG_MODELS"] = str(write_models(folder / "models"))
    nodes = load_sample()
    shown = {name: node for name, node in nodes.items() if name != HIDDEN}
    slicer.mrmlScene.RemoveNode(nodes[HIDDEN])
    widget = open_module(PANEL)
    run = segment(widget, model, folder) if model else stand_in(widget, shown, nodes[HIDDEN], folder)
    manager, background = app.layoutManager(), shown["T1ce"]

    picture(widget.parent, folder / "panel.png", PANEL)
    section(widget, "resultsSection", folder / "step-results.png")
    panel = pages.Image.open(folder / "panel.png").convert("RGB")
    size = (WIDTH, (panel.height - pages.GAP) // 2 - pages.BAR)
    four = four_up(pages, views, scene, manager, background, run, size)
    review = review_page(pages, views, scene, manager, widget)
    report = report_page(run, folder) if model and find_browser() else None
    images = ROOT / "docs" / "images"
    target = output or (images if model else ROOT / "build" / "screenshots")
    made = {"review": review, "module": pages.beside(panel, four)}
    made |= {} if target == images else {"views": four, "panel": panel}  # parts, which no page shows
    made |= {} if report is None else {"report": report}
    if model:
        made |= {path.stem: pages.Image.open(path).convert("RGB") for path in sorted(folder.glob("step-*.png"))}
    for name, page in made.items():
        page = page if model else pages.stamped(page, STAND_IN)
        size = pages.save(page, target / f"screenshot-{name}.png")
        print(f"{target / f'screenshot-{name}.png'}: {page.width}x{page.height}, {size / 1000:.0f} kB")
    close_module(widget)
    desk._close()
    errors = pythonqt.signal_errors()
    print("".join(errors), end="", file=sys.stderr)
    return 1 if errors else 0


def report_page(run: Any, folder: Path) -> Any:
    """The report of a run as the button opens it."""
    from MissingModalitySegLib.ui.pages import page_of
    from Testing.screenshots.report import report_picture

    return report_picture(page_of(run.run), folder)


def find_model() -> str | None:
    """A model that segments gliomas from what is shown and generates what is not; the first of them."""
    from MissingModalitySegLib.ui.study import models_for

    return next((listing.name for listing in models_for(())), None)


def load_sample() -> dict[str, Any]:
    """The volumes of the sample, as Slicer's Sample Data module loads them."""
    import slicer

    from MissingModalitySegLib.samples import samples
    from MissingModalitySegLib.scene.windows import fitting_window, show_window

    (sample,) = (one for one in samples() if one.name == SAMPLE)
    nodes = {}
    for modality, file in sample.volumes.items():
        nodes[str(modality)] = node = read(file.path, slicer.vtkMRMLScalarVolumeNode())
        node.SetName(sample.node_name(modality))
        slicer.mrmlScene.AddNode(node)
        node.CreateDefaultDisplayNodes()
        show_window(node, fitting_window(node))
    return nodes


def read(path: Path, node: Any) -> Any:
    import slicer

    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(node), path
    return node


def section(widget: Any, name: str, path: Path) -> None:
    """A picture of one part of the panel, which is as wide as it is in Slicer."""
    from Testing.slicer_harness.module_window import make_room

    make_room(widget.parent, PANEL)
    assert getattr(widget.window.ui, name).grab().save(str(path))


def segment(widget: Any, model: str, folder: Path) -> Any:
    """Work the window as a user does, with the real worker; a picture of each step goes into `folder`."""
    from PySide6 import QtCore, QtTest

    from Testing.slicer_harness.module_window import until

    def click(button: Any) -> None:
        QtTest.QTest.mouseClick(button, QtCore.Qt.LeftButton)

    window = widget.window
    click(window.inputs.ui.guessButton)
    section(widget, "inputsSection", folder / "step-sequences.png")
    window.parameters.model = model
    window.parameters.synthesize = True
    section(widget, "modelSection", folder / "step-model.png")
    click(window.run.ui.segmentButton)
    until(lambda: window.run.ui.segmentButton.text == "&Segment" or window.run.ui.progressBar.value >= 200, 3600)
    section(widget, "runArea", folder / "step-run.png")
    until(lambda: window.run.ui.segmentButton.text == "&Segment", 3600)
    assert window.results.run is not None, window.run.ui.problemLabel.text
    return window.results.run


def stand_in(widget: Any, shown: dict[str, Any], hidden: Any, folder: Path) -> Any:
    """Results as if a model had found the truth, measured as the engine measures them."""
    import SimpleITK as sitk  # noqa: N813
    import slicer

    from MissingModalitySegLib.engine.summarise import summarise
    from MissingModalitySegLib.labels import GLIOMA
    from MissingModalitySegLib.samples import samples
    from MissingModalitySegLib.scene import place, send

    (sample,) = (one for one in samples() if one.name == SAMPLE)
    window = widget.window
    window.inputs.guess()
    sent = send(shown, folder / "in")
    truth = sitk.ReadImage(str(sample.truth.path))
    found = summarise(truth, GLIOMA, None, 0.05)
    (folder / "out").mkdir()
    sitk.WriteImage(found.labels, str(folder / "out" / "segmentation.nrrd"))
    files = {"segmentation": folder / "out" / "segmentation.nrrd"}
    confidence = {}
    blurred = {f"synthetic_{HIDDEN}": sample.volumes[HIDDEN].path}
    blurred |= {f"reconstructed_{name}": sent.paths[name] for name in sent.paths}
    for name, path in blurred.items():
        image = sitk.ReadImage(str(path), sitk.sitkFloat32)
        image = sitk.SmoothingRecursiveGaussian(image, 1.4) * sitk.Cast(image > 0, sitk.sitkFloat32)
        files[name] = folder / "out" / f"{name}.nrrd"
        sitk.WriteImage(image, str(files[name]))
        if name.startswith("reconstructed"):
            confidence[name.split("_")[1]] = {"from": "the others", "psnr": 26.0, "ssim": 0.9}
    report = {
        "reference": "T1ce",
        "model": {"name": "one", "version": "1"},
        "volumes_ml": dict(found.volumes_ml),
        "lesions": [lesion.to_dict() for lesion in found.lesions],
        "synthetic": {"model": {"name": "synthesis"}, "sequences": {}, "confidence": confidence},
        "warnings": [],
    }
    run = place(slicer.mrmlScene, sent, files, report)
    window.parameters.shownRun = run.run
    window.refresh()
    return run


def four_up(pages: Any, views: Any, scene: Any, manager: Any, background: Any, run: Any, size: tuple[int, int]) -> Any:
    """Slicer's standard layout on the largest lesion."""
    import slicer

    from MissingModalitySegLib.scene import jump_to_lesion

    for name, _, _, orientation in SLICES:
        manager.sliceWidget(name).mrmlSliceNode().SetOrientation(orientation)
    slicer.util.setSliceViewerLayers(background=background)
    for name, *_ in SLICES:
        manager.sliceWidget(name).sliceLogic().GetSliceCompositeNode().SetBackgroundVolumeID(background.GetID())
    jump_to_lesion(run.table, 0, run.segmentation)
    drawn = [
        pages.under_bar(views.slice_picture(manager.sliceWidget(name), scene.logic, size), letter, colour, orientation)
        for name, letter, colour, orientation in SLICES
    ]
    space = views.space_picture(slicer.mrmlScene, scene.logic, run.segmentation, background, size)
    space = pages.under_bar(space, "1", "#8a8fbe", "3D")
    return pages.grid([[drawn[0], space], [drawn[1], drawn[2]]])


def review_page(pages: Any, views: Any, scene: Any, manager: Any, widget: Any) -> Any:
    """The review as the button opens it."""
    import slicer

    from MissingModalitySegLib.scene import review_cells, run_of

    widget.window.results.ui.reviewButton.checked = True
    rows = review_cells(run_of(slicer.mrmlScene, widget.window.results.run.run))
    first, drawn = None, []
    for row in rows:
        drawn.append([])
        for cell in row:
            view = manager.sliceWidget(cell.view)
            image = views.slice_picture(view, scene.logic, (CELL, CELL), first)
            first = first or (view.mrmlSliceNode() if cell.volume is not None else None)
            drawn[-1].append(pages.under_bar(image, str(cell.modality), ROW_COLOURS[cell.row], str(cell.row)))
    return pages.grid(drawn)


if __name__ == "__main__":
    raise SystemExit(main())
