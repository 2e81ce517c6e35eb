"""A DIP that repeats what it was told in confidence, and a search for it in whatever spelling it was kept."""

import base64
import html
import http.server
import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, quote_plus

SECRET = "Merkteken+9/zQ&<geheim>='x2'|"
TOKEN = "merkteken.token+7/~aGVp-xyz"


def spellings(secret: str) -> set[bytes]:
    """As it is, as in an address, a form, a page, JSON and hex; and in base64, at each of the three places."""
    plain = secret.encode()
    found = {plain, quote(secret, safe="").encode(), quote_plus(secret).encode(), html.escape(secret).encode()}
    found |= {plain.hex().encode(), plain.hex().upper().encode(), json.dumps(secret)[1:-1].encode()}
    return found | in_base64(plain)


def in_base64(plain: bytes) -> set[bytes]:
    """The whole groups of three bytes that hold nothing but this, wherever it begins."""
    found = set()
    for before in range(3):
        inner = plain[(3 - before) % 3 :]
        inner = inner[: len(inner) // 3 * 3]
        found |= {base64.b64encode(inner), base64.urlsafe_b64encode(inner)}
    return found


def spots(secret: str, places: dict[str, bytes]) -> list[str]:
    """Where it stands. What is packed is looked into: compressed, or JSON that writes signs by their number."""
    wanted = spellings(secret)
    return sorted(name for name, content in places.items() if any(one in content for one in wanted))


def unpacked(content: bytes) -> bytes:
    """A signed cookie or session beside what it holds: base64 before the signature, compressed when a dot leads."""
    text = content.strip(b'"')
    body = text.lstrip(b".").split(b":")[0]
    try:
        raw = base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))
        return content + b"\n" + (zlib.decompress(raw) if text.startswith(b".") else raw)
    except (ValueError, zlib.error):
        return content


@dataclass
class Parrot:
    """`mood` says what it does: 'good', or how it repeats the request; at the log-in when it starts with 'login'."""

    url: str = ""
    mood: str = "good"
    heard: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, told: dict[str, str], body: str) -> tuple[int, bytes]:
        self.heard.append(f"{method} {path}")
        at_login = path == "/token"
        if self.mood != "good" and self.mood.startswith("login") == at_login:
            return self._repeated(told, body)
        if at_login:
            return 200, json.dumps({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}).encode()
        if method == "GET":
            return 200, b"[]"
        return 200, json.dumps({"id": 555_000 + len(self.heard)}).encode()

    def _repeated(self, told: dict[str, str], body: str) -> tuple[int, bytes]:
        confided = [told.get("Authorization", "").removeprefix("Bearer "), *dict(parse_qsl(body)).values(), body]
        everything = " ".join([*confided, *(repr(spelling) for one in confided for spelling in _all(one))])
        mood = self.mood.removeprefix("login ")
        if mood == "200 record":
            return 200, json.dumps([{"id": 7, "name": everything, "type": everything}]).encode()
        if mood == "200 words":
            return 200, json.dumps({"id": None, "told": everything}).encode()
        if mood == "200 escaped":
            told_by_number = everything.translate({ord(sign): f"\\u{ord(sign):04X}" for sign in "&<>+'`"})
            return 400, ('{"error": "x", "error_description": "' + told_by_number.replace('"', "") + '"}').encode()
        if mood == "500 page":
            return 500, f"<html><body>{html.escape(everything)}</body></html>".encode()
        return int(mood), json.dumps({"error": "echo", "error_description": everything}).encode()


def _all(text: str) -> set[str]:
    plain = text.encode()
    return {
        quote(text, safe=""), quote_plus(text), html.escape(text), plain.hex(), base64.b64encode(plain).decode(),
        base64.urlsafe_b64encode(b"Basic " + plain).decode(), plain.hex().upper(),
    }  # fmt: skip


MOODS = (
    "400", "401", "403", "422", "429", "500", "500 page", "200 record", "200 words", "200 escaped",
    "login 400", "login 401", "login 500", "login 500 page", "login 200 words", "login 200 escaped",
)  # fmt: skip


@contextmanager
def running() -> Iterator[Parrot]:
    parrot = Parrot()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, text = parrot.answer(self.command, self.path.split("?")[0], dict(self.headers), body)
            head = f"HTTP/1.0 {status} .\r\nContent-Length: {len(text)}\r\n\r\n"
            self.wfile.write(head.encode() + text)

        do_GET = do_POST = do_PUT = _do

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    parrot.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield parrot
    finally:
        server.shutdown()
        server.server_close()
