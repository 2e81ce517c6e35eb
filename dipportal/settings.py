"""The one settings module. It starts with an empty environment; production sets addresses and secrets.

Every variable is listed in docs/operations.md and read strictly (dipportal.core.environment).
"""

import datetime as dt
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from dipportal.core import environment, keys, logs

# Django's generic classes (ModelAdmin[…]) exist for the type checker; this makes them subscriptable at run time too.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(environment.text("VAR_DIR") or BASE_DIR / "var")
# Files of people, which only a view gives out.
PRIVATE_DIR = VAR_DIR / "private"

DEBUG = environment.flag("DEBUG", False)
DEMO_MODE = environment.flag("DEMO_MODE", False)
PUBLIC_URL = environment.web_address("PUBLIC_URL", "http://127.0.0.1:8000")
HTTPS = PUBLIC_URL.startswith("https://")
HOST = urlsplit(PUBLIC_URL).hostname or "127.0.0.1"
LOCAL_ONLY = HOST in {"127.0.0.1", "localhost", "::1"}
ALLOWED_HOSTS = [HOST, *environment.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost"] if LOCAL_ONLY else [])]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if DEMO_MODE and not LOCAL_ONLY:
    # Here and not in a system check: neither gunicorn nor Celery runs those.
    raise ImproperlyConfigured(
        f"DEMO_MODE shows every mail to everyone and only runs on localhost; PUBLIC_URL is {PUBLIC_URL!r}."
    )

SECRET_KEY_GIVEN = bool(environment.text("SECRET_KEY"))
SECRET_KEY = environment.text("SECRET_KEY") or keys.kept_secret(VAR_DIR / "secret_key")
CREDENTIAL_KEYS_GIVEN = bool(environment.words("CREDENTIAL_KEYS", []))
CREDENTIAL_KEYS = environment.words("CREDENTIAL_KEYS", []) or [keys.kept_fernet_key(VAR_DIR / "credential_key")]

INSTALLED_APPS = [
    "dipportal.core",
    "dipportal.journal",
    "dipportal.outbox",
    "dipportal.organisations",
    "dipportal.catalogue",
    "dipportal.contracts",
    "dipportal.ticketing",
    "dipportal.notifications",
    "dipportal.dip",
    "dipportal.providers",
    "dipportal.receivers",
    "dipportal.api",
    "dipportal.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dipportal.organisations.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dipportal.organisations.middleware.NoStoreMiddleware",
    "dipportal.organisations.middleware.LastOrganisationMiddleware",
]

ROOT_URLCONF = "dipportal.urls"
WSGI_APPLICATION = "dipportal.wsgi.application"
FORM_RENDERER = "dipportal.core.forms.PortalRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "dipportal.core.template_loaders.Filesystem",
                        "dipportal.core.template_loaders.AppDirectories",
                    ],
                ),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dipportal.organisations.context.portal",
            ],
        },
    },
]

DATABASES = {"default": environment.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'dipportal.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # One writer at a time: take the write lock when the transaction begins, and wait for it rather than fail.
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_URL = environment.text("CACHE_URL")
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": CACHE_URL,
            # A cache that is away must not hold up a request.
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
        }
        if CACHE_URL
        else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR_DIR / "cache"}
    )
}

