"""Is this container healthy? `healthcheck.py web [port]`, or `healthcheck.py beat /path/of/the/schedule`.

Exit code 0 is yes; otherwise a line says what is wrong. Standard library only, so that it starts fast.
"""

import http.client
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

# Beat writes its schedule down every three minutes.
OLDEST_SCHEDULE_SECONDS = 15 * 60


def web(port: int) -> str:
    """What is wrong with the web server, or ''. It only answers to the portal's own name, so that is asked for."""
    host = urlsplit(os.environ.get("PUBLIC_URL", "http://127.0.0.1")).netloc
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
    try:
        connection.request("GET", "/health/ready", headers={"Host": host})
        answer = connection.getresponse()
        body = answer.read(500).decode(errors="replace")
    except OSError as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else f"{answer.status}: {body}"


def beat(schedule: Path) -> str:
    """What is wrong with the clock, or ''. The file may carry an ending, depending on the kind of database."""
    written = [entry.stat().st_mtime for entry in schedule.parent.glob(f"{schedule.name}*")]
    if not written:
        return f"there is no schedule at {schedule}"
    age = time.time() - max(written)
    return "" if age < OLDEST_SCHEDULE_SECONDS else f"the schedule was last written {age:.0f} seconds ago"


def main(arguments: Sequence[str]) -> int:
    match list(arguments):
        case ["web"]:
            wrong = web(8000)
        case ["web", port]:
            wrong = web(int(port))
        case ["beat", schedule]:
            wrong = beat(Path(schedule))
        case _:
            wrong = "use: healthcheck.py web [port] | healthcheck.py beat SCHEDULE"
    if wrong:
        print(wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
