"""Who: users, organisations, memberships, invitations; and who may see what."""
