"""What MkDocs does not do by itself: examples of the console in docstrings (`>>> …`) become code."""

import re

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


def on_config(config):
    config.markdown_extensions.append(ConsoleExtension())
    return config
