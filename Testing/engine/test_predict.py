import torch

from MissingModalitySegLib.engine.predict import labels_from
from MissingModalitySegLib.labels import GLIOMA


def test_labels_are_those_of_the_scheme_voxel_by_voxel() -> None:
    probabilities = torch.rand(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    labels = labels_from(probabilities, GLIOMA)
    names = GLIOMA.region_names
    for index in torch.cartesian_prod(torch.arange(4), torch.arange(5), torch.arange(6)).tolist():
        flags = {name: bool(probabilities[i][tuple(index)] > 0.5) for i, name in enumerate(names)}
        assert int(labels[tuple(index)]) == GLIOMA.label_of(flags)
    assert set(labels.unique().tolist()) == {0, 1, 2, 3}
