"""Reports of runs that never were, for pages."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

HOSTILE = '"><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
"""What nobody should be able to smuggle into a page."""

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "report.md"


def made_report(**changes: Any) -> dict[str, Any]:
    """The example of the documentation, with changes."""
    example = DOCUMENT.read_text(encoding="utf-8").split("```json\n", 1)[1].split("```", 1)[0]
    return copy.deepcopy(json.loads(example)) | changes


def write_case(folder: Path, **changes: Any) -> Path:
    """The report of a case as a run leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(made_report(**changes)), encoding="utf-8")
    return folder
