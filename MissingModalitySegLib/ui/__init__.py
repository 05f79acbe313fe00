"""The window of the Slicer module, one file per panel, and what the console calls.

`desk` hands jobs to the worker and takes results in, on the main thread, by a timer; everything else shows and asks.
"""
