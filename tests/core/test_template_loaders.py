"""Pages lose the indentation of their templates, and nothing else."""

import pytest
from django.template.loader import get_template

from dipportal.core.template_loaders import without_indentation


@pytest.mark.parametrize(
    ("text", "lean"),
    [
        ("<td>\n    Theater\n\n  </td>", "<td>\nTheater\n</td>"),
        ("een\n  {% if x %}\n  twee\n  {% endif %}\n  drie", "een\n{% if x %}twee\n{% endif %}drie"),
        ("een\n  {% icon x %}\n  twee", "een\n{% icon x %}\ntwee"),
        ('{% translate "a" as b %}\n{{ b }} c  d', '{% translate "a" as b %}\n{{ b }} c  d'),
        ("\n {% blocktranslate %}\n  laat\n  staan\n{% endblocktranslate %}\n  x", None),
    ],
)
def test_only_space_that_nobody_sees_goes(text: str, lean: str | None) -> None:
    expected = lean or "\n{% blocktranslate %}\n  laat\n  staan\n{% endblocktranslate %}\nx"
    assert without_indentation(text) == expected


def test_the_pages_are_loaded_so() -> None:
    source = get_template("base.html").template.source  # type: ignore[attr-defined]
    assert "\n  " not in source
    assert "<main" in source
