"""The receiver's area in the browser."""
