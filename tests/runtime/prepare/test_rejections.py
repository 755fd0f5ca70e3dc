"""What cannot be read is refused with a code and a remedy, and never costs the function."""

import io
import os
import subprocess
import sys
import zipfile

import pytest

from slipway_runtime.prepare import prepare as module
from slipway_runtime.prepare.isolate import Limits, read_isolated
from slipway_runtime.prepare.keys import parse_key
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.sniff import PDF

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def code_of(data: bytes, path: str, limits: Limits | None = None) -> str:
    with pytest.raises(Rejected) as caught:
        prepare(data, path, limits)
    assert len(caught.value.reason) > 20
    return caught.value.code


@pytest.mark.capability("D1")
@pytest.mark.parametrize(
    ("data", "path", "code"),
    [
        (b"", "a.md", "empty"),
        (b" \n\t ", "a.md", "empty"),
        ("\u200b\u200b\ufeff".encode(), "a.txt", "empty"),
        (b"<html><body><script>x</script></body></html>", "a.html", "empty"),
        (b"name,price\n", "a.csv", "empty"),
        (b"{}", "a.json", "empty"),
        (b'a,b\n"open,1\n', "a.csv", "broken_csv"),
        (b'{"a": ', "a.json", "broken_json"),
        (b'{"a": 1}\nnot json\n', "a.jsonl", "broken_json"),
        (b"[" * 100_000, "a.json", "broken_json"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "a.png", "unsupported_type"),
        (b"\x00\x01\x02\x03" * 50, "a.bin", "unsupported_type"),
        (b"\x00\x01\x02\x03" * 50, "a.md", "unsupported_type"),
        (b"\x00\xff\x01\xfe\x80" * 50, "a.md", "unsupported_type"),
        (b"one \x00 zero byte in text of no kind", "a", "unsupported_type"),
        (b"{\\rtf1 x}", "a.rtf", "unsupported_type"),
        (OLE + b"\x00" * 600, "a.doc", "unsupported_type"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", "encrypted_docx"),
        (b"<html>an error page</html>", "a.pdf", "broken_pdf"),
        (b"plain", "a.docx", "broken_docx"),
        (b"%PDF-1.7\nnothing that follows makes sense", "a.pdf", "broken_pdf"),
        (b"PK\x03\x04 and no archive", "a.docx", "broken_docx"),
        (b"\xff\xfe\x00\xd8", "a.txt", "bad_encoding"),
    ],
)
def test_unreadable_content_is_refused_by_code(data: bytes, path: str, code: str) -> None:
    assert code_of(data, path) == code


def test_the_reason_names_the_line_of_broken_json() -> None:
    with pytest.raises(Rejected, match="line 2"):
        prepare(b'{"a": 1}\nnot json\n', "a.jsonl")


def test_an_encrypted_pdf_asks_for_an_unprotected_copy(make_encrypted_pdf) -> None:
    assert code_of(make_encrypted_pdf(), "a.pdf") == "encrypted_pdf"


def test_a_scan_is_told_to_run_text_recognition(make_pdf) -> None:
    assert code_of(make_pdf([[], []]), "scan.pdf") == "no_text_layer"


def test_a_truncated_pdf_is_refused_or_read_in_part_but_never_crashes(make_pdf) -> None:
    whole = make_pdf([["Some text to keep."]] * 3)
    for length in range(100, len(whole), 150):
        try:
            assert "Some text" in prepare(whole[:length], "a.pdf").text
        except Rejected as rejected:
            assert rejected.code in ("broken_pdf", "no_text_layer")


def test_a_pdf_bomb_becomes_a_rejection_under_the_limits_of_the_child(make_bomb_pdf) -> None:
    bomb = make_bomb_pdf(600 * 1024**2)
    assert len(bomb) < 50_000
    limits = Limits(memory_bytes=512 * 1024**2, cpu_seconds=5, wall_seconds=20)
    assert code_of(bomb, "a.pdf", limits) in ("zip_bomb", "broken_pdf", "too_slow", "no_text_layer")


def test_a_parser_that_crashes_is_told_of_as_damage_or_a_bomb(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Rejected, match="decompression bomb") as caught:
        read_isolated(PDF, b"x")
    assert caught.value.code == "broken_pdf"
    assert "viewer" not in caught.value.reason


def test_the_child_cannot_write_a_file(tmp_path) -> None:
    file = tmp_path / "written"
    program = f"""
import os, signal
from slipway_runtime.prepare.child import limit
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit(2**40, 60)
os.write(os.open({str(file)!r}, os.O_CREAT | os.O_WRONLY), b"x")
"""
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert file.read_bytes() == b""


def test_a_reader_that_takes_too_long_is_stopped(make_pdf) -> None:
    with pytest.raises(Rejected, match="split the document") as caught:
        read_isolated(PDF, make_pdf([["x"]]), Limits(wall_seconds=0.001))
    assert caught.value.code == "too_slow"


def test_more_text_than_the_limit_is_refused(make_pdf) -> None:
    assert code_of(make_pdf([["abcdefghij"] * 20]), "a.pdf", Limits(text_characters=100)) == "too_large"


def test_the_child_sees_no_credentials(make_pdf, monkeypatch) -> None:
    """A probe in place of the reader, found first on the path the parent hands over, would print what it sees."""
    import subprocess

    seen = {}
    real = subprocess.run

    def spy(*arguments, **keywords):
        seen.update(keywords["env"])
        return real(*arguments, **keywords)

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setattr(subprocess, "run", spy)
    prepare(make_pdf([["text"]]), "a.pdf")
    assert set(seen) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}


