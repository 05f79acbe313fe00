"""One click to the review: the layout, the volumes in its views, the same slice in all."""

from __future__ import annotations

from typing import Any

import slicer

from .differences import add_differences
from .marks import is_synthetic
from .navigation import jump, lesion_place
from .review_layout import GROUP, LAYOUT, Cell, review_cells, review_xml
from .runs import PlacedRun
from .windows import show_window, window_of

FOUR_VIEWS = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
_ALL_FLAGS = 0xFFFFFFFF


def open_review(scene: Any, run: PlacedRun, orientation: str = "Axial", lesion: int = 0) -> tuple[Cell, ...]:
    """Show the review of a run and give its cells, whose texts belong into the corners of the views.

    Differences are made where they can be; each synthetic volume gets the window of its acquired twin. The slices are
    those of a lesion, by its row in the table; the first is the largest. In the application the views exist when this
    returns; the caller fits them.
    """
    run = add_differences(scene, run)
    rows = review_cells(run)
    set_layout(scene, review_xml(rows, orientation))
    cells = tuple(cell for row in rows for cell in row)
    fill_views(scene, cells)
    turn_views(scene, cells, orientation)
    match_windows(run)
    if run.lesions is not None and run.lesions.GetNumberOfRows() > 0:
        jump(scene, lesion_place(run.lesions, lesion, run.segmentation), GROUP)
    return cells


def know_layout(scene: Any) -> None:
    """Let a scene that was saved in the review open in four views, until the review is made anew.

    Slicer saves the number of a layout and not what it looks like: of one that it does not know it shows nothing. To be
    called when the application has started.
    """
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is not None and not layout.IsLayoutDescription(LAYOUT):
        layout.AddLayoutDescription(LAYOUT, layout.GetLayoutDescription(FOUR_VIEWS))


def set_layout(scene: Any, xml: str) -> int | None:
    """Make the review the present layout, and give the number of the layout before it, to go back to.

    None where the scene has no layout, as without the application.
    """
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is None:
        return None
    before = layout.GetViewArrangement()
    if layout.IsLayoutDescription(LAYOUT):
        layout.SetLayoutDescription(LAYOUT, xml)
    else:
        layout.AddLayoutDescription(LAYOUT, xml)
    layout.SetViewArrangement(LAYOUT)
    return before


def fill_views(scene: Any, cells: tuple[Cell, ...]) -> None:
    """Put each cell's volume into its view and link the views; a cell without a volume is empty.

    Linked are slices and whatever is laid over the images, not the images: a choice in one view would be shown by all.
    """
    for cell in cells:
        composite = composite_of(scene, cell.view)
        composite.SetLinkedControl(False)  # else setting one would set all
        composite.SetBackgroundVolumeID(None if cell.volume is None else cell.volume.GetID())
        composite.SetForegroundVolumeID(None)
        composite.SetLabelVolumeID(None)
    for cell in cells:
        composite = composite_of(scene, cell.view)
        composite.SetInteractionFlagsModifier(_ALL_FLAGS & ~slicer.vtkMRMLSliceCompositeNode.BackgroundVolumeFlag)
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)


def turn_views(scene: Any, cells: tuple[Cell, ...], orientation: str) -> None:
    """Turn views that were there before; what a layout says of a view holds only when it is made."""
    views = {cell.view for cell in cells}
    for i in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
        node = scene.GetNthNodeByClass(i, "vtkMRMLSliceNode")
        if node.GetLayoutName() in views:
            node.SetViewGroup(GROUP)
            node.SetOrientation(orientation)


def composite_of(scene: Any, view: str) -> Any:
    """What a slice view shows, by the name of the view; made where the view is not there yet, which will find it."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    for i in range(count):
        node = scene.GetNthNodeByClass(i, "vtkMRMLSliceCompositeNode")
        if node.GetLayoutName() == view:
            return node
    node = scene.CreateNodeByClass("vtkMRMLSliceCompositeNode")
    node.UnRegister(None)
    node.SetLayoutName(view)
    return scene.AddNode(node)


def match_windows(run: PlacedRun) -> None:
    """Give reconstructions the window that the acquired volume has now."""
    for modality, volume in run.reconstructed.items():
        real = run.inputs.get(modality)
        window = None if real is None or is_synthetic(real) else window_of(real)
        if window is not None:
            show_window(volume, window)
