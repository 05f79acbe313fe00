"""The healthy brain as a function of position in MNI space: tissue fractions and distances to what lesions care about.

The maps are made once (`template`) from what the package nilearn carries and kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from MissingModalitySegLib.errors import InputError

from .materials import TISSUES, Material
from .template import COARSE, FINE, HEAD, Lattice, Maps, build_maps

VERSION = 2
"""Part of the cache's file name: to be raised whenever `template` changes."""

CSF_GAIN = 2.5
"""Averaging 152 heads washes fluid out of the sulci more than anything else: its share is raised by this."""

FALX_MM = 0.45
"""Half the thickness of the sheet between the hemispheres."""


@dataclass(frozen=True)
class AtlasSamples:
    """What the atlas says about positions; all (B, X, Y, Z) but `points` (B, X, Y, Z, 3) and `fractions`."""

    points: Tensor
    """MNI mm."""
    fractions: Tensor
    """(B, len(TISSUES), X, Y, Z), sums to 1; what is no brain is CSF."""
    surface_distance: Tensor
    """mm from the brain's envelope (brain and the fluid in its sulci), negative inside."""
    ventricle_distance: Tensor
    """mm from the border of the ventricles, negative inside."""
    cortex_distance: Tensor
    """mm from the nearest cortex, 0 inside it."""
    cerebellum: Tensor
    """1 below the tentorium and behind the brain stem, 0 elsewhere, blurred over 2 mm."""
    nuclei: Tensor
    """Share of deep grey matter that looks like white matter or, negative, like cortex; `fractions` leaves it deep."""

    @property
    def hemisphere(self) -> Tensor:
        """1 on the right side of the atlas, −1 on the left; a flipped subject's right lies on the left of the atlas."""
        return torch.where(self.points[..., 0] >= 0, 1.0, -1.0)

    @property
    def white_matter(self) -> Tensor:
        return self.fractions[:, Material.WHITE_MATTER]

    @property
    def brain_stem(self) -> Tensor:
        return self.fractions[:, Material.BRAIN_STEM]

    @property
    def territory(self) -> Tensor:
        """Which artery feeds the place, as `TERRITORIES`."""
        return territory(self.points, self.cerebellum + self.brain_stem > 0.5)


TERRITORIES = ("anterior", "middle", "posterior", "vertebrobasilar")
"""Cerebral arteries, and what supplies brain stem and cerebellum."""


def territory(points: Tensor, infratentorial: Tensor) -> Tensor:
    """Rough arterial territories by position alone, (…,) int64: index into `TERRITORIES`.

    The anterior cerebral artery feeds a band along the midline from the forehead to the precuneus, wider on the
    convexity; the posterior one the occipital lobe, the lower temporal lobe and most of the thalamus.
    """
    x, y, z = points.unbind(-1)
    side = x.abs()
    band = 10 + 0.28 * (z - 10).clamp(min=0)
    anterior = (side < band) & (y > -50 - 0.2 * z) & ((z > 22) | (y > 14))
    below = (z < -8 + 0.25 * (-20 - y)) & (y < -15) & (side < 52)
    thalamus = (side < 20) & (y < -8) & (z < 18)
    posterior = (y < -68 + 0.4 * (side - 20).clamp(min=0) * -1) | below | thalamus
    label = torch.ones_like(x, dtype=torch.long)
    label[posterior] = 2
    label[anterior] = 0
    label[infratentorial] = 3
    return label


@dataclass(frozen=True)
class Volume:
    """Maps on a lattice, read linearly; positions outside read its border."""

    values: Tensor
    """(1, C, Z, Y, X): grid_sample's order, so that positions need no turning round. In memory the maps lie beside each
    other voxel by voxel: a crop reads places scattered over them, and finds all maps of a place at once."""
    origin: Tensor
    scale: Tensor

    @classmethod
    def of(cls, values: Tensor, lattice: Lattice) -> Volume:
        """From maps (C, X, Y, Z)."""
        counts = values.new_tensor(values.shape[1:])
        return cls(
            values.transpose(1, 3)[None].contiguous(memory_format=torch.channels_last_3d),
            values.new_tensor([float(o) for o in lattice.origin]),
            2 / (lattice.spacing * (counts - 1)),
        )

    def read(self, points: Tensor) -> Tensor:
        """Values at positions (B, X, Y, Z, 3) in mm, (B, C, X, Y, Z)."""
        places = (points - self.origin).mul_(self.scale).sub_(1)
        batch, *shape = points.shape[:4]
        # the batch is laid along the first axis: expanding the maps would copy them
        values = F.grid_sample(self.values, places.flatten(0, 1)[None], padding_mode="border", align_corners=True)
        return values.reshape(-1, batch, *shape).transpose(0, 1)