@pytest.mark.capability("D1")
def test_a_zip_bomb_in_docx_is_refused_by_what_it_declares(make_docx, word_paragraph) -> None:
    bomb = make_docx(word_paragraph("x"), extra={"word/media/image.bin": b"\x00" * (30 * 1024**2)})
    assert len(bomb) < 100_000
    assert code_of(bomb, "a.docx") == "zip_bomb"


def test_a_docx_with_too_many_parts_is_refused(make_docx, word_paragraph) -> None:
    parts = {f"word/part{index}.bin": b"x" for index in range(5_001)}
    assert code_of(make_docx(word_paragraph("x"), extra=parts), "a.docx") == "zip_bomb"


def test_entities_in_docx_are_refused(make_docx, word_paragraph) -> None:
    head = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    assert code_of(make_docx(word_paragraph("&e;"), head=head), "a.docx") == "broken_docx"


def test_another_archive_is_no_docx() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert code_of(out.getvalue(), "a.zip") == "unsupported_type"


def test_deep_nesting_in_docx_is_refused_by_the_child(make_docx, word_paragraph) -> None:
    nested = "<w:sdt><w:sdtContent>" * 3_000 + word_paragraph("x") + "</w:sdtContent></w:sdt>" * 3_000
    assert code_of(make_docx(nested), "a.docx") == "broken_docx"


@pytest.mark.parametrize(
    "key",
    [
        "no-tenant.md",
        "/leading.md",
        "Tenant/upper.md",
        "a" * 65 + "/long-tenant.md",
        "t/../../etc/passwd",
        "t/./a.md",
        "t//a.md",
        "t/a/",
        "t/",
        "t/new\nline.md",
        "t/nul\x00.md",
        "t/c1\x85.md",
        "t/" + "é" * 512,
        "",
    ],
)
def test_tricks_in_object_keys_are_refused(key: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_key(key)
    assert caught.value.code == "invalid_key"


def test_a_key_names_tenant_path_and_a_stable_id() -> None:
    key = parse_key("team-1/a b/ü (1).md")
    assert (key.tenant, key.path) == ("team-1", "a b/ü (1).md")
    assert key.document_id == parse_key("team-1/a b/ü (1).md").document_id
    assert key.document_id.startswith("doc_")
    assert len(key.document_id) == 36


def test_a_declared_encoding_that_always_fails_is_guessed_over() -> None:
    """Templates print "undefined", and Python has a codec of that name, which raises."""
    page = b'<html><head><meta charset="undefined"></head><body><p>caf\xe9 text</p></body></html>'
    assert "café text" in prepare(page, "a.html").text


def test_a_reader_that_fails_in_an_unforeseen_way_is_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise RecursionError("private words")

    monkeypatch.setattr(module, "read", broken)
    with pytest.raises(Rejected) as refused:
        prepare(b"# Title", "a.md")
    assert refused.value.code == "broken_text"
    assert "RecursionError" in refused.value.reason
    assert "private" not in refused.value.reason
