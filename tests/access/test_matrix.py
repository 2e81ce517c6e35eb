"""Who may do what: every route × method × person, from the URL resolver and the policy that each view declares."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from dipportal.organisations.enums import Role, Side
from tests.access import api
from tests.access.objects import DEMO_ONLY, OBJECTS, OWN_ONLY, Arguments, Objects
from tests.access.routes import THIRD_PARTY, Route, is_ours, routes
from tests.world import World, undone

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OWN = {Side.PROVIDER: "agency", Side.RECEIVER: "kade"}
ANSWERED = {200, 302, 400, 409}

OUR_ROUTES = [route for route in routes() if is_ours(route)]
AREA_ROUTES = [route for route in OUR_ROUTES if route.policy and isinstance(route.policy["area"], Side)]
API_ROUTES = [route for route in OUR_ROUTES if route.policy and route.policy["area"] == "api"]
OTHER_ROUTES = [
    route
    for route in OUR_ROUTES
    if route.policy and not isinstance(route.policy["area"], Side) and route not in API_ROUTES
]

by_name = pytest.mark.parametrize("route", AREA_ROUTES, ids=lambda route: route.name)


def test_every_route_declares_a_policy() -> None:
    assert [route.name for route in OUR_ROUTES if route.policy is None] == []


def test_every_route_is_in_the_table_of_objects() -> None:
    names = {route.name for route in OUR_ROUTES}
    assert names - set(OBJECTS) == set(), "give these addresses an own and a foreign object in tests/access/objects.py"
    assert set(OBJECTS) - names == set(), "these addresses are gone"


def test_every_address_with_an_object_has_one_that_could_leak() -> None:
    naming = {route.name for route in OUR_ROUTES if route.arguments - {"organisation"}} - DEMO_ONLY
    assert {name for name in naming if not OBJECTS[name].foreign} == set()


def test_the_table_of_third_parties_is_complete() -> None:
    outside = {route.name for route in routes() if route.view.__module__.startswith("allauth.")}
    assert outside == set(THIRD_PARTY)


def people(world: World) -> dict[str, Any]:
    return {"anonymous": None, **world.people}


def tries(route: Route, world: World) -> Iterator[tuple[str, Any, str]]:
    """Everybody with every method that the view answers; the other methods with a few."""
    answered = [*(route.policy or {})["methods"], "HEAD"]
    for name, person in people(world).items():
        for method in METHODS:
            if method in answered or name in ("anonymous", "agency_manager", "kade_manager", "staff"):
                yield name, person, method


def let_in(*persons: Any) -> None:
    """Log these in once, outside of what is undone: each request then comes with the fresh session of the person."""
    for person in persons:
        if person is not None:
            client = Client()
            client.force_login(person)
            person.session_key = client.cookies[settings.SESSION_COOKIE_NAME].value


def ask(method: str, url: str, person: Any) -> int:
    """As somebody who was let in, or as nobody (None)."""
    client = Client()
    if person is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = person.session_key
    return client.generic(method, url, follow=False).status_code


def expected(route: Route, method: str, name: str, person: Any, own: str) -> set[int]:
    policy = route.policy or {}
    if method not in {*policy["methods"], *(["HEAD"] if "GET" in policy["methods"] else [])}:
        return {405}
    if person is None:
        return {302}
    if not name.startswith(f"{own}_"):
        return {404}
    role = Role(name.removeprefix(f"{own}_"))
    needed = policy["role"] if method in ("GET", "HEAD") else max(policy["role"], Role.EDITOR, key=lambda r: r.rank)
    return ANSWERED if role.covers(needed) else {403}


def address(route: Route, organisation: str, arguments: Arguments) -> str:
    return reverse(route.name, kwargs={"organisation": organisation, **arguments})


@by_name
def test_matrix(world: World, route: Route) -> None:
    own = OWN[(route.policy or {})["area"]]
    url = address(route, getattr(world, own).slug, OBJECTS[route.name].own(world))
    let_in(*people(world).values())
    wrong = []
    for name, person, method in tries(route, world):
        with undone():
            status = ask(method, url, person)
        right = expected(route, method, name, person, own)
        if status not in right:
            wrong.append(f"{method} {url} as {name}: {status}, not {sorted(right)}")
    assert wrong == []


def foreign_cases() -> list[Any]:
    return [
        pytest.param(route, make, id=f"{route.name}: {what}")
        for route in AREA_ROUTES
        for what, make in OBJECTS.get(route.name, Objects()).foreign.items()
    ]


@pytest.mark.parametrize(("route", "make"), foreign_cases())
def test_a_foreign_object_is_not_found(world: World, route: Route, make: Callable[[World], Arguments]) -> None:
    policy = route.policy or {}
    own = OWN[policy["area"]]
    url = address(route, getattr(world, own).slug, make(world))
    let_in(world.people[f"{own}_manager"])
    for method in policy["methods"]:
        with undone():
            assert ask(method, url, world.people[f"{own}_manager"]) == 404, f"{method} {url}"


@by_name
def test_the_address_of_another_organisation_is_not_found(world: World, route: Route) -> None:
    """With our own object in it, and with the neighbour's; also for an organisation of the other side."""
    policy = route.policy or {}
    own = OWN[policy["area"]]
    objects = OBJECTS[route.name]
    let_in(world.people[f"{own}_manager"])
    arguments = [objects.own(world), *(make(world) for what, make in objects.foreign.items() if "another" in what)]
    for organisation in (world.agency, world.rival, world.kade, world.haven):
        if organisation != getattr(world, own):
            for chosen in arguments:
                for method in policy["methods"]:
                    with undone():
                        status = ask(method, address(route, organisation.slug, chosen), world.people[f"{own}_manager"])
                    assert status == 404, f"{method} {route.name} of {organisation.slug}"


