"""What MkDocs does not do by itself: examples of the console in docstrings (`>>> …`) become code, and pages that are
not there yet are left out of the navigation."""

import re
from pathlib import Path

from markdown import Extension
from markdown.preprocessors import Preprocessor


class ConsoleExamples(Preprocessor):
    """Indents runs of lines that begin with `>>>`, which Markdown would take for a quotation in a quotation."""

    def run(self, lines):
        made, inside = [], False
        for line in lines:
            is_example = bool(re.match(r">>> |\.\.\. ", line)) if inside else line.startswith(">>> ")
            if is_example != inside:
                made.append("")
            made.append("    " + line if is_example else line)
            inside = is_example
        return made


class ConsoleExtension(Extension):
    def extendMarkdown(self, md):  # noqa: N802 (Markdown calls it so)
        md.preprocessors.register(ConsoleExamples(md), "console examples", 30)


def there(entry, folder):
    """An entry of the navigation without pages that do not exist; None where nothing is left."""
    if isinstance(entry, str):
        return entry if (folder / entry).is_file() else None
    if isinstance(entry, dict):
        kept = {title: there(one, folder) for title, one in entry.items()}
        return {title: one for title, one in kept.items() if one} or None
    return [one for one in (there(one, folder) for one in entry) if one]


def on_config(config):
    config.nav = there(config.nav, Path(config.docs_dir))
    config.markdown_extensions.append(ConsoleExtension())
    return config
