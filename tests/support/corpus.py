"""A mixed corpus of known truth: what is kept and what is rejected, with which code."""

import zipfile
from io import BytesIO

REJECTS = {
    "empty.txt": (b"  \n ", "empty"),
    "picture.png": (b"\x89PNG\r\n\x1a\n0000", "unsupported_type"),
    "broken.pdf": (b"%PDF-1.7\nnothing of a PDF follows", "broken_pdf"),
    "named.docx": (b"not a zip archive", "broken_docx"),
    "bad.json": (b'{"a": [1, 2', "broken_json"),
    "large.txt": (b"x" * 1_000_001, "too_large"),
}


def documents(number: int, tenants: tuple[str, ...] = ("acme", "globex")) -> dict[str, bytes]:
    """Return so many good objects by key, of every text format and DOCX, for each tenant in turn."""
    return {f"{tenants[at % len(tenants)]}/{at % 7}/{name}": data for at in range(number) for name, data in [_one(at)]}


def rejects(tenant: str = "acme") -> dict[str, tuple[bytes, str]]:
    """Return the objects that are refused, by key, each with its code."""
    return {f"{tenant}/bad/{name}": found for name, found in REJECTS.items()} | {
        "No Tenant/of/this/name.txt": (b"text", "invalid_key"),
    }


def _one(at: int) -> tuple[str, bytes]:
    words = f"Pump {at} is serviced every {at + 3} weeks. Grüße, naïve café — “quoted” ½ of it."
    match at % 6:
        case 0:
            return f"d{at}.md", f"# Manual {at}\n\n## Service\n\n{words}\n".encode()
        case 1:
            return f"d{at}.txt", (words + "\r\n\x00\u200b").encode("utf-16")
        case 2:
            body = f"<p>{words}</p><ul><li>first</li><li>second</li></ul>"
            return (
                f"d{at}.html",
                f"<html><head><title>T{at}</title></head><body><main>{body}</main></body></html>".encode(),
            )
        case 3:
            return f"d{at}.csv", f"name,weeks\npump {at},{at + 3}\n".encode()
        case 4:
            return f"d{at}.jsonl", f'{{"id": {at}, "text": "{words}"}}\n{{"id": 2}}\n'.encode()
        case _:
            return f"d{at}.docx", _docx(words)


def _docx(text: str) -> bytes:
    body = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    packages = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r1" Type="{office}" '
        f'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{main}"><w:body>{body}</w:body></w:document>',
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return out.getvalue()
