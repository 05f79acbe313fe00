"""The tables and figures of the three papers, made again and shown beside what the papers print.

`moe`, `universal` and `mome` say what stands in each table; `published.yaml` what the papers print; `scales` how large
a reproduction is; `cohorts` and `phantoms` (or a data list) from which data. `reproduction.reproduce` does the rest:

    <output>/<paper>/<scale>-seed<seed>/data-<cohort>/    prepared cases, data.json
                                        runs-<cohort>/    a run per training, shared between tables; test/ in each
                                        <table>.md, <table>.json, <figure>.png
"""

from .order import Order
from .reproduction import names_of, reproduce

__all__ = ["Order", "names_of", "reproduce"]
