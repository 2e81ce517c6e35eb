"""What only the demo has: a season, log-ins, the mails as they look."""
