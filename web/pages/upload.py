"""A form that a browser sends with a file, multipart/form-data (RFC 7578), taken apart. Pure; nothing is written."""

from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP

from web.middleware.request_body import FORM
from web.problems import HttpProblem


@dataclass(frozen=True, slots=True)
class Field:
    """What one field of a form holds."""

    content: bytes
    file_name: str = ""


def read_form(content_type: str, body: bytes) -> dict[str, Field]:
    """The fields of a form by name, the first of each. Raises HttpProblem for what is no such form."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise HttpProblem("unsupported_body", "Please choose a file, or paste a list, and send it with the form here.")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    fields: dict[str, Field] = {}
    for part in form.iter_parts() if form.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields.setdefault(name, Field(content, part.get_filename() or ""))
    if not fields:
        raise HttpProblem("bad_request", "What was sent is no form that can be read; please try once more.")
    return fields
