"""Who hears of it: e-mails, through the outbox."""
