"""How fast the portal is, as ratios: each is measured against a yardstick in the same run, on the same machine.

    make bench                          all of them
    .venv/bin/python -m bench pulls     one, by the name of its module

A benchmark is a module here with `run() -> list[Ratio]` (see common.py). It runs in a process of its own, with Django
set up on an empty, migrated PostgreSQL database of its own, which is dropped afterwards. `DATABASE_URL` names the
server; without it, the one on this machine. Nothing else may use the machine meanwhile: seconds are not compared with
other runs, but a yardstick and what is measured must meet the same load.
"""
