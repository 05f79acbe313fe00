"""Public data sets as they are downloaded → datalists. One file per data set; `run.import_dataset` drives them."""

from .found import Remark
from .run import IMPORTERS, Imported, import_dataset

__all__ = ["IMPORTERS", "Imported", "Remark", "import_dataset"]
