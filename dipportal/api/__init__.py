"""The portal's own REST API: what a theater's ticketing system tells, and what it must know to do so."""
