"""Measuring a model on labelled cases, code by code, through the same path that users' volumes take.

`evaluate.evaluate` takes the cases of a data list, as files; `cached.evaluate_cached` prepared arrays. Both give an
`Evaluation` (`results`): rows, one per case and code, and what was skipped and why. `statistics` summarises and
compares evaluations, `tables` and `plots` show them.
"""
