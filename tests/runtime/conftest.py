"""Builders of real documents (PDF byte by byte, DOCX by zipfile), and the local services over HTTP."""

import hashlib
import io
import json
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from slipway_local.serving import serve
from support.served import ServedDataApi, client, serve_data_api

PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf_file(objects: list[bytes], trailer: str = "") -> bytes:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def stream(data: bytes, extra: str = "") -> bytes:
    return f"<< /Length {len(data)} {extra} >>\nstream\n".encode() + data + b"\nendstream"


def page_content(lines: list[str]) -> bytes:
    escaped = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    shown = "".join(f"({line}) Tj 0 -14 Td\n" for line in escaped)
    return f"BT /F1 11 Tf 60 780 Td\n{shown}ET".encode("latin-1")


def pdf(pages: list[list[str]], *, title: str = "", contents: list[bytes] | None = None, trailer: str = "") -> bytes:
    """A PDF with one list of lines per page; `contents` replaces the page streams."""
    streams = contents or [stream(page_content(lines)) for lines in pages]
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Title ({title}) >>".encode(),
    ]
    for index, body in enumerate(streams):
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
        objects += [f"{page}/Contents {6 + 2 * index} 0 R >>".encode(), body]
    return pdf_file(objects, f"/Info 4 0 R {trailer}")


def rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def encrypted_pdf(password: bytes = b"secret") -> bytes:
    """The standard security handler, revision 2 (ISO 32000-1, algorithms 2 to 4): opens with the password only."""
    padded = (password + PAD)[:32]
    owner = rc4(hashlib.md5(padded).digest()[:5], padded)
    identifier = b"0123456789abcdef"
    key = hashlib.md5(padded + owner + (-4).to_bytes(4, "little", signed=True) + identifier).digest()[:5]
    user = rc4(key, PAD)
    encrypt = f"<< /Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{user.hex()}> /P -4 >>"
    trailer = f"/Encrypt {encrypt} /ID [<{identifier.hex()}> <{identifier.hex()}>]"
    return pdf([["hidden"]], trailer=trailer)


def bomb_pdf(unpacked_bytes: int) -> bytes:
    """A page whose content stream deflates twice from a few kilobytes to `unpacked_bytes`."""
    packer = zlib.compressobj(9)
    block = b"0 0 m " * 200_000
    parts = [packer.compress(block) for _ in range(unpacked_bytes // len(block))]
    once = b"".join(parts) + packer.flush()
    return pdf([], contents=[stream(zlib.compress(once, 9), "/Filter [/FlateDecode /FlateDecode]")])


def docx(body: str, *, extra: dict[str, bytes] | None = None, head: str = "") -> bytes:
    """A DOCX whose document body is the given WordprocessingML."""
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{office}" Target="word/document.xml"/></Relationships>'
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/></w:style>'
        for level in (1, 2)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        archive.writestr("word/styles.xml", f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>')
        document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
        archive.writestr("word/document.xml", f'<?xml version="1.0"?>{head}{document}')
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    return pdf


@pytest.fixture
def make_docx() -> Callable[..., bytes]:
    return docx


@pytest.fixture
def word_paragraph() -> Callable[..., str]:
    return paragraph


@pytest.fixture
def make_encrypted_pdf() -> Callable[..., bytes]:
    return encrypted_pdf


@pytest.fixture
def make_bomb_pdf() -> Callable[[int], bytes]:
    return bomb_pdf


class ScriptedBedrock:
    """A Bedrock that gives the scripted answers, in order, over HTTP; the last one stays.

    An answer is (status, error type or "", body). What was asked is kept in `requests` as (path, body).
    """

    def __init__(self) -> None:
        self.script: list[tuple[int, str, dict[str, Any]]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self._lock:
            self.requests.append((environ["PATH_INFO"], body))
            status, error, answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        headers = [("content-type", "application/json")] + ([("x-amzn-errortype", error)] if error else [])
        data = json.dumps(answer).encode()
        start_response(f"{status} scripted", [*headers, ("content-length", str(len(data)))])
        return [data]


@dataclass(frozen=True, kw_only=True)
class ServedBedrock:
    app: ScriptedBedrock
    client: Any


@pytest.fixture
def scripted_bedrock() -> Iterator[ServedBedrock]:
    app = ScriptedBedrock()
    with serve(app) as url:
        yield ServedBedrock(app=app, client=client("bedrock-runtime", url))


@pytest.fixture(scope="session")
def served_data_api() -> Iterator[ServedDataApi]:
    with serve_data_api() as served:
        yield served
