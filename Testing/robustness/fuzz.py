"""Campaigns of atheris, guided by which lines of ours are reached, on the parsers in `targets`.

`python -m Testing.robustness.fuzz [TARGET …] [--seconds N]` gives each target N seconds in a process of its own, prints
a table and writes it to build/robustness/fuzz.json. Needs `pip install atheris`; Linux and macOS. What breaks a parser
is kept in build/robustness/TARGET; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "robustness"
LARGEST = 20_000
"""Bytes of an input."""

INSTRUMENTED = ["MissingModalitySegLib", "MissingModalitySegTraining", "zipfile"]
NAMES = (
    *("manifest", "weights", "archive", "job", "options", "event", "datalist", "label_scheme", "earlier_report"),
    *("journal", "volume_header", "dicom", "recognition", "case_report", "cohort_report", "training_config"),
)


def campaign(name: str, corpus: Path, seconds: int) -> None:
    """Fuzz one target; does not return."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from Testing.robustness.mutations import mutated
        from Testing.robustness.seeds import seeds
        from Testing.robustness.targets import TARGETS

        for number, seed in enumerate(seeds(name)):
            (corpus / f"seed-{number}").write_bytes(seed)
            TARGETS[name](seed)  # what a target imports by itself is guided by, too

    def mutate(data: bytes, largest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        changed = mutated(data, chance) if chance.random() < 0.6 else atheris.Mutate(data, largest)
        return changed[:largest]

    (OUTPUT / name).mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=4096"]
    options += [f"-artifact_prefix={OUTPUT / name}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name], custom_mutator=mutate)
    atheris.Fuzz()


def measured(name: str, seconds: int) -> dict[str, object]:
    """Fuzz one target in a process of its own, and what it told."""
    with tempfile.TemporaryDirectory() as corpus:
        command = [sys.executable, "-m", "Testing.robustness.fuzz", name, "--seconds", str(seconds), "--corpus", corpus]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        kept = len(list(Path(corpus).iterdir()))
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    reached = re.findall(r"cov: (\d+)", done.stderr)
    broken = done.returncode != 0
    if broken:
        print(done.stderr[-6000:], file=sys.stderr)
    return {
        "name": name,
        "runs": int(runs[1]) if runs else 0,
        "seconds": seconds,
        "branches": int(reached[-1]) if reached else 0,
        "corpus": kept,
        "ok": not broken,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("targets", nargs="*", choices=[*NAMES, []], help="by default all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.corpus is not None:
        sys.path.insert(0, str(ROOT / "training"))
        campaign(given.targets[0], given.corpus, given.seconds)
    found = []
    print(f"{'parser':16} {'inputs':>10} {'branches':>9} {'kept':>6}  broken")
    for name in given.targets or NAMES:
        one = measured(name, given.seconds)
        found.append(one)
        broken = "no" if one["ok"] else "YES"
        print(f"{name:16} {one['runs']:>10} {one['branches']:>9} {one['corpus']:>6}  {broken}", flush=True)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "fuzz.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{sum(one['runs'] for one in found)} inputs in all; {OUTPUT / 'fuzz.json'}")
    return 0 if all(one["ok"] for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
