"""Views as Slicer draws them: real slice logics and displayable managers of MRML, in windows that nobody sees."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PIL import Image
from vtk.util.numpy_support import vtk_to_numpy

SLICE_MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D", "vtkMRMLCrosshairDisplayableManager")
SPACE_MANAGERS = ("vtkMRMLSegmentationsDisplayableManager3D", "vtkMRMLModelDisplayableManager")
_kept: list[Any] = []
"""Managers observe the scene for as long as somebody holds them."""


def slice_picture(widget: Any, application: Any, size: tuple[int, int], like: Any = None) -> Image.Image:
    """What a slice view shows; `like` is a view whose place and zoom it takes over, else its volume fills it."""
    node, logic, window = widget.mrmlSliceNode(), widget.sliceLogic(), widget.sliceView().renderWindow()
    renderer = window.GetRenderers().GetFirstRenderer()
    offset = logic.GetSliceOffset()
    logic.SetMRMLApplicationLogic(application)
    logic.ResizeSliceNode(*size)
    if like is None:
        logic.FitSliceToBackground(*size)
        logic.SetSliceOffset(offset)
    else:
        node.GetSliceToRAS().DeepCopy(like.GetSliceToRAS())
        node.SetDimensions(*size, 1)
        node.SetFieldOfView(*like.GetFieldOfView())
        node.UpdateMatrices()
    mapper = vtk.vtkImageMapper()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    mapper.SetInputConnection(logic.GetImageDataConnection())
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()  # below the words in the corner
    shown = logic.GetSliceCompositeNode().GetBackgroundVolumeID() is not None
    if shown:
        renderer.AddViewProp(actor)
        _manage(slicer.vtkMRMLSliceViewDisplayableManagerFactory, SLICE_MANAGERS, application, window, node)
    picture = _drawn(window, size)
    renderer.RemoveViewProp(actor)
    return picture


def space_picture(scene: Any, application: Any, segmentation: Any, around: Any, size: tuple[int, int]) -> Image.Image:
    """The surfaces of a segmentation in the glassy shape of what is not background in the volume `around`."""
    view = scene.AddNewNodeByClass("vtkMRMLViewNode", "View1")
    view.SetLayoutName("1")
    window, renderer = vtk.vtkRenderWindow(), vtk.vtkRenderer()
    window.SetOffScreenRendering(1)
    window.AddRenderer(renderer)
    renderer.GradientBackgroundOn()
    renderer.SetBackground(0.62, 0.64, 0.76)
    renderer.SetBackground2(0.86, 0.87, 0.93)
    segmentation.CreateClosedSurfaceRepresentation()
    segmentation.GetDisplayNode().SetOpacity3D(0.9)
    _manage(slicer.vtkMRMLThreeDViewDisplayableManagerFactory, SPACE_MANAGERS, application, window, view)
    renderer.AddActor(_glass(around))
    bounds = [0.0] * 6
    around.GetRASBounds(bounds)
    centre = [(bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)]
    camera = renderer.GetActiveCamera()
    camera.SetFocalPoint(*centre)
    camera.SetPosition(centre[0] + 160, centre[1] + 330, centre[2] + 130)
    camera.SetViewUp(0, 0, 1)
    camera.SetViewAngle(26)
    renderer.ResetCameraClippingRange()
    picture = _drawn(window, size)
    scene.RemoveNode(view)
    return picture


def _glass(volume: Any) -> Any:
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    smooth = vtk.vtkImageGaussianSmooth()
    smooth.SetInputData(volume.GetImageData())
    smooth.SetStandardDeviation(1.2)
    surface = vtk.vtkFlyingEdges3D()
    surface.SetInputConnection(smooth.GetOutputPort())
    low, high = volume.GetImageData().GetScalarRange()
    surface.SetValue(0, low + 0.12 * (high - low))
    largest = vtk.vtkPolyDataConnectivityFilter()
    largest.SetInputConnection(surface.GetOutputPort())
    largest.SetExtractionModeToLargestRegion()
    placed, transform = vtk.vtkTransformPolyDataFilter(), vtk.vtkTransform()
    transform.SetMatrix(matrix)
    placed.SetTransform(transform)
    placed.SetInputConnection(largest.GetOutputPort())
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputConnection(placed.GetOutputPort())
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputConnection(normals.GetOutputPort())
    mapper.ScalarVisibilityOff()
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    style = actor.GetProperty()
    style.SetColor(0.93, 0.9, 0.88)
    style.SetOpacity(0.18)
    style.SetSpecular(0.3)
    style.BackfaceCullingOn()
    return actor


def _manage(factory: Any, managers: tuple[str, ...], application: Any, window: Any, node: Any) -> None:
    made = factory.GetInstance()
    made.SetMRMLApplicationLogic(application)
    for name in managers:
        if not made.IsDisplayableManagerRegistered(name):
            made.RegisterDisplayableManager(name)
    interactor = vtk.vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.Initialize(made, window.GetRenderers().GetFirstRenderer())
    group.SetMRMLDisplayableNode(node)
    _kept.extend((interactor, group))


def _drawn(window: Any, size: tuple[int, int]) -> Image.Image:
    window.SetSize(*size)
    window.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.Update()
    image = grab.GetOutput()
    width, height, _ = image.GetDimensions()
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]
    return Image.fromarray(array.copy())
