"""The way of one call: note it, apply a planted fault, check who and what, act, note the outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dipportal.sandbox import contract_calls, count_calls, credentials, production_calls, reading_calls
from dipportal.sandbox.calls import Call, Raw, Refusal, Reply, Written
from dipportal.sandbox.faults import KINDS, Done, Fault, Outcome
from dipportal.sandbox.request import Request
from dipportal.sandbox.runtime import Sandbox
from dipportal.sandbox.store import dumps

Handler = Callable[[Request], Any]
HANDLERS: Mapping[str, Handler] = {
    **reading_calls.HANDLERS,
    **contract_calls.HANDLERS,
    **production_calls.HANDLERS,
    **count_calls.HANDLERS,
}


@dataclass(frozen=True)
class Carrying:
    """One call on its way, with the fault that was planted on it."""

    box: Sandbox
    call: Call
    seq: int
    fault: Fault | None

    def act(self) -> Done:
        """Carries the call out; a refusal is an answer too."""
        try:
            return self._carry_out()
        except Refusal as refusal:
            return Done(refusal.reply())

    def _carry_out(self) -> Done:
        box, call = self.box, self.call
        if self.fault is not None and self.fault.kind == "expire-tokens":
            box.expire_tokens()
        if call.path == "/token":
            return self._log_in()
        caller = credentials.identify(call.authorization, generation=box.token_generation())
        box.ledger.identified(self.seq, caller.client_id)
        operation, path_arguments = box.spec.route(call.method, call.path)
        arguments = box.spec.parameters(operation, path_arguments, "path")
        query = box.spec.parameters(operation, dict(call.query), "query")
        body = box.spec.body(operation, call, arguments)
        request = Request(box, caller, arguments, query, body, self._visible_at())
        handler = HANDLERS[operation.name]
        if not operation.writes:
            answer = handler(request)
            return Done(Reply(200, answer.text if isinstance(answer, Raw) else dumps(answer)))
        with box.store.transaction():
            written: Written = handler(request)
            box.ledger.accepted(self.seq, call, caller.client_id, body, written.identity)
        bare = written.created and box.switches["create_answers"] == "bare-id"
        return Done(Reply(200, dumps(written.identity if bare else written.record)), written.identity)

    def _log_in(self) -> Done:
        box = self.box
        operation, _ = box.spec.route(self.call.method, "/token")
        credential = credentials.log_in(box.spec.body(operation, self.call, {}))
        box.ledger.identified(self.seq, credential.client_id)
        token = credentials.issue(
            credential, seconds=box.token_seconds, generation=box.token_generation(), serial=self.seq
        )
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer"}
        if box.switches["expires_in"]:
            answer["expires_in"] = box.token_seconds
        return Done(Reply(200, dumps(answer)))

    def _visible_at(self) -> float:
        if self.fault is None or self.fault.kind != "read-lag":
            return 0
        return time.time() + float(self.fault.params.get("seconds", 1))


def handle(box: Sandbox, call: Call) -> Outcome:
    seq = box.ledger.received(call)
    fault = box.faults.take(call.method, call.path)
    carrying = Carrying(box, call, seq, fault)
    box.latency.wait()
    outcome = KINDS[fault.kind](fault, carrying.act) if fault else Outcome("answered", carrying.act().reply)
    status = outcome.reply.status if outcome.reply else None
    box.ledger.finished(seq, outcome.label, status, fault.kind if fault else None)
    return outcome
