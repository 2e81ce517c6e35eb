"""A client that holds every answer of the sandbox to the OpenAPI document."""

from typing import Any

import requests

from dipportal.sandbox.server import Running
from dipportal.sandbox.spec import Spec

SPEC = Spec()
SECRETS = {"demo-impresariaat": "sandbox-impresariaat", "demo-producent": "sandbox-producent"} | {
    "demo-kassa": "sandbox-kassa",
    "demo-theater-2": "sandbox-theater-2",
}


class Dip:
    def __init__(self, sandbox: Running, client_id: str) -> None:
        self.sandbox = sandbox
        self.admin = sandbox.admin
        self.session = requests.Session()
        self.session.trust_env = False
        self.client_id = client_id
        self.log_in()

    def log_in(self) -> dict[str, Any]:
        form = {"client_id": self.client_id, "client_secret": SECRETS[self.client_id]}
        answer = self.session.post(f"{self.sandbox.url}/token", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        token: dict[str, Any] = answer.json()
        assert SPEC.answer_errors(SPEC.operation("createToken"), 200, token) == []
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"
        return token

    def raw(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("timeout", 10)
        return self.session.request(method, f"{self.sandbox.url}{path}", **more)

    def send(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        """Status and decoded answer, after the answer was found to fit the document."""
        answer = self.raw(method, path, json=body, params=query)
        operation, _ = SPEC.route(method, path)
        problems = SPEC.answer_errors(operation, answer.status_code, answer.json())
        assert problems == [], f"{method} {path}: {problems[:3]}"
        return answer.status_code, answer.json()

    def get(self, path: str, **query: str) -> Any:
        status, value = self.send("GET", path, **query)
        assert status == 200, value
        return value

    def write(self, method: str, path: str, body: Any = None) -> Any:
        status, value = self.send(method, path, body)
        assert status == 200, value
        return value

    def refused(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, str]:
        status, value = self.send(method, path, body, **query)
        assert status >= 400, f"{method} {path} was accepted: {value}"
        return status, value["error_description"]

    # ---- shorthands for things that most tests need

    def productions(self, producer: int) -> list[dict[str, Any]]:
        return list(self.get(f"/producers/{producer}/productions", startDate="2000-01-01", endDate="2100-01-01"))

    def playing(self, producer: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """A production and one of its performances in a theater that is a DIP member."""
        members = {one["id"] for one in self.get("/theaters") if one["dip_member"]}
        for production in self.productions(producer):
            for performance in self.get(f"/producers/{producer}/productions/{production['id']}/performances"):
                if performance["theater"]["id"] in members:
                    return production, performance
        raise AssertionError(f"producer {producer} plays in no member theater")

    def body(self, producer: int = 123, **properties: Any) -> dict[str, Any]:
        """A partage that DIP takes."""
        production, performance = self.playing(producer)
        return {
            "name": "Boeking 77",
            "productionNumber": production["id"],
            "theaterId": performance["theater"]["id"],
            "performanceNumbers": [performance["number"]],
            "contactTheater": "kassa@theater.example",
            "contactProducer": "planning@impresariaat.example",
            "properties": {"royaltiesPercentage": 12.0, "partagePercentage": 80.0, **properties},
        }

    def concept(self, **properties: Any) -> dict[str, Any]:
        return dict(self.write("POST", "/contracts/partage/create", self.body(**properties)))

    def contract(self, number: int) -> dict[str, Any]:
        return next(one for one in self.get("/contracts") if one["id"] == number)
