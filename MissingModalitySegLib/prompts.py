"""The sentence that tells a text encoder which modalities are there.

Template of the universal all-stage paper (its section on the CLIP-driven hyper-network): “The input MRI modalities are
{available modalities}”. There are only 2^K - 1 such sentences, so a bundle stores their embeddings as a table and no
text encoder is needed at run time.
"""

from __future__ import annotations

from collections.abc import Sequence

from .modalities import MODALITIES, Code, Modality

TEMPLATE = "The input MRI modalities are {available}"

WORDING: dict[Modality, str] = {
    Modality.T1: "T1",
    Modality.T1CE: "T1c",  # the paper's abbreviation of post-contrast T1; ours is T1ce
    Modality.T2: "T2",
    Modality.FLAIR: "FLAIR",
    Modality.DWI: "DWI",  # our addition; the paper has four modalities
}
"""How a prompt writes each modality: the paper's abbreviations, as its introduction defines them."""


def prompt(code: Code) -> str:
    """The prompt of one code, its modalities in channel order: `The input MRI modalities are T1, FLAIR`.

    The paper leaves the separator open; “, ” is our choice, and the sentence stays the same for one modality.
    """
    return TEMPLATE.format(available=", ".join(WORDING[modality] for modality in code))


def prompts(modalities: Sequence[Modality | str] = MODALITIES) -> dict[Code, str]:
    """Every prompt over `modalities`, in the order of the codes' bit masks."""
    return {code: prompt(code) for code in Code.all(modalities)}
