"""`python -m Testing.module_rules`: every rule of an extension and of the index that can be told from the files."""

from __future__ import annotations

from .allowed import Allowed
from .files import CMAKE, PYTHON, ROOT, UI, ours
from .index import complaints, tracked
from .rules import TEXT, cmake_problems, python_problems, text_problems, ui_problems
from .uses import python_uses, ui_uses


def main() -> int:
    allowed, own = Allowed.read(), ours()
    found = complaints()
    for path in PYTHON:
        name = path.relative_to(ROOT).as_posix()
        found += python_problems(path, name) + allowed.problems(python_uses(path, own, name))
    for path in UI:
        name = path.relative_to(ROOT).as_posix()
        found += ui_problems(path, name) + allowed.problems(ui_uses(path, name))
    for path in CMAKE:
        found += cmake_problems(path, path.relative_to(ROOT).as_posix())
    texts = [ROOT / name for name in tracked(ROOT) if (ROOT / name).suffix in TEXT and (ROOT / name).is_file()]
    for path in texts:
        found += text_problems(path, path.relative_to(ROOT).as_posix())
    print("\n".join(found))
    looked_at = f"{len(PYTHON)} modules, {len(UI)} forms, {len(CMAKE)} lists, {len(texts)} texts"
    print(f"{len(found)} complaints about {looked_at}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
