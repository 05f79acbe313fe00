"""What people call series: names as scanners of several vendors and hospitals of several languages write them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from MissingModalitySegLib.modalities import Modality


@dataclass(frozen=True)
class Names:
    """How one hospital names its series; `{plane}` stands for its word for the plane."""

    planes: Mapping[str, str]
    t1_spin_echo: str
    t1_gradient_echo: str
    t1ce_spin_echo: str
    t1ce_gradient_echo: str
    t2: str
    flair: str
    dwi: str

    def name(self, modality: Modality, plane: str, gradient_echo: bool) -> str:
        """The description of a series; T1 has another name as MPRAGE than as spin echo."""
        readout = "gradient_echo" if gradient_echo else "spin_echo"
        template = {
            Modality.T1: getattr(self, f"t1_{readout}"),
            Modality.T1CE: getattr(self, f"t1ce_{readout}"),
            Modality.T2: self.t2,
            Modality.FLAIR: self.flair,
            Modality.DWI: self.dwi,
        }[modality]
        return template.format(plane=self.planes[plane])


def _planes(axial: str, coronal: str, sagittal: str) -> dict[str, str]:
    return {"axial": axial, "coronal": coronal, "sagittal": sagittal}


HOSPITALS: dict[str, Names] = {
    "Siemens": Names(
        _planes("tra", "cor", "sag"),
        "t1_se_{plane}",
        "t1_mprage_{plane}_p2_iso",
        "t1_se_{plane}_KM",
        "t1_mprage_{plane}_p2_iso_KM",
        "t2_tse_{plane}_512",
        "t2_tirm_{plane}_dark-fluid",
        "ep2d_diff_3scan_trace_p2_TRACEW",
    ),
    "GE": Names(
        _planes("Ax", "Cor", "Sag"),
        "{plane} T1 SE",
        "{plane} T1 IR-FSPGR",
        "{plane} T1 SE +C",
        "{plane} T1 IR-FSPGR +C",
        "{plane} T2 FRFSE",
        "{plane} T2 FLAIR",
        "{plane} DWI b=1000",
    ),
    "Philips": Names(
        _planes("TRA", "COR", "SAG"),
        "T1W_SE_{plane}",
        "T1W_3D_TFE_{plane}",
        "T1W_SE_{plane}_GD",
        "T1W_3D_TFE_{plane}_GD",
        "T2W_TSE_{plane}",
        "T2W_FLAIR_{plane}",
        "DWI_SSh_{plane}",
    ),
    "German": Names(
        _planes("tra", "cor", "sag"),
        "T1 {plane} nativ",
        "T1 MPRAGE {plane} nativ",
        "T1 {plane} mit KM",
        "T1 MPRAGE {plane} mit KM",
        "T2 {plane} Schädel",
        "FLAIR {plane}",
        "Diffusionsgewichtet {plane} b1000",
    ),
    "French": Names(
        _planes("AX", "COR", "SAG"),
        "{plane} T1 SE SANS INJECTION",
        "{plane} T1 3D sans injection",
        "{plane} T1 après injection gado",
        "{plane} T1 3D injecté",
        "{plane} T2 TSE",
        "{plane} T2 FLAIR",
        "{plane} DIFFUSION b1000",
    ),
    "Spanish": Names(
        _planes("axial", "coronal", "sagital"),
        "{plane} T1 sin contraste",
        "{plane} T1 3D sin contraste",
        "{plane} T1 con contraste",
        "{plane} T1 3D con contraste",
        "{plane} T2 TSE",
        "{plane} FLAIR",
        "Difusión {plane}",
    ),
    "Japanese": Names(
        _planes("Ax", "Cor", "Sag"),
        "T1強調 造影なし {plane}",
        "T1強調 3D 造影なし {plane}",
        "造影T1強調 {plane}",
        "造影T1強調 3D {plane}",
        "T2強調 {plane}",
        "FLAIR {plane}",
        "拡散強調画像 {plane}",
    ),
}


def hospital_of(seed: int) -> str:
    """Where case `seed` was examined, a key of `HOSPITALS`."""
    return random.Random(f"hospital {seed}").choice(sorted(HOSPITALS))
