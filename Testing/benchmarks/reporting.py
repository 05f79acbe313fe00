"""How every benchmark reports: a table on the terminal and `build/bench/NAME.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"


def row(name: str, value: float, *, bar: float | None, better: Literal["lower", "higher"], how: str) -> dict[str, Any]:
    """One measured figure: `ok` says whether `value` is no worse than `bar` (None: nothing to hold it against)."""
    ok = bar is None or (value <= bar if better == "lower" else value >= bar)
    return {"name": name, "value": round(value, 4), "bar": bar, "better": better, "ok": ok, "how": how}


def report(benchmark: str, rows: Sequence[dict[str, Any]]) -> bool:
    """Print `rows`, write them to `build/bench/<benchmark>.json`, say whether every one is ok."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / f"{benchmark}.json"
    target.write_text(json.dumps(list(rows), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    width = max([len(entry["name"]) for entry in rows], default=4)
    print(f"{'name':{width}}  {'value':>10}  {'bar':>10}      how")
    for entry in rows:
        bar = "" if entry["bar"] is None else f"{'≤' if entry['better'] == 'lower' else '≥'} {entry['bar']:g}"
        verdict = "ok  " if entry["ok"] else "MISS"
        print(f"{entry['name']:{width}}  {entry['value']:>10g}  {bar:>10}  {verdict}  {entry['how']}")
    print(f"→ {target}")
    return all(entry["ok"] for entry in rows)
