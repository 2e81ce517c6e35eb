"""Accounts by invitation, and every account mail through the outbox."""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.text import tidy
from dipportal.organisations import invitations
from dipportal.organisations.models import Invitation, User

# What the button of a mail says, by the name under which allauth gives its link.
LINKS = ("activate_url", "password_reset_url", "signup_url")


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up only with an invitation and only for the invited address; mails are rows, sent by the drain."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitation_of(request) is not None

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """The link was mailed to that address: whoever holds it reads that mailbox."""
        invitation = invitation_of(request)
        invited = invitation is not None and invitation.email.lower() == email.lower()
        return invited or super().is_email_verified(request, email)

    def clean_email(self, email: str) -> str:
        """Refuses another address than the invited one on the sign-up form, whatever the browser sends."""
        email = super().clean_email(email)
        match = self.request.resolver_match if self.request else None
        if match is not None and match.url_name == "account_signup":
            invitation = invitation_of(self.request)
            if invitation is None or invitation.email.lower() != email.lower():
                raise ValidationError(_("Use the address that was invited."), code="not_invited")
        return email

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Someone who was invited in English reads on in English."""
        invitation = invitation_of(request)
        if invitation is not None:
            user.language = invitation.language
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail in the language of the account; without an account, in that of the page."""
        user = context.get("user") or User.objects.filter(email__iexact=email).first()
        language = user.language if user else translation.get_language() or settings.LANGUAGE_CODE
        with translation.override(language):
            post([account_mail(template_prefix, email, context, user, language)])

    def get_reset_password_from_key_url(self, key: str) -> str:
        return own_address(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return own_address(super().get_email_confirmation_url(request, emailconfirmation))


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The open invitation whose link brought this browser here."""
    token = request.session.get(invitations.SESSION_KEY, "")
    return invitations.find(token) if token else None


def own_address(url: str) -> str:
    """The same page under PUBLIC_URL: a link in a mail does not depend on the Host header of whoever asked for it."""
    parts = urlsplit(url)
    return settings.PUBLIC_URL + parts.path + (f"?{parts.query}" if parts.query else "")


def account_mail(prefix: str, email: str, context: dict[str, Any], user: User | None, language: str) -> Mail:
    """allauth's own templates (`account/email/…`), with the link of the mail also as a button."""
    links = {name: own_address(context[name]) for name in LINKS if context.get(name)}
    given = {**context, **links, "email": email, "site": settings.PUBLIC_URL}
    subject = render_to_string(f"{prefix}_subject.txt", given)
    return letter(
        kind=Kind.ACCOUNT,
        event_key=f"account:{secrets.token_hex(16)}",
        recipient=email,
        user=user,
        language=language,
        subject=subject,
        text=tidy(render_to_string(f"{prefix}_message.txt", given)),
    )


def letter(
    *, kind: Kind, event_key: str, recipient: str, user: User | None, language: str, subject: str, text: str
) -> Mail:
    """A mail whose HTML is its text in paragraphs; a line that is only an address becomes the button."""
    subject = " ".join(subject.split())
    paragraphs = [{"text": part, "link": _only_link(part)} for part in re.split(r"\n\n+", text.strip())]
    html = render_to_string("mail/account.html", {"language": language, "subject": subject, "paragraphs": paragraphs})
    return Mail(
        kind=kind,
        event_key=event_key,
        recipient=recipient,
        user=user,
        language=language,
        subject=subject,
        text=text,
        html=html,
    )


def _only_link(paragraph: str) -> str:
    return paragraph if re.fullmatch(r"https?://\S+", paragraph) else ""


def mail_invitation(invitation: Invitation, token: str) -> None:
    """The mail with the link of an invitation; for `invitations.invitation_mailers`, in their transaction."""
    context = {
        "invitation": invitation,
        "organisation": invitation.organisation,
        "invited_by": invitation.invited_by,
        "role": invitation.get_role_display().lower(),
        "link": settings.PUBLIC_URL + reverse("invitation", kwargs={"token": token}),
        "site": settings.PUBLIC_URL,
    }
    with translation.override(invitation.language):
        mail = letter(
            kind=Kind.INVITATION,
            event_key=f"invitation:{invitation.pk}:{invitation.token_digest[:24]}",
            recipient=invitation.email,
            user=None,
            language=invitation.language,
            subject=_("Invitation to work for %(organisation)s in dipportal")
            % {"organisation": invitation.organisation.name},
            text=tidy(render_to_string("mail/invitation.txt", context)),
        )
    post([mail])