# --- who ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "organisations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "dipportal.notifications.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "dipportal.organisations.forms.SignupForm"
ACCOUNT_FORMS = {"signup": "dipportal.notifications.signup.InvitedSignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
# One address a person: it is the log-in, and the one that an invitation is for. A new one counts once it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "dipportal"
MFA_FORMS = {
    "add_webauthn": "dipportal.organisations.key_forms.AddKeyForm",
    "edit_webauthn": "dipportal.organisations.key_forms.EditKeyForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL_ONLY
# Activity would be an UPDATE on every page that is only looked at; the list shows when each session began.
USERSESSIONS_TRACK_ACTIVITY = False
INVITATION_DAYS = 14

# --- security ----------------------------------------------------------------------------------------------
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "dipportal_session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "dipportal_csrf"
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "dipportal_language"
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
BEHIND_PROXY = environment.flag("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Whose address counts for the rate limits: the visitor's, as the one proxy in front of the portal tells it.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- language and time -------------------------------------------------------------------------------------
LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", _("Dutch")), ("en", _("English"))]
# The second holds the Dutch of django-allauth in the words of this portal, and what Django's own Dutch lacks.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "accounts"]
TIME_ZONE = "Europe/Amsterdam"
USE_I18N = USE_TZ = True

# --- static files ------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MANIFEST = environment.flag("STATIC_MANIFEST", False)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Without collected files (demo, development, tests) the files are served where they lie.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not MANIFEST

# --- mail --------------------------------------------------------------------------------------------------
# A demonstration never mails: whatever the environment says, its mails are read in the browser.
_mail = {} if DEMO_MODE else environment.mail("EMAIL_URL")
MAIL_CONFIGURED = bool(_mail) or DEMO_MODE
EMAIL_BACKEND = str(_mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend"))
EMAIL_HOST = str(_mail.get("EMAIL_HOST") or "")
EMAIL_PORT = int(str(_mail.get("EMAIL_PORT") or 25))
EMAIL_HOST_USER = str(_mail.get("EMAIL_HOST_USER") or "")
EMAIL_HOST_PASSWORD = str(_mail.get("EMAIL_HOST_PASSWORD") or "")
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS", False))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL", False))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM", f"dipportal <portal@{'dipportal.example' if LOCAL_ONLY else HOST}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- DIP: the address is the operator's setting, never a tenant's -------------------------------------------
DIP_ENVIRONMENT = environment.choice("DIP_ENVIRONMENT", "sandbox", {"production", "acceptance", "sandbox"})
DIP_ADDRESSES = {
    "production": "https://external-api.dip.nl",
    "acceptance": "https://acc-external-api.dip.nl",
    "sandbox": environment.web_address("SANDBOX_URL", "http://127.0.0.1:8090"),
}
DIP_URL = DIP_ADDRESSES[DIP_ENVIRONMENT]
# ASSUMED: production's address, and that the dashboard that DIP calls its test dashboard belongs to acceptance.
DIP_DASHBOARD_URL = {
    "production": "https://dashboard.dip.nl",
    "acceptance": "https://tst-dashboard.dip.nl",
    "sandbox": f"{DIP_ADDRESSES['sandbox']}/dashboard/",
}[DIP_ENVIRONMENT]
DIP_PACE_SECONDS = environment.decimal_seconds("DIP_PACE_SECONDS", 0.5)
DIP_SETTLE_SECONDS = environment.decimal_seconds("DIP_SETTLE_SECONDS", 180)
DIP_CONNECT_TIMEOUT = environment.decimal_seconds("DIP_CONNECT_TIMEOUT", 10)
DIP_READ_TIMEOUT = environment.decimal_seconds("DIP_READ_TIMEOUT", 60)
# So many reads may be under way at once; the pace above still holds for all of them together.
DIP_CONCURRENCY = environment.whole_number("DIP_CONCURRENCY", 4, least=1)
# DIP's date-times have no offset; the overlap survives reading them in the wrong zone, by two hours and some.
DIP_OVERLAP = dt.timedelta(minutes=environment.whole_number("DIP_OVERLAP_MINUTES", 150, least=121))

# --- outbox ------------------------------------------------------------------------------------------------
OUTBOX_LEASE_SECONDS = environment.whole_number("OUTBOX_LEASE_SECONDS", 150, least=1)
OUTBOX_MAX_CLAIMS = environment.whole_number("OUTBOX_MAX_CLAIMS", 8, least=1)

# --- Celery: wakes up, never remembers ----------------------------------------------------------------------
_broker_files = VAR_DIR / "broker"
CELERY_BROKER_URL = environment.text("CELERY_BROKER_URL") or "filesystem://"
if CELERY_BROKER_URL == "filesystem://":
    for _folder in ("messages", "control"):
        (_broker_files / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(_broker_files / "messages"),
        "data_folder_out": str(_broker_files / "messages"),
        "control_folder": str(_broker_files / "control"),
        "polling_interval": 0.3,
    }
else:
    # A broker that is away must not hold up a request: give up soon, the sweep finds the row.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "visibility_timeout": 3600,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# How far a worker stands behind the web server on the same machine (0: not at all, 19: as far as can be).
WORKER_NICE = environment.whole_number("WORKER_NICE", 10, least=0)
CELERY_TASK_TIME_LIMIT = 3600
CELERY_TASK_SOFT_TIME_LIMIT = 3500
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
PULL_SECONDS = environment.whole_number("PULL_SECONDS", 300, least=5)
SWEEP_SECONDS = environment.whole_number("SWEEP_SECONDS", 10, least=1)
CELERY_BEAT_SCHEDULE = {
    # A wake-up that nobody took in time is worthless: the next one finds the same rows.
    "drain-operations": {
        "task": "dipportal.dip.tasks.drain_operations",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS * 3},
    },
    "drain-mail": {
        "task": "dipportal.notifications.tasks.drain_mail",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS * 3},
    },
    "resume-batches": {
        "task": "dipportal.contracts.tasks.resume_batches",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS * 3},
    },
    # Reminders of a last day: hourly, so that a beat that was away for a night is made up for in the morning.
    "remind-of-answers": {
        "task": "dipportal.contracts.tasks.remind",
        "schedule": crontab(minute=5),
        "options": {"expires": 3600},
    },
    # Every theater has an hour of its own; what was missed is made up for within the week.
    "write-weekly-mails": {
        "task": "dipportal.notifications.tasks.write_weekly",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 300},
    },
    "write-sales-mails": {
        "task": "dipportal.notifications.tasks.write_sales",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 300},
    },
    "clear-sales-mails": {
        "task": "dipportal.notifications.tasks.clear_sales",
        "schedule": crontab(minute=20, hour=3),
        "options": {"expires": 3600},
    },
    "pull-contracts": {
        "task": "dipportal.dip.tasks.pull_all",
        "args": ["contracts"],
        "schedule": PULL_SECONDS,
        "options": {"expires": PULL_SECONDS},
    },
    "pull-catalogue": {
        "task": "dipportal.dip.tasks.pull_all",
        "args": ["catalogue"],
        "schedule": crontab(minute=20),
        "options": {"expires": 3600},
    },
    "pull-counts": {
        "task": "dipportal.dip.tasks.pull_all",
        "args": ["counts"],
        "schedule": crontab(minute=40),
        "options": {"expires": 3600},
    },
    # Of earlier seasons hardly anything changes; before the work of the week begins.
    "pull-counts-full": {
        "task": "dipportal.dip.tasks.pull_all",
        "args": ["counts-full"],
        "schedule": crontab(minute=10, hour=5, day_of_week=0),
        "options": {"expires": 3600},
    },
    "thin-points": {
        "task": "dipportal.ticketing.tasks.thin_points",
        "schedule": crontab(minute=50, hour=3),
        "options": {"expires": 3600},
    },
    # What sold in a week is another number as soon as the day changes; a beat that was away is made up for.
    "renew-due-sums": {
        "task": "dipportal.ticketing.tasks.renew_due_sums",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 300},
    },
    "renew-all-sums": {
        "task": "dipportal.ticketing.tasks.renew_all_sums",
        "schedule": crontab(minute=25, hour=4),
        "options": {"expires": 3600},
    },
    # The counts of all seasons came in the night before.
    "check-forecasts": {
        "task": "dipportal.ticketing.tasks.check_forecasts",
        "schedule": crontab(minute=30, hour=4, day_of_week=1),
        "options": {"expires": 3600},
    },
    "pull-reference": {
        "task": "dipportal.dip.tasks.pull_all",
        "args": ["reference"],
        "schedule": crontab(minute=5, hour=4),
        "options": {"expires": 3600},
    },
    "pull-contracts-full": {
        "task": "dipportal.dip.tasks.pull_all",
        "args": ["contracts-full"],
        "schedule": crontab(minute=40, hour=3),
        "options": {"expires": 3600},
    },
    "clear-sessions": {
        "task": "dipportal.organisations.tasks.clear_sessions",
        "schedule": crontab(minute=55, hour=2),
        "options": {"expires": 3600},
    },
    "clear-runs": {
        "task": "dipportal.dip.tasks.clear_runs",
        "schedule": crontab(minute=10, hour=3),
        "options": {"expires": 3600},
    },
}

