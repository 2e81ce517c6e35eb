"""Django settings of the sandbox alone. It has no database, no apps and no middleware."""

from __future__ import annotations

from pathlib import Path

# Nothing is signed with it; Django only wants one.
SECRET_KEY = "dip-sandbox-holds-no-secrets"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "dipportal.sandbox.urls"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = None
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parent / "templates"],
        "OPTIONS": {"builtins": ["dipportal.sandbox.formats"]},
    }
]
USE_TZ = False
USE_I18N = False
LOGGING_CONFIG = None
