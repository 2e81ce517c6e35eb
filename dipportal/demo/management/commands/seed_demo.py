from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dipportal.core.errors import PortalError
from dipportal.demo import season


class Command(BaseCommand):
    help = "Fill the demo's season from the sandbox. Doing it again changes nothing."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO_MODE or settings.DIP_ENVIRONMENT != "sandbox":
            raise CommandError("This makes log-ins with a known password: only with DEMO_MODE=true and the sandbox.")
        try:
            season.seed(self.stdout.write)
        except PortalError as refusal:
            raise CommandError(str(refusal)) from refusal