@dataclass(frozen=True)
class Atlas:
    fine: Volume
    coarse: Volume
    head: Volume
    push: Volume

    def sample(
        self, points: Tensor, csf_gain: Tensor | float = 1.0, grey_gain: Tensor | float = 1.0, vessel_mm: float = 0.0
    ) -> AtlasSamples:
        """Tissues and distances at positions (B, X, Y, Z, 3) in MNI mm.

        The maps are averages of many brains and blurred. Cubing the fractions and normalising anew draws borders where
        two tissues are equal, about 1 mm wide; factors on the odds then move them.

        Args:
            points: positions.
            csf_gain: more than 1 widens the sulci, a number or (B, X, Y, Z).
            grey_gain: more than 1 thickens the cortex at the expense of white matter.
            vessel_mm: added to the radius of all vessels.
        """
        coarse = dict(zip(COARSE, self.coarse.read(points).unbind(1), strict=True))
        share = dict(zip(FINE, self.fine.read(points).unbind(1), strict=True))
        fluid = (1 - sum(share.values())).clamp(min=0) * CSF_GAIN
        odds = {
            Material.WHITE_MATTER: share["white_matter"] ** 3,
            Material.GREY_MATTER: share["grey_matter"] ** 3 * grey_gain,
            Material.DEEP_GREY_MATTER: share["deep_grey_matter"] ** 3,
            Material.BRAIN_STEM: share["brain_stem"] ** 3,
            Material.CSF: fluid**3 * csf_gain,
        }
        total = sum(odds.values()).clamp(min=1e-6)
        x, _, z = points.unbind(-1)
        grey, water = odds[Material.GREY_MATTER] / total, odds[Material.CSF] / total
        vessel = (0.5 + coarse["vessel"] + vessel_mm).clamp(0, 1) * (0.1 + grey + water).clamp(max=1)
        plexus = (0.5 + coarse["choroid_plexus"]).clamp(0, 1) * water * (1 - vessel)
        falx = (0.5 + FALX_MM - x.abs()).clamp(0, 1) * ((coarse["ventricle_distance"] - 10) / 4).clamp(0, 1)
        falx = falx * (z > -12 + 4) * water * (1 - vessel)
        fractions = points.new_zeros((points.shape[0], len(TISSUES), *points.shape[1:4]))
        for material, value in odds.items():
            torch.mul(value / total, 1 - vessel, out=fractions[:, material])
        fractions[:, Material.CSF] -= plexus + falx
        fractions[:, Material.VESSEL] = vessel
        fractions[:, Material.CHOROID_PLEXUS] = plexus
        fractions[:, Material.DURA] = falx
        fractions[:, Material.CSF] += 1 - fractions.sum(dim=1)  # where no map says anything
        fractions.clamp_(min=0)
        return AtlasSamples(
            points,
            fractions,
            coarse["surface_distance"],
            coarse["ventricle_distance"],
            coarse["cortex_distance"],
            coarse["cerebellum"],
            coarse["nuclei"],
        )

    def read_head(self, points: Tensor) -> dict[str, Tensor]:
        """Levels of the head around the brain, each (B, X, Y, Z); see `template.head_maps`."""
        return dict(zip(HEAD, self.head.read(points).unbind(1), strict=True))


def cache_folder() -> Path:
    """Where this user's machine keeps what can be made again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "missing-modality-seg"


@lru_cache(maxsize=4)
def load_atlas(device: torch.device | str = "cpu", folder: Path | None = None) -> Atlas:
    """The atlas from the cache, or made anew (seconds) if there is none or it is damaged.

    Raises:
        InputError: `atlas-source-missing`, there is no cached atlas and no nilearn to make it from.
    """
    path = (folder or cache_folder()) / f"atlas-{VERSION}.safetensors"
    stored = _read_cache(path)
    if stored is None:
        stored = pack(build_maps(*template_maps()))
        _write_cache(path, stored)
    return unpack(stored, torch.device(device))


def template_maps() -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, float, float]]:
    """MNI152 T1, grey and white matter of 1 mm from inside the package nilearn, and the centre of their first voxel."""
    try:
        from nilearn import datasets
    except ImportError:
        raise InputError(
            "atlas-source-missing",
            "The phantom's anatomy is made from maps in the package nilearn, which is not installed.",
            "Install the training extra, in a clone of the repository: pip install '.[training]'.",
        ) from None
    images = [
        load(resolution=1)
        for load in (
            datasets.load_mni152_template,
            datasets.load_mni152_gm_template,
            datasets.load_mni152_wm_template,
        )
    ]
    arrays = (np.asarray(image.dataobj, dtype=np.float32) for image in images)
    return (*arrays, tuple(float(c) for c in images[0].affine[:3, 3]))


def pack(maps: Maps) -> dict[str, Tensor]:
    """Small types for the disk: fractions in 1/255, millimetres in half precision."""
    packed = {}
    for name in ("fine", "coarse", "head", "push"):
        values, lattice = getattr(maps, name)
        tensor = torch.from_numpy(values)
        packed[name] = (tensor * 255).round().to(torch.uint8) if name == "fine" else tensor.half()
        packed[f"{name}.lattice"] = torch.tensor([*map(float, lattice.origin), lattice.spacing])
    return packed


def unpack(stored: dict[str, Tensor], device: torch.device) -> Atlas:
    volumes = {}
    for name in ("fine", "coarse", "head", "push"):
        values = stored[name].to(device).float() / (255 if name == "fine" else 1)
        *origin, spacing = stored[f"{name}.lattice"].tolist()
        volumes[name] = Volume.of(values, Lattice(tuple(origin), spacing))
    return Atlas(**volumes)


def _digest(stored: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(stored):
        digest.update(f"{name} {stored[name].dtype} {tuple(stored[name].shape)}".encode())
        digest.update(stored[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def _read_cache(path: Path) -> dict[str, Tensor] | None:
    """What was stored, or None if there is nothing or it is not what was written."""
    try:
        with safe_open(path, framework="pt") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            written = (file.metadata() or {}).get("sha256")
    except (OSError, SafetensorError):
        return None
    return stored if written == _digest(stored) else None


def _write_cache(path: Path, stored: dict[str, Tensor]) -> None:
    """All or nothing. A folder that cannot be written only costs the next start some seconds."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(save(stored, metadata={"sha256": _digest(stored)}))
        os.replace(part.name, path)
    except OSError:
        return
