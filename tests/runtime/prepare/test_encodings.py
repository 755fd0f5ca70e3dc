"""Bytes become the text that was written, or are refused: never other text."""

import pytest

from slipway_runtime.prepare.encodings import codec
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected

pytestmark = pytest.mark.capability("D1")
POLISH = (
    "Każdy pracownik ma prawo do dwudziestu dni płatnego urlopu. Wniosek należy złożyć dwa tygodnie wcześniej, ową."
)
CZECH = "Každý zaměstnanec má nárok na dvacet dní placené dovolené. Žádost je třeba podat dva týdny předem."
RUSSIAN = "Каждый сотрудник имеет право на двадцать дней оплачиваемого отпуска. Заявление подаётся за две недели."
FRENCH = "Le café – naïve “quotes” et l’été à Genève, déjà vu; coûté 5 €."
JAPANESE = "社員は毎年二十日間の有給休暇を取得できます。未使用の休暇は翌年まで繰り越すことができます。"
WRITTEN = [
    (POLISH, "cp1250"),
    (POLISH, "iso8859-2"),
    (POLISH, "cp852"),
    (CZECH, "cp1250"),
    (CZECH, "iso8859-2"),
    ("Minden munkavállaló évi húsz nap fizetett szabadságra jogosult, és a kérelmet két héttel előbb.", "cp1250"),
    ("Her çalışanın yılda yirmi gün ücretli izin hakkı vardır. Başvuru için iki hafta önceden ve bu yıl.", "cp1254"),
    ("Kiekvienas darbuotojas turi teisę į dvidešimt dienų atostogų, ir tai yra už metus, kaip šįmet.", "cp1257"),
    (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8-r"),
    (RUSSIAN, "iso8859-5"),
    (RUSSIAN, "cp866"),
    ("Κάθε εργαζόμενος δικαιούται είκοσι ημέρες άδεια με αποδοχές. Η αίτηση υποβάλλεται πριν.", "cp1253"),
    ("לכל עובד יש זכות לעשרים ימי חופשה בתשלום. יש להגיש בקשה שבועיים מראש.", "cp1255"),
    ("لكل موظف الحق في عشرين يوما من الإجازة المدفوعة. يجب تقديم الطلب قبل أسبوعين.", "cp1256"),
    ("พนักงานทุกคนมีสิทธิลาพักร้อนปีละยี่สิบวันโดยได้รับค่าจ้างตามปกติ", "cp874"),
    (JAPANESE, "cp932"),
    (JAPANESE, "euc_jp"),
    (JAPANESE, "iso2022_jp"),
    ("모든 직원은 매년 이십 일의 유급 휴가를 받을 권리가 있습니다. 신청서는 이 주 전에 제출해야 합니다.", "cp949"),
    ("每位员工每年享有二十天带薪年假，未使用的假期可以顺延至下一年三月底。", "gb18030"),
    ("每位員工每年享有二十天帶薪年假，未使用的假期可以順延至下一年三月底。", "big5"),
    (FRENCH, "cp1252"),
    (FRENCH, "mac-roman"),
    ("Jedes Gerät prüfen: Öl, Wärme und Größe müssen stimmen, für die Übergabe.", "cp850"),
    ("Price: €100 – don’t pay “more”, café", "cp1252"),
    ("Müller;Köln;Größe", "cp1252"),
    ("Cada año el niño come más piñas que en España, según dicen los médicos de la región.", "cp1252"),
    ("A redução é válida para todos os clientes que não têm dívidas e estão em situação regular.", "cp1252"),
]


@pytest.mark.parametrize(("text", "encoding"), WRITTEN, ids=[f"{encoding} {text[:9]}" for text, encoding in WRITTEN])
@pytest.mark.parametrize("times", [1, 400])
def test_undeclared_text_is_read_by_the_encoding_that_makes_sense_of_it(text: str, encoding: str, times: int) -> None:
    whole = "\n".join([text] * times)
    assert prepare(whole.encode(encoding), "a.txt").text == whole


@pytest.mark.parametrize("text", ["España", "Hélène;Lefèvre", "Zażółć", "Привет"])
@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "iso8859-2", "koi8-r", "cp1251", "mac-roman"])
def test_a_word_alone_is_read_as_it_was_written_or_refused(text: str, encoding: str) -> None:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    try:
        assert prepare(data, "a.txt").text == text
    except Rejected as rejected:
        assert rejected.code == "bad_encoding"
        assert "save the document as UTF-8" in rejected.reason


