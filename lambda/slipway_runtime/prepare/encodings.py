"""The encoding that a document declares, as browsers understand its label.

Source: WHATWG Encoding Standard, section 4.2 "Names and labels": latin1, iso-8859-1 and us-ascii mean windows-1252, and
the East Asian labels mean the larger sets that are really written under them.
"""

import codecs
import re

META = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{2,40})""", re.IGNORECASE)
XML = re.compile(rb"""\s{0,8}<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([a-zA-Z0-9_.:-]{2,40})["']""", re.IGNORECASE)
HEAD_BYTES = 4096
COMPACT = re.compile(r"\Aiso8859([0-9]{1,2})\Z")
# By the name that Python gives to what a label names.
WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Labels that Python does not know, or takes for something else.
LABELS = {
    "x-user-defined": "cp1252",
    "iso_8859-1:1987": "cp1252",
    "dos-874": "cp874",
    "windows-874": "cp874",
    "csisolatin9": "iso8859-15",
    "latin-9": "iso8859-15",
    "csiso88596e": "iso8859-6",
    "csiso88596i": "iso8859-6",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "csiso88598e": "iso8859-8",
    "csiso88598i": "iso8859-8",
    "sun_eu_greek": "iso8859-7",
    "macintosh": "mac-roman",
    "csmacintosh": "mac-roman",
    "mac": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "csgb2312": "gb18030",
    "chinese": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "windows-949": "cp949",
    "cseuckr": "cp949",
    "csksc56011987": "cp949",
    "iso-ir-149": "cp949",
    "ksc_5601": "cp949",
    "x-euc-jp": "euc_jp",
    "cseucpkdfmtjapanese": "euc_jp",
    "csiso2022jp": "iso2022_jp",
}
# Python also has codecs that are no encodings of documents, such as unicode_escape and UTF-7.
KNOWN = frozenset(
    (
        *(f"cp{number}" for number in (437, 850, 852, 866, 874, 932, 949, *range(1250, 1259))),
        *(f"iso8859-{part}" for part in (*range(2, 9), 10, 13, 14, 15, 16)),
        *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "mac-latin2"),
        *("gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "johab"),
    )
)


def declared(data: bytes) -> str | None:
    """Return Python's name of the encoding that the head of an HTML page or an XML declaration names, if it is one."""
    head = data[:HEAD_BYTES]
    match = META.search(head) or XML.match(head)
    return codec(match[1].decode("ascii")) if match else None


def codec(label: str) -> str | None:
    """Return Python's name of the encoding that a label means, or None for one of no document."""
    label = label.strip().lower()
    # ISO-8859-8-I differs from ISO-8859-8 in how it is shown, and x-cp1252 from cp1252 in nothing.
    plain = LABELS.get(label) or label.removeprefix("x-").removesuffix("-i").removesuffix("-e")
    plain = COMPACT.sub(r"iso8859-\1", plain)
    try:
        name = codecs.lookup(plain).name
    except LookupError:
        return None
    name = WIDER.get(name, name)
    return name if name in KNOWN else None
