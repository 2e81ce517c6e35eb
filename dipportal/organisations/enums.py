from django.db import models
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    """The kind of an organisation, and so the side it takes in an agreement."""

    PROVIDER = "provider", _("Provider")
    RECEIVER = "receiver", _("Receiver")


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    MANAGER = "manager", _("Manager")

    @property
    def rank(self) -> int:
        return (Role.VIEWER, Role.EDITOR, Role.MANAGER).index(self)

    def covers(self, needed: "Role") -> bool:
        """A manager may do what an editor may, an editor what a viewer may."""
        return self.rank >= needed.rank


class Language(models.TextChoices):
    NL = "nl", "Nederlands"
    EN = "en", "English"
