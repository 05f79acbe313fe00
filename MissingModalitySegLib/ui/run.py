"""Segment and Cancel, progress, what went wrong, the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import MissingModalitySegError
from .desk import Desk, State, Work
from .diagnostics import details
from .keyboard import Rest
from .looks import BAD, QUIET, Reveal, duration, paint, say
from .timers import let_go

_MOST_LINES = 2000
_SECOND_MS = 1000


class RunPanel:
    """One big button; `on_segment()` hands the present choice in."""

    def __init__(self, ui: Any, desk: Desk, on_segment: Callable[[], None]) -> None:
        self.ui, self._desk, self._on_segment = ui, desk, on_segment
        self._why_not = ""
        self._followed: list[Work] = []
        self._own: list[Work] = []
        self._had_hello = desk.hello is not None
        self._last_press: tuple[bool, float] | None = None  # whether it began work, and when
        self._rest = Rest(ui.segmentButton)
        self._problem: tuple[MissingModalitySegError, str] | None = None
        ui.log.setMaximumBlockCount(_MOST_LINES)
        ui.problem.visible = ui.progressArea.visible = False
        for button, action in (
            (ui.segmentButton, self._press),
            (ui.queueButton, on_segment),
            (ui.detailsButton, self._copy_details),
            (ui.dismissButton, self.forget_problem),
            (ui.copyLogButton, self._copy_log),
            (ui.clearLogButton, ui.log.clear),
        ):
            button.connect("clicked()", action)
        self._reveal = Reveal()
        self._clock = qt.QTimer()
        self._clock.interval = _SECOND_MS
        self._clock.connect("timeout()", self._show_time)
        for line in desk.lines:
            ui.log.appendPlainText(line)
        desk.on_line.append(self._add_line)
        desk.on_change.append(self.show)
        self.show()

    def leave(self) -> None:
        """The window goes; work goes on."""
        let_go(self._clock, self._show_time)
        self._reveal.stop()
        for work in self._followed:
            work.listeners.remove(self._went_on)
        self._desk.on_line.remove(self._add_line)
        self._desk.on_change.remove(self.show)

    def may(self, why_not: str) -> None:
        """Say what keeps the present choice from being segmented; nothing where it can be."""
        self._why_not = why_not
        self.show()

    def own(self, work: Work) -> None:
        """Tell here what goes wrong with a piece of work. That of the console and of batches is only shown."""
        self._own.append(work)

    def _follow_all(self) -> None:
        """Also what the console handed in, and what began before the window was closed and opened again."""
        for work in self._desk.works:
            if work not in self._followed:
                work.listeners.append(self._went_on)
                self._followed.append(work)

    def tell(self, error: MissingModalitySegError, log: str = "") -> None:
        """Show what went wrong."""
        self._problem = error, log
        self.ui.problemLabel.text = f"{error.message}\n{error.hint}".strip()
        paint(self.ui.problemLabel, BAD)
        self.ui.problem.visible = True
        self._reveal.show(self.ui.problem)

    def forget_problem(self) -> None:
        self._problem = None
        self.ui.problem.visible = False

    def show(self) -> None:
        """Bring button, bar and words up to date."""
        self._follow_all()
        works = self._desk.works
        ui = self.ui
        ui.segmentButton.text = _("Ca&ncel") if works else _("&Segment")
        ui.segmentButton.toolTip = _("Stop; nothing is added to the scene") if works else _("Find the lesions")
        ui.segmentButton.enabled = bool(works) or not self._why_not
        self._rest.end()
        ui.queueButton.visible = bool(works)
        ui.queueButton.enabled = not self._why_not
        say(ui.whyNot, "" if works else self._why_not, QUIET)
        said_hello, self._had_hello = self._desk.hello is not None and not self._had_hello, self._desk.hello is not None
        began = bool(works) and (said_hello or not self._clock.isActive())  # what was found moves everything down
        ui.progressArea.visible = bool(works)
        if works:
            self._clock.start()
            self._show_progress(works)
        else:
            self._clock.stop()
        if began:
            self._reveal.show(ui.progressArea)

    def _press(self) -> None:
        begins = not self._desk.works
        if self._is_second_of_two(begins):
            return
        if begins:
            self.forget_problem()
            self._on_segment()
        else:
            self._rest.begin()  # until the cancel has been answered, which may be at once
            self._desk.cancel()
        self._last_press = begins, time.monotonic()

    def _is_second_of_two(self, begins: bool) -> bool:
        """Whether a press is the second half of a double click, and would undo what the first has done."""
        if self._last_press is None:
            return False
        began, when = self._last_press
        return began != begins and time.monotonic() - when < slicer.app.doubleClickInterval / 1000

    def _went_on(self, work: Work) -> None:
        if work.state is State.FAILED and work in self._own:
            self.tell(work.error, work.log)
        if work.is_over:
            work.listeners.remove(self._went_on)
            self._followed.remove(work)
            if work in self._own:
                self._own.remove(work)
        elif self._desk.works:
            self._show_progress(self._desk.works)

    def _show_progress(self, works: tuple[Work, ...]) -> None:
        work, ui = works[0], self.ui
        ui.progressBar.value = round(1000 * work.fraction)
        text = stage_words(work)
        if len(works) > 1:
            text += " " + _("({count} more waiting)").format(count=len(works) - 1)
        ui.stageLabel.text = text
        ui.stageLabel.toolTip = work.title
        self._show_time()

    def _show_time(self) -> None:
        """Between two words of the worker, too: the whole brain in one go takes minutes on a processor."""
        left = self._desk.works[0].seconds_left() if self._desk.works else None
        if left is None:
            self.ui.timeLabel.text = ""
        elif left > 0:
            self.ui.timeLabel.text = _("about {time} left").format(time=duration(left))
        else:
            self.ui.timeLabel.text = _("longer than expected")

    def _add_line(self, line: str) -> None:
        self.ui.log.appendPlainText(line)

    def _copy_log(self) -> None:
        qt.QApplication.clipboard().setText(self.ui.log.plainText)

    def _copy_details(self) -> None:
        if self._problem is not None:
            error, log = self._problem
            qt.QApplication.clipboard().setText(details(error, log or "\n".join(self._desk.lines), self._desk.hello))


def stage_words(work: Work) -> str:
    """What is going on, for a reader who knows no networks."""
    words = {
        "read": _("Reading the volumes"),
        "prepare": _("Aligning the volumes, finding the brain"),
        "predict": _("Finding lesions"),
        "synthesise": _("Synthesising sequences"),
        "summarise": _("Measuring lesions"),
        "write": _("Writing the results"),
    }
    if work.state is State.WAITING:
        return _("Starting…") if work.number is not None else _("Handing over the volumes…")
    return words.get(work.stage, work.stage)
