"""Do phantoms look like scans? Statistics of real cases against their distribution over phantoms.

    python -m MissingModalitySegTraining.phantom.realism --datalist REAL.json --output DIR [--cases 40]

A network trained on phantoms can only be expected to work where a real scan lies inside what it has seen. Every
statistic is a number of one case (`statistics`); a real case is reported with its percentile among the phantoms, and
flagged outside 5–95 % (`comparison`).
"""
