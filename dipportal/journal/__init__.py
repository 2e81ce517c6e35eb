"""The append-only record of every action. Timelines, notices and mails are made from it."""