@pytest.mark.parametrize("route", OTHER_ROUTES, ids=lambda route: route.name)
def test_pages_outside_the_areas(world: World, route: Route) -> None:
    policy = route.policy or {}
    url = reverse(route.name, kwargs=OBJECTS[route.name].own(world))
    let_in(*people(world).values())
    wrong = []
    for name, person, method in tries(route, world):
        with undone():
            status = ask(method, url, person)
        right = expected_outside(route, method, name, person)
        if status not in right:
            wrong.append(f"{method} {url} as {name}: {status}, not {sorted(right)}")
    assert policy["area"] in (None, "signed-in")
    assert wrong == []


def expected_outside(route: Route, method: str, name: str, person: Any) -> set[int]:
    policy = route.policy or {}
    if method not in {*policy["methods"], *(["HEAD"] if "GET" in policy["methods"] else [])}:
        return {405}
    if route.name in DEMO_ONLY:
        return {404}
    if policy["area"] == "signed-in" and person is None:
        return {302}
    if name not in OWN_ONLY.get(route.name, {name}):
        return {404}
    return ANSWERED


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda route: route.name)
def test_the_api_is_for_nobody_without_a_key(world: World, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is logged in, with whatever method: a session opens nothing there."""
    monkeypatch.setattr(settings, "API_REFUSED_PER_MINUTE", 1_000_000)
    url = reverse(route.name)
    let_in(*people(world).values())
    wrong = []
    for name, person in people(world).items():
        for method in METHODS:
            with undone():
                status = ask(method, url, person)
            if status != 401:
                wrong.append(f"{method} {url} as {name}: {status}, not 401")
    assert wrong == []


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda route: route.name)
def test_a_key_opens_the_methods_of_a_call_and_no_others(world: World, route: Route) -> None:
    _key, secret = api.key(world)
    methods = (route.policy or {})["methods"]
    answered = {*methods, *(["HEAD"] if "GET" in methods else [])}
    for method in METHODS:
        with undone():
            status = api.call(method, route.name.removeprefix("api:"), secret).status_code
        # Without a body there is nothing to take in.
        right = {404} if not methods else {200, 400} if method in answered else {405}
        assert status in right, f"{method} {route.path}"


def test_the_table_of_the_api_is_not_empty() -> None:
    assert {route.name for route in API_ROUTES} == {name for name in OBJECTS if name.startswith("api:")}
    assert len(API_ROUTES) == 5


KEYS: dict[str, dict[str, Any]] = {
    "account_confirm_email": {"key": "x"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "x-y"},
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
}


def test_pages_of_the_account(world: World) -> None:
    log_in = reverse("account_login")
    let_in(world.people["agency_manager"])
    for name, kind in THIRD_PARTY.items():
        url = reverse(name, kwargs=KEYS.get(name, {}))
        reply = Client().get(url)
        if kind == "signed-in":
            assert (reply.status_code, reply.headers.get("Location", "").split("?")[0]) == (302, log_in), name
        elif kind == "stage":
            assert reply.status_code in {302, 403, 404}, name
        else:
            assert reply.status_code in {200, 302}, name
        # Somebody else's passkey is not found, also by its number.
        if KEYS.get(name) == {"pk": 1}:
            with undone():
                assert ask("POST", url, world.people["agency_manager"]) in {302, 404}, name


ADMIN = [route for route in routes() if route.name.startswith("admin:")]
# Where the log-in and the log-out of the admin send everybody: to the portal's own.
ADMIN_DOORS = {"admin:login", "admin:logout"}
ADMIN_ARGUMENTS = {"object_id": "1", "content_type_id": "1", "app_label": "organisations", "url": "x/"}


def test_the_admin_is_for_administrators_only(world: World) -> None:
    assert len(ADMIN) > 20
    let_in(*people(world).values())
    for route in ADMIN:
        url = admin_address(route)
        allowed = {302, 404, 405} if route.name not in ADMIN_DOORS else {302, 403, 405}
        for name in ("anonymous", "agency_manager", "kade_manager", "nobody"):
            for method in ("GET", "POST"):
                with undone():
                    status = ask(method, url, people(world)[name])
                assert status in allowed, f"{method} {url} as {name}: {status}"


def admin_address(route: Route) -> str:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ADMIN_ARGUMENTS[found[1]], route.path)
    plain = re.sub(r"\(\?P<app_label>[^)]*\)", "organisations", path)
    return "/" + plain.replace("(?P1.*)$", "x/").replace("^", "").replace("$", "")


def test_an_administrator_reads_every_page_of_the_admin(world: World) -> None:
    """Also one that no portal engineer registered: none breaks, none shows a secret."""
    client = Client()
    client.force_login(world.people["staff"])
    world.contract(status="proposed")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{name}_changelist"), {"q": "a"}).status_code == 200, name
        row = model._default_manager.first()
        if row is not None:
            page = client.get(reverse(f"{name}_change", args=[row.pk]))
            assert page.status_code == 200, name
            assert "pbkdf2" not in page.content.decode()
            assert "md5$" not in page.content.decode()


@by_name
def test_the_area_of_the_other_side_is_not_found_with_one_s_own_organisation(world: World, route: Route) -> None:
    """A provider's manager who puts the own organisation in a receiver's address, and the reverse."""
    policy = route.policy or {}
    other = "kade" if policy["area"] == Side.PROVIDER else "agency"
    organisation = getattr(world, other)
    url = address(route, organisation.slug, OBJECTS[route.name].own(world))
    let_in(world.people[f"{other}_manager"])
    for method in policy["methods"]:
        with undone():
            assert ask(method, url, world.people[f"{other}_manager"]) == 404, f"{method} {url}"