def test_what_may_be_two_encodings_is_refused_with_both_names() -> None:
    with pytest.raises(Rejected, match="may be cp1252 or cp1250") as refused:
        prepare("Hélène;Lefèvre".encode("cp1252"), "a.txt")
    assert refused.value.code == "bad_encoding"


def test_utf_8_with_bytes_of_another_encoding_is_refused() -> None:
    with pytest.raises(Rejected, match="bad_encoding"):
        prepare("Grüße aus Köln".encode() + "Grüße".encode("cp1252"), "a.txt")


LABELS = {
    "cp1252": "latin1 us-ascii iso-8859-1 l1 ascii windows-1252 x-cp1252 x-user-defined iso88591 csisolatin1 ibm819",
    "cp1254": "iso-8859-9 latin5 l5 iso88599 windows-1254",
    "cp874": "tis-620 iso-8859-11 dos-874 windows-874",
    "gb18030": "gb2312 gbk x-gbk chinese gb_2312-80 csgb2312",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5 csbig5",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji csshiftjis",
    "cp949": "euc-kr ks_c_5601-1987 korean windows-949 ksc_5601 cseuckr",
    "iso8859-8": "iso-8859-8 iso-8859-8-i logical visual hebrew iso-8859-8-e",
    "iso8859-2": "iso-8859-2 latin2 iso88592 l2 iso_8859-2:1987",
    "koi8-r": "koi koi8 koi8-r cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "mac macintosh x-mac-roman csmacintosh",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
}


def test_labels_mean_what_they_mean_to_browsers() -> None:
    """https://encoding.spec.whatwg.org/#names-and-labels"""
    for name, labels in LABELS.items():
        assert {label: codec(label) for label in labels.split()} == dict.fromkeys(labels.split(), name)


@pytest.mark.parametrize("label", ["unicode_escape", "utf-7", "base64", "undefined", "idna", "utf-8", "nonsense"])
def test_what_is_no_encoding_of_8_bit_text_is_no_declaration(label: str) -> None:
    assert codec(label) is None


@pytest.mark.parametrize("label", ["iso-8859-1", "latin1", "us-ascii", "x-user-defined"])
def test_a_page_in_latin_1_keeps_its_quotes_and_euros(label: str) -> None:
    page = f"<html><head><meta charset={label}></head><body><p>Price: €100 – don’t “stop”</p></body></html>"
    assert prepare(page.encode("cp1252"), "a.html").text == "Price: €100 – don’t “stop”"


def test_an_xml_declaration_names_the_encoding() -> None:
    page = "<?xml version='1.0' encoding='iso-8859-2'?><html><body><p>Zażółć</p></body></html>"
    assert prepare(page.encode("iso8859-2"), "a.xhtml").text == "Zażółć"


def test_a_declaration_by_which_bytes_mean_nothing_is_not_believed() -> None:
    page = f"<html><head><meta charset=iso-8859-2></head><body><p>{CZECH}</p></body></html>"
    assert prepare(page.encode("cp1250"), "a.html").text == CZECH


def test_evidence_late_in_a_long_line_counts() -> None:
    text = "word " * 50_000
    assert prepare(f"{text}{RUSSIAN}".encode("koi8-r"), "a.txt").text == f"{text}{RUSSIAN}"
    with pytest.raises(Rejected, match="bad_encoding"):
        prepare(f"{text}Hélène".encode("cp1252"), "a.txt")
