"""Results as pages for a browser: one file per case, one per cohort, none of which asks the network for anything.

What is imported here needs the standard library alone. The pictures of a case need the engine: `case_pictures`.
"""

from .cohort import CohortCase, cases_in, cohort_page, write_cohort_report

__all__ = ["CohortCase", "cases_in", "cohort_page", "write_cohort_report"]
