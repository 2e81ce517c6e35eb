"""Run as a program, not imported: the template as argument, JSON on standard input, PDF on standard output.

Fonts come with Typst, none from the machine; the date in the PDF is the content's, so the same content is the same PDF.
"""

import json
import sys
from pathlib import Path

import typst


def main() -> None:
    template = Path(sys.argv[1])
    data = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(
        typst.compile(
            str(template),
            root=str(template.parent),
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            timestamp=json.loads(data)["timestamp"],
            pdf_standards=["ua-1"],  # tagged, with a title and a language: readable aloud
        )
    )


if __name__ == "__main__":
    main()
