from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dipportal.dip.connections import rotate_all


class Command(BaseCommand):
    help = "Encrypt all DIP credentials again with the first of CREDENTIAL_KEYS; afterwards the old keys can go."

    def handle(self, *_args: Any, **_options: Any) -> None:
        rotated, lost = rotate_all()
        self.stdout.write(f"{rotated} connections are now encrypted with the first key.")
        if lost:
            raise CommandError(
                f"No key opens the credentials of these connections: {', '.join(map(str, lost))}. "
                "Add the key they were made with, or enter the credentials again."
            )
