"""What the OpenAPI document says beside what the code itself shows: texts, examples, how a key is sent.

`python manage.py spectacular --file docs/api/openapi.yaml --validate --fail-on-warn` writes it; a test holds it against
the code.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)

from dipportal.api import examples, wire


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "dipportal.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        description = "The key that a manager of the theater made in the portal."
        return {"type": "http", "scheme": "bearer", "description": description}


def _refusal(description: str, body: dict[str, Any] | None = None) -> OpenApiResponse:
    shown = [OpenApiExample("Refused", value=body, response_only=True)] if body else []
    return OpenApiResponse(wire.ErrorSerializer, description, examples=shown)


REFUSALS = {
    401: _refusal("No key, or one that opens nothing (revoked, or the theater passed to another organisation)."),
    429: _refusal(
        "Too many calls with this key, or too many of one address that were refused for their key; Retry-After says in"
        " how many seconds."
    ),
    500: _refusal("Something went wrong in the portal: send the same once more, later."),
}
CUMULATIVE = {
    400: _refusal("Nothing was taken in: what is wrong stands with its row.", examples.REFUSED),
    409: _refusal("Nothing was taken in: it does not go with what is known already (older, linked, number, gone)."),
    413: _refusal("The body has more than 1,000,000 bytes."),
    415: _refusal("The body is not JSON."),
    **REFUSALS,
}


def _cumulative(operation: str, summary: str, row: Any, shown: dict[str, Any]) -> Any:
    one_or_many = PolymorphicProxySerializer(
        component_name=f"{operation[0].upper()}{operation[1:]}Body",
        serializers=[row, row(many=True)],
        resource_type_field_name=None,
        many=False,
    )
    told = [OpenApiExample(name, value=value, request_only=True) for name, value in shown.items()]
    taken = [OpenApiExample("Taken in", value=examples.TAKEN_IN, response_only=True, status_codes=[200])]
    schema = extend_schema(
        operation_id=operation,
        summary=summary,
        description="One object, or a list of at most 1,000. All or none; the same once more changes nothing.",
        tags=["counts"],
        request={"application/json": one_or_many},
        responses={200: wire.TakenInSerializer, **CUMULATIVE},
        examples=[*told, *taken],
    )
    return extend_schema_view(put=schema)


tickets = _cumulative("updateTickets", "Running totals of tickets, by type.", wire.TicketsSerializer, examples.TICKETS)
reservations = _cumulative(
    "updateReservations", "Running totals of reservations.", wire.PlacesSerializer, examples.PLACES
)
blocked = _cumulative("updateBlockedSeats", "Running totals of blocked seats.", wire.PlacesSerializer, examples.PLACES)
performances = extend_schema_view(
    get=extend_schema(
        operation_id="listPerformances",
        summary="The performances of this theater, to find their numbers.",
        tags=["performances"],
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="First day; left out: today."),
            OpenApiParameter("until", OpenApiTypes.DATE, description="Last day; left out: a year after the first."),
        ],
        responses={
            200: OpenApiResponse(
                wire.PerformanceSerializer(many=True),
                examples=[OpenApiExample("One performance", value=examples.PERFORMANCE, response_only=True)],
            ),
            400: _refusal("The period cannot be read, or something else stands in the address."),
            **REFUSALS,
        },
    )
)
hidden = extend_schema(exclude=True)
