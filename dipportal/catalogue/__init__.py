"""What there is: theaters, halls, producers, genres; productions and their performances."""
