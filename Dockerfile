# The portal as one image; the command decides whether it serves, works or keeps time (docker-compose.yml).
FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --requirement /tmp/base.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=dipportal.settings \
    STATIC_MANIFEST=true \
    LOG_FORMAT=json \
    VAR_DIR=/app/var
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin portal \
    && mkdir -p /app/var/private /data \
    && chown portal:portal /app/var /app/var/private /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY scripts/healthcheck.py scripts/healthcheck.py
COPY docs/dip-openapi.yaml docs/dip-openapi.yaml
COPY static static
COPY locale locale
COPY templates templates
COPY dipportal dipportal
# Readable for the portal's user, however strict the checkout was about it.
RUN chmod -R a+rX . && python -m compileall -q dipportal
USER portal
# Values for this one step: no key is made, so none is baked into the image.
RUN SECRET_KEY=build-step CREDENTIAL_KEYS=build-step CELERY_BROKER_URL=memory:// CACHE_URL=redis://unused \
    python manage.py collectstatic --no-input --verbosity 0
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "scripts/healthcheck.py", "web"]
CMD ["gunicorn", "dipportal.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
