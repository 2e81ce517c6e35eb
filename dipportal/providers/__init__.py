"""The provider's area in the browser."""
