"""Moving one volume of an examination onto another, as a rigid body.

What is optimised is the mutual information of Mattes et al. (2003, "PET-CT image registration in the chest using
free-form deformations"), which needs no relation between the brightness of two sequences. What decides, before and
after, is another measure that looks at other things: whether edges run the same way, the normalised gradient fields of
Haber and Modersitzki (2006, "Intensity gradient based registration and fusion of multi-modal images", eq. 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from .geometry import model_grid, resample

WORKING_MM = 3.0
"""Voxels in which volumes are compared and moved; a rigid transform is found far finer than these."""

PROBE_MM, PROBE_DEG = 1.5, 2.0
"""How far a volume is pushed to see whether it lies better elsewhere."""

GOOD_MM, GOOD_DEG = 0.7, 0.8
"""A volume whose best place is nearer than this by all probes is left as it is: interpolation would cost more."""

BETTER = 1.01
"""By how much agreement must grow for a volume to be moved."""

MOVED_MM = 0.5
"""Less than this anywhere in the head is not worth an interpolation."""

_FEWEST_VOXELS = 2000
"""Working voxels with something in them; with fewer there are no edges to compare."""

_HEAD_RADIUS_MM = 80.0
_BINS = 40
_SEED = 20
_SHARES = (1.0, 0.5, 0.25)
"""Of the voxels of the object at each of the levels, coarse to fine, that mutual information is estimated from."""


@dataclass(frozen=True)
class Motion:
    """Where a volume lies best: `transform` takes places in the fixed volume to places in it; None where it lies well.

    `before` and `after` are the agreement of edges, 0 to 1.
    """

    transform: sitk.Euler3DTransform | None
    before: float
    after: float


@dataclass(frozen=True)
class Fixed:
    """A volume that others are moved onto, prepared once for all of them: in working voxels, cut to what it shows."""

    image: sitk.Image
    inside: sitk.Image
    """Where it holds something."""

    @classmethod
    def of(cls, image: sitk.Image) -> Fixed:
        working = _working(image)
        inside = _object(working)
        places = np.argwhere(sitk.GetArrayViewFromImage(inside))[:, ::-1]
        if len(places) == 0:
            return cls(working, inside)
        start, stop = places.min(axis=0), places.max(axis=0) + 1
        box = ((stop - start).tolist(), start.tolist())
        return cls(sitk.RegionOfInterest(working, *box), sitk.RegionOfInterest(inside, *box))


class EdgeAgreement:
    """How well edges of two volumes run along each other: ⟨n_f, n_m⟩² over all edges, relative to their strength.

    n = ∇I / sqrt(|∇I|² + η²) with η the root mean square of |∇I| over the object, so that noise counts little.
    """

    def __init__(self, fixed: Fixed, moving: sitk.Image) -> None:
        self._fixed, self._moving = fixed.image, moving
        self._object = sitk.GetArrayFromImage(fixed.inside).astype(bool)
        self._field = _normals(sitk.GetArrayFromImage(fixed.image), self._object)

    def __call__(self, transform: sitk.Transform) -> float:
        nothing = float("nan")
        moved = sitk.Resample(self._moving, self._fixed, transform, sitk.sitkLinear, nothing, sitk.sitkFloat32)
        moved = sitk.GetArrayFromImage(moved)
        seen = self._object & np.isfinite(moved)
        if np.count_nonzero(seen) < _FEWEST_VOXELS:
            return 0.0
        field = _normals(moved, seen)
        seen &= np.isfinite(field).all(axis=0)
        mine, theirs = self._field[:, seen], field[:, seen]
        products = np.einsum("in,in->n", mine, theirs)
        weights = np.einsum("in,in->n", mine, mine) + np.einsum("in,in->n", theirs, theirs)
        return float(2 * (products**2).sum() / max(float(weights.sum()), 1e-6))


def register(fixed: Fixed, moving: sitk.Image) -> Motion:
    """Where `moving` lies best on `fixed`; it is left alone where nothing clearly better is found."""
    if np.count_nonzero(sitk.GetArrayViewFromImage(fixed.inside)) < _FEWEST_VOXELS:
        return Motion(None, 0.0, 0.0)
    moving = _working(moving)
    start = sitk.Euler3DTransform()
    start.SetCenter(_middle(fixed.inside))
    agreement = EdgeAgreement(fixed, moving)
    before = agreement(start)
    if before == 0 or _lies_well(agreement, start, before):
        return Motion(None, before, before)
    found = _optimised(fixed, moving, start)
    if found is None or _largest_move(found) < MOVED_MM:
        return Motion(None, before, before)
    after = agreement(found)
    return Motion(found, before, after) if after > BETTER * before else Motion(None, before, before)


def _lies_well(agreement: EdgeAgreement, start: sitk.Euler3DTransform, at_start: float) -> bool:
    """Whether pushing the volume a little any way makes it agree less, and the peak between both is near."""
    steps = [(axis, PROBE_DEG, GOOD_DEG) for axis in range(3)] + [(axis, PROBE_MM, GOOD_MM) for axis in range(3, 6)]
    for axis, step, good in steps:
        low, high = (agreement(_pushed(start, axis, sign * step)) for sign in (-1, 1))
        curvature = 2 * at_start - low - high
        if max(low, high) > at_start or abs(high - low) / 2 / max(curvature, 1e-12) * step > good:
            return False
    return True


def _pushed(start: sitk.Euler3DTransform, axis: int, step: float) -> sitk.Euler3DTransform:
    """Turned about axis 0 to 2 by degrees, or shifted along axis 3 to 5 by mm."""
    values = list(start.GetParameters())
    values[axis] += np.deg2rad(step) if axis < 3 else step
    pushed = sitk.Euler3DTransform(start)
    pushed.SetParameters(values)
    return pushed


def _optimised(fixed: Fixed, moving: sitk.Image, start: sitk.Euler3DTransform) -> sitk.Euler3DTransform | None:
    """The best transform by mutual information, from coarse to fine; None where the search fell off the volume."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel(_SHARES, _SEED)
    method.SetMetricFixedMask(fixed.inside)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([3, 2, 1])
    method.SetSmoothingSigmasPerLevel([4.0, 2.0, 0.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=3.0, minStep=0.02, numberOfIterations=60, relaxationFactor=0.6, gradientMagnitudeTolerance=1e-7
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetNumberOfThreads(1)  # sums in one order: the same files give the same transform
    method.SetInitialTransform(sitk.Euler3DTransform(start), inPlace=True)
    try:
        return sitk.Euler3DTransform(method.Execute(fixed.image, moving))
    except RuntimeError:
        return None


def _working(image: sitk.Image) -> sitk.Image:
    """`image` in isotropic working voxels, without the few brightest and darkest values that waste bins."""
    fine = [max(1, min(n, int(WORKING_MM / mm))) for n, mm in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    image = sitk.BinShrink(sitk.Cast(image, sitk.sitkFloat32), fine)  # most of the smoothing, in a tenth of its time
    image = resample(image, model_grid(image, WORKING_MM))
    low, high = np.percentile(sitk.GetArrayViewFromImage(image), (0.5, 99.7))
    return sitk.Clamp(image, sitk.sitkFloat32, float(low), float(max(high, low)))


def _object(image: sitk.Image) -> sitk.Image:
    """Where `image` holds something, with the air around it that its outer edge is seen against."""
    low, high = np.percentile(sitk.GetArrayViewFromImage(image), (1, 98))
    return sitk.BinaryDilate(image > float(low + 0.12 * (high - low)), [2, 2, 2])


def _middle(mask: sitk.Image) -> tuple[float, ...]:
    places = np.argwhere(sitk.GetArrayViewFromImage(mask))[:, ::-1].mean(axis=0)
    return mask.TransformContinuousIndexToPhysicalPoint(places.tolist())


def _largest_move(transform: sitk.Euler3DTransform) -> float:
    """mm, on a sphere as large as a head around the centre of the transform."""
    centre = np.array(transform.GetCenter())
    places = centre + _HEAD_RADIUS_MM * np.array([*np.eye(3), *-np.eye(3)])
    return max(float(np.linalg.norm(np.array(transform.TransformPoint(p.tolist())) - p)) for p in places)


def _normals(array: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(3, z, y, x); voxels are isotropic."""
    gradient = np.stack(np.gradient(array))
    squared = np.einsum("i...,i...->...", gradient, gradient)
    noise = np.nanmean(squared[inside])
    return gradient / np.sqrt(squared + noise + 1e-20)
