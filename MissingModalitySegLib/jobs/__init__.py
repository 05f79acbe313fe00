"""The process boundary: what is to be done goes over as a job, what happens comes back as events.

>>> with Runner() as runner:
...     number = runner.submit(Job({"FLAIR": "flair.nrrd"}, "moe", "results"))
...     for event in runner.events(number):
...         print(event)

Nothing here needs more than the standard library, and `worker.py` alone imports the engine: it is started by its path.
"""

from .events import PROTOCOL, Error, Event, Hello, Progress, Result, Stage, Warning
from .job import Job
from .runner import Runner

__all__ = ["PROTOCOL", "Error", "Event", "Hello", "Job", "Progress", "Result", "Runner", "Stage", "Warning"]
