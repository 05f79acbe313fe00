"""The generated patients on Slicer's page of sample data. They travel with the extension, so that no network is needed.

Slicer copies them from `file:` addresses into its cache and checks their SHA-256 there, as it does with downloads.
"""

from __future__ import annotations

from ..samples import Sample, samples

CATEGORY = "MissingModalitySeg"


def register_sample_data(title: str) -> None:
    """Tell Slicer's Sample Data module, once it is there, about our patients; `title` heads their section.

    To be called when the application has started. A patient is loaded with one click, all its sequences at once.
    """
    import SampleData

    logic, category = SampleData.SampleDataLogic, CATEGORY
    if hasattr(logic, "registerCustomSampleDataCategory"):  # since Slicer 5.11
        logic.registerCustomSampleDataCategory(category, title=title)
    else:
        category = title  # its name heads the section
    for sample in samples():
        logic.registerCustomSampleDataSource(category=category, **source(sample))


def source(sample: Sample) -> dict[str, object]:
    """A patient in the words of `SampleDataLogic.registerCustomSampleDataSource`."""
    volumes = sample.volumes
    return {
        "sampleName": sample.title,
        "thumbnailFileName": str(sample.thumbnail),
        "uris": [file.path.as_uri() for file in volumes.values()],
        "fileNames": [f"{CATEGORY}-{sample.name}-{modality}.nrrd" for modality in volumes],
        "nodeNames": [sample.node_name(modality) for modality in volumes],
        "checksums": [f"SHA256:{file.sha256}" for file in volumes.values()],
    }
