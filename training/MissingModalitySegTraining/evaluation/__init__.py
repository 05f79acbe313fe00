"""Measuring a model on labelled cases, code by code, through the same path that users' volumes take."""
