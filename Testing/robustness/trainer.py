"""A program to be killed: a small training that checkpoints after every step."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

from MissingModalitySegTraining.loop import fit
from Testing.training.slopes import Samples, Slope, settings

if __name__ == "__main__":
    print("ready", flush=True)
    fit(Slope(), Samples(), settings(steps=int(sys.argv[2]), checkpoint_minutes=0), Path(sys.argv[1]))
