"""A stand-in for the DIP External API: a separate process, its own store, real HTTP.

Start it with ``python -m dipportal.sandbox --port 8090 --store sandbox.sqlite3 --scale demo``.

Credential sets (values of this sandbox only; they open nothing anywhere else):

=====================  =======================  ==========================================
client_id              client_secret            organisation
=====================  =======================  ==========================================
``demo-impresariaat``  ``sandbox-impresariaat``  agency 41, acts for producers 123, 124, 125
``demo-producent``     ``sandbox-producent``     producer 201
``demo-kassa``         ``sandbox-kassa``         a ticketing system: no rights on contracts
``demo-theater-2``     ``sandbox-theater-2``     the ticketing credential of theater 2, for its own performances
``demo-theater-8``     ``sandbox-theater-8``     that of theater 8
=====================  =======================  ==========================================

The wire format is described by ``docs/dip-openapi.yaml``; every request is checked against it.
"""
