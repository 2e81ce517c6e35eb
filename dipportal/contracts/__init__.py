"""What is agreed: the five types and their terms, versions, life cycle."""
