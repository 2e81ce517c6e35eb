"""What is sold: ticket counts of performances and their history."""
