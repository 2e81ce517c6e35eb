"""Files that people get: out of a private folder that no web server serves, and as a reply that nobody keeps."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse
from django.utils.http import content_disposition_header


class PrivateStorage(FileSystemStorage):
    """The folder `PRIVATE_DIR`, readable by the owner only. Its files have no address: a view decides who gets one."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> str:
        return str(settings.PRIVATE_DIR)

    @property
    def location(self) -> str:
        return str(Path(self.base_location).absolute())

    def url(self, name: str | None) -> str:
        raise ValueError("private files have no address")


def private_storage() -> PrivateStorage:
    """For a FileField: a callable, so that no path stands in a migration."""
    return PrivateStorage()


def pdf_reply(content: bytes, name: str) -> HttpResponse:
    """A PDF to keep on one's own disk: no cache holds it, and no browser takes it for anything else."""
    return HttpResponse(content, headers=_headers(name))


def file_reply(content: bytes, name: str, content_type: str) -> HttpResponse:
    """The same for a file of another kind."""
    return HttpResponse(content, headers={**_headers(name), "Content-Type": content_type})


def private_pdf(file: FieldFile, name: str) -> FileResponse:
    """The same for a file of `PrivateStorage`. Raises Http404 when the disk does not have it (any more)."""
    try:
        opened = file.open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    return FileResponse(opened, as_attachment=True, filename=name, headers=_headers(name))


def _headers(name: str) -> dict[str, Any]:
    return {
        "Content-Type": "application/pdf",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
        "Cache-Control": "no-store, private",
        "X-Content-Type-Options": "nosniff",
    }
