"""The reports with pictures of this session's runs: kept while the application runs, and opened in a browser.

They show a patient's images, so none is left behind in the folder for temporary files.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import qt
import slicer

from ..disk import disk_errors
from ..jobs.leftovers import make_temporary

_FOLDER: Path | None = None
_PAGES: dict[str, Path] = {}


def keep_page(run: str, page: Path | str) -> None:
    """Keep the page of a run; its own folder is about to go. Where the disk is full there is no page, and no more."""
    with suppress(OSError):
        target = _folder() / f"report-{len(_PAGES) + 1}.html"
        shutil.copyfile(page, target)
        _PAGES[run] = target


def page_of(run: str) -> Path | None:
    """The page of a run of this session."""
    page = _PAGES.get(run)
    return page if page is not None and page.is_file() else None


def open_page(page: Path) -> bool:
    """Show a page in the browser; whether there is one."""
    return bool(qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(page))))


def copy_page(page: Path, target: Path) -> None:
    """Save a page somewhere else. Raises as `disk_errors`."""
    with disk_errors(target.parent):
        shutil.copyfile(page, target)


def forget_pages() -> None:
    """Remove all of them."""
    global _FOLDER
    _PAGES.clear()
    if _FOLDER is not None:
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _FOLDER = None


def _folder() -> Path:
    global _FOLDER
    if _FOLDER is None or not _FOLDER.is_dir():
        _FOLDER = make_temporary(Path(slicer.app.temporaryPath))
        slicer.app.connect("aboutToQuit()", forget_pages)
    return _FOLDER
