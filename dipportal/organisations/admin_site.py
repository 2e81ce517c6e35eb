"""The admin as a whole: behind the portal's own log-in, and without pages that show secrets."""

from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

# The secrets of a second step, the keys of running sessions, and something that the portal does not use.
HIDDEN = (Authenticator, UserSession, Group)


def prepare() -> None:
    """Called once the apps have registered their pages. The one log-in makes that the second step counts here too."""
    for model in HIDDEN:
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
