"""Pages without the indentation of their templates: a third of the bytes of a list, and nothing that a reader sees.

It is taken away when a template is loaded, once a process. Text between `{% blocktranslate %}` and its end is a source
string, and stays as it is written; so do templates of mails.
"""

import re

from django.template import Origin
from django.template.loaders import app_directories, filesystem

# A line break stays one, so that words do not grow together.
INDENTED = re.compile(r"\n\s+")
# A line with nothing but a tag that shows nothing itself; the break before it is enough.
ALONE = re.compile(
    r"(?<=\n)({%\s*(?:if|elif|else|endif|for|empty|endfor|with|endwith|load|block|endblock)\b[^%]*%}"
    r"|{%[^%]* as \w+\s*%})\n"
)
SOURCE_STRING = re.compile(r"({%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%})", re.DOTALL)


def without_indentation(text: str) -> str:
    parts = SOURCE_STRING.split(text)
    parts[::2] = [ALONE.sub(r"\1", INDENTED.sub("\n", part)) for part in parts[::2]]
    return "".join(parts)


def _lean(origin: Origin, contents: str) -> str:
    name = str(origin.template_name)
    return without_indentation(contents) if name.endswith(".html") and not name.startswith("mail/") else contents


class Filesystem(filesystem.Loader):
    def get_contents(self, origin: Origin) -> str:
        return _lean(origin, super().get_contents(origin))


class AppDirectories(app_directories.Loader):
    def get_contents(self, origin: Origin) -> str:
        return _lean(origin, super().get_contents(origin))
