"""The pages of the provider's area, one module a subject."""
