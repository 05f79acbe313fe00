"""Many studies on many processes or machines: what is to be done, by whom, and what is done already.

`sources` finds the studies, `plan` says what each comes to, `handing_out` gives them to the workers of a Dask cluster
(`cluster`; each keeps a warm process of the engine, `crew`), and everything that happens goes into a `journal`, so that
a run that was killed goes on where it stopped. Dask and pyarrow are imported when they are needed.
"""

from .listener import Listener, Stop
from .plan import Plan, Planned, make_plan
from .running import Finished, run_cohort
from .sources import Source, find_source_studies

__all__ = [
    "Finished",
    "Listener",
    "Plan",
    "Planned",
    "Source",
    "Stop",
    "find_source_studies",
    "make_plan",
    "run_cohort",
]
