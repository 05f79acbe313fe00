"""A program to be killed: writes set after set into the output folder it is given; files tell their set's number."""

import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from MissingModalitySegLib.output_folder import staged

FILES = ("segmentation.nrrd", "uncertainty.nrrd", "synthetic_T2.nrrd", "report.html", "report.json")

if __name__ == "__main__":
    print("ready", flush=True)
    for number in count(int(sys.argv[2])):
        with staged(Path(sys.argv[1])) as fresh:
            for name in FILES[number % 2 :] if number % 3 else FILES:
                (fresh / name).write_text(str(number) * 5000)
