from typing import Any

from allauth.account.forms import SignupForm
from allauth.core import context

from dipportal.notifications.accounts import invitation_of


class InvitedSignupForm(SignupForm):
    """The address stands there and cannot be changed: an account is for whom the invitation was for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invitation = invitation_of(context.request)
        if invitation is not None:
            self.initial["email"] = invitation.email
            self.fields["email"].disabled = True
