"""A model ready to answer: the network, and what must be known to feed it and to read its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from ..bundles import Bundle, Normalisation, Tile, members
from ..bundles import find as find_bundle
from ..errors import BundleError, InputError
from ..labels import GLIOMA, LabelScheme, find_scheme
from ..modalities import MODALITIES, Modality

BRAIN_ZSCORE = Normalisation("zscore", "brain")
HEAD = Normalisation("head", "volume")
"""What `extraction` does with a whole head, by `arrays.normalise.normalise_head`."""
DEFAULT_TILE = Tile((96, 96, 96), 16, 0.5)


@dataclass(frozen=True)
class Model:
    """A network with the contract of `networks`, and how it is to be used.

    `modalities` are its channels in order, `spacing` that of its isotropic grid in mm; `scheme` names what its answer
    means, None where the answer is no lesion (a synthesiser, brain extraction). Raises `InputError` where network and
    scheme disagree.
    """

    network: nn.Module
    modalities: tuple[Modality, ...] = MODALITIES
    spacing: float = 1.0
    normalisation: Normalisation = BRAIN_ZSCORE
    scheme: LabelScheme | None = GLIOMA
    tile: Tile = DEFAULT_TILE
    name: str = "network"
    version: str = "0"

    def __post_init__(self) -> None:
        channels, regions = self._of_network("channels"), self._of_network("regions")
        if channels not in (None, len(self.modalities)):
            raise InputError(
                "wrong-channel-count",
                f"The network of “{self.name}” has {channels} channels for {len(self.modalities)} modalities.",
            )
        if self.scheme is not None and regions not in (None, self.outputs):
            what = "classes, background included" if self.exclusive else "regions"
            raise InputError(
                "wrong-region-count",
                f"The network of “{self.name}” gives {regions} {what}; the labels “{self.scheme.name}” have "
                f"{self.outputs}.",
            )

    @property
    def exclusive(self) -> bool:
        """Whether the network answers with exclusive classes, background first (softmax), instead of regions."""
        return self._of_network("activation") == "softmax"

    @property
    def outputs(self) -> int:
        """How many channels the network gives: regions, classes with the background, or all modalities."""
        if self.scheme is None:
            return self._of_network("regions") or len(self.modalities)
        return len(self.scheme.values) if self.exclusive else len(self.scheme.regions)

    @property
    def multiple(self) -> int:
        """What the sizes of an image must be divisible by."""
        return self.network.multiple

    def _of_network(self, key: str) -> Any:
        """An entry of the network's configuration; None where it has none."""
        return getattr(getattr(self.network, "config", None), key, None)


def load_model(bundle: Bundle) -> Model:
    """The model of a bundle: weights in float32 on the CPU. Raises `BundleError`, `InputError`."""
    from ..networks.weights import load_network

    labels = bundle.manifest.labels
    network = _ensemble(bundle) if bundle.manifest.members else load_network(bundle)
    return _model(bundle, network, None if labels is None else find_scheme(labels))


def _ensemble(bundle: Bundle) -> nn.Module:
    from ..networks.ensemble import Ensemble
    from ..networks.weights import load_network

    manifest, asked = bundle.manifest, members(bundle)
    channel = manifest.modalities.index
    regions = find_scheme(manifest.labels).region_names
    sees = [[channel(modality) for modality in member.manifest.modalities] for member in asked]
    shares = [[dict(member.shares).get(region, 0.0) for region in regions] for member in manifest.members]
    needs = [[channel(modality) for modality in member.needs] for member in manifest.members]
    return Ensemble([load_network(each) for each in asked], len(manifest.modalities), sees, shares, needs).eval()


def load_synthesiser(bundle: Bundle) -> Model | None:
    """What generates the sequences that are missing for the model in `bundle`; None where it names nothing.

    A network in the bundle's own file takes the channels of its model; another bundle is looked up by its name. Raises
    `BundleError` where that is missing or no synthesiser.
    """
    from ..networks.weights import build_for, read_weights

    if bundle.manifest.family == "synthesis":
        return load_model(bundle)
    section = bundle.manifest.synthesiser
    if section is None:
        return None
    if section.bundle is not None:
        other = find_bundle(section.bundle)
        named = other.manifest.synthesiser
        if other.manifest.family != "synthesis" and (named is None or named.file is None):
            raise BundleError(
                "no-synthesiser",
                f"The model “{bundle.name}” leaves missing sequences to “{other.name}”, which cannot generate any.",
                "Import the model that it was made with.",
            )
        return load_synthesiser(other)
    network = build_for(bundle.path(section.file), section.network.to_dict())
    read_weights(bundle.path(section.file), network)
    return _model(bundle, network.eval(), None)


def _model(bundle: Bundle, network: nn.Module, scheme: LabelScheme | None) -> Model:
    manifest = bundle.manifest
    if manifest.grid.orientation != "RAS" or len(set(manifest.grid.spacing)) != 1:
        raise BundleError(
            "unsupported-grid",
            f"The model “{bundle.name}” works on a grid of {manifest.grid.spacing} mm along {manifest.grid.orientation}"
            "; this program makes isotropic grids along RAS.",
            "Use a newer version of the program.",
        )
    return Model(
        network,
        manifest.modalities,
        manifest.grid.spacing[0],
        manifest.normalisation,
        scheme,
        manifest.tile,
        manifest.name,
        manifest.version,
    )
