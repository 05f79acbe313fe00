"""Shared by the tests of the phantom's anatomy: heads without anything random, and the world in which they lie."""

from MissingModalitySegTraining.phantom.anatomy import AnatomyParameters
from MissingModalitySegTraining.phantom.head import HeadParameters
from MissingModalitySegTraining.phantom.materials import Material
from MissingModalitySegTraining.phantom.space import Grid

HEAD = HeadParameters(
    layers=(
        (int(Material.CSF), 1.5),
        (int(Material.DURA), 1.0),
        (int(Material.BONE), 2.0),
        (int(Material.MARROW), 3.0),
        (int(Material.BONE), 2.0),
        (int(Material.MUSCLE), 2.0),
        (int(Material.FAT), 4.0),
        (int(Material.MUSCLE), 2.0),
    ),
    face=True,
    roughness_mm=0.0,
    roughness_wavelength_mm=40.0,
    roughness_seed=0,
    fat_share=0.3,
    fat_seed=0,
)

PLAIN = AnatomyParameters(
    age=30.0,
    scale=(1.0, 1.0, 1.0),
    rotation_deg=(0.0, 0.0, 0.0),
    shear=(0.0, 0.0, 0.0),
    flipped=False,
    elastic=(),
    ventricle_mm=0.0,
    sulci=0.0,
    cortex=0.0,
    folding=0.0,
    folding_wavelength_mm=20.0,
    folding_seed=0,
    vessel_mm=0.0,
    head=HEAD,
)

OVERVIEW = Grid.centred((0.0, 0.0, 0.0), 4.0, (44, 54, 48))
"""Holds the brain of `PLAIN`."""

VOXEL_ML = 0.064
