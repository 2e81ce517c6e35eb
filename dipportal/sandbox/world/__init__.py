"""Made-up worlds: the same seed, scale and date give the same bytes. Nobody and nothing in them exists."""
