"""The one mechanism for effects outside the database: rows that are claimed with a lease, worked and settled."""