# --- the portal's own API: a key in the header, JSON, nothing else ------------------------------------------
API_CALLS_PER_MINUTE = environment.whole_number("API_CALLS_PER_MINUTE", 60, least=1)
API_REFUSED_PER_MINUTE = environment.whole_number("API_REFUSED_PER_MINUTE", 30, least=1)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dipportal.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["dipportal.api.authentication.HasKey"],
    "DEFAULT_THROTTLE_CLASSES": ["dipportal.api.throttles.PerKey"],
    "DEFAULT_PARSER_CLASSES": ["dipportal.api.bodies.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["dipportal.api.bodies.Json"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "dipportal.api.bodies.AlwaysJson",
    "EXCEPTION_HANDLER": "dipportal.api.refusals.answered",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "dipportal for ticketing systems",
    "DESCRIPTION": "What a theater's own ticketing system tells of its performances. Read on in docs/api.md.",
    "VERSION": "1",
    "SERVERS": [{"url": "https://portal.example"}],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "TicketType": "dipportal.ticketing.enums.TicketKind",
        "Source": "dipportal.ticketing.enums.Source",
        "Status": "dipportal.catalogue.enums.PerformanceStatus",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# --- metrics: for whoever sends this as a bearer token; without one there is no such page ---------------------
METRICS_TOKEN = environment.text("METRICS_TOKEN")
if METRICS_TOKEN and not (METRICS_TOKEN.isascii() and len(METRICS_TOKEN) >= 20):
    raise ImproperlyConfigured("METRICS_TOKEN must be at least 20 characters long, all of them ASCII.")

# --- logs: ids and codes, no personal data -------------------------------------------------------------------
LOG_FORMAT = environment.choice("LOG_FORMAT", "console", {"console", "json"})
LOG_LEVEL = environment.choice("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"})
_log_steps: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
structlog.configure(
    processors=[*_log_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "portal": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                logs.errors_in_words,
                logs.without_keys,
                structlog.processors.JSONRenderer()
                if LOG_FORMAT == "json"
                else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
            ],
            "foreign_pre_chain": _log_steps,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "portal"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Whatever LOG_LEVEL says: what these tell of every step shows a page's context, or a statement's values.
        "django.template": {"level": "INFO"},
        "django.db.backends": {"level": "INFO"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
