"""What speaks for a language when bytes are read by an encoding: its letters beyond ASCII, and the most common of all.

Source: CLDR exemplar characters; frequencies as in Wikipedia, "Letter frequency", and Jun Da's list of characters.
"""

from dataclasses import dataclass

from slipway_runtime.prepare.rules.function_words import FUNCTION_WORDS

WESTERN = {
    "en": "éèêëïîôöüàâçñ",
    "de": "äöüßéèàç",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúüç",
    "pt": "áâãàçéêíóôõúü",
    "it": "àèéìíîòóùú",
    "nl": "áéèêëïíóöü",
    "sv": "åäöéàü",
    "da": "æøåéüö",
    "no": "æøåéòôêüö",
    "fi": "äöåéü",
    "ca": "àçèéíïòóúü",
    "is": "áðéíóúýþæö",
}
CENTRAL = {
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîşţ",
    "hr": "čćđšž",
    "sl": "čšžćđ",
}
BALTIC = {"lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "et": "äõöüšž"}
TURKISH = {"tr": "çğıöşüâîû\u0307"}
CYRILLIC = {
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюяѝ",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
}
GREEK = {"el": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ"}
HEBREW = {"he": "אבגדהוזחטיךכלםמןנסעףפץצקרשת\u05b0\u05b1\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05c1\u05c2"}
ARABIC = {"ar": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْـ", "fa": "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیءأئيك"}
THAI = {"th": "".join(map(chr, (*range(0xE01, 0xE3B), *range(0xE40, 0xE4F))))}
MIN_COMMON = 3
MIN_WORDS = 2
# The ten to forty that make this share of a text, and hardly of one that is read wrongly.
COMMON = {
    **dict.fromkeys(CYRILLIC, ("оаеинтсрвліј", 0.5)),
    "el": ("αοιετσνηυρςίό", 0.5),
    "he": ("ויהלאתרמבנש", 0.5),
    "ar": ("اليمنوترهةبعأ", 0.5),
    "fa": ("ایرندهمتوسبي", 0.5),
    "th": ("านรอกเงมยลวดท่้ี", 0.45),
    "ja": ("".join(map(chr, range(0x3041, 0x3094))), 0.2),
    "zh": (
        "的一是不了在人有我他这这中大来上个国和地到说们为子会出你对生能年得就那要下以可這來個國說們為會對時也十",
        0.08,
    ),
    "ko": ("이다는을의에가고로하은를기지한사", 0.1),
}


@dataclass(frozen=True)
class Evidence:
    """How many letters beyond ASCII a language does not write, and how many of its function words or common letters
    there are: enough where `is_sure`.
    """

    strange: int
    hits: int
    is_sure: bool


def weigh(language: str, letters: str, alphabet: str, words: list[str]) -> Evidence:
    """Return what speaks for a language; `letters` are those beyond ASCII, in lower case. All are strange to a language
    whose common ones are too few.
    """
    strange = sum(letter not in alphabet for letter in letters) if alphabet else 0
    if language in COMMON:
        common, share = COMMON[language]
        hits = sum(map(common.__contains__, letters))
        is_sure = hits >= max(MIN_COMMON, share * len(letters))
        return Evidence(strange if is_sure else len(letters) + 1, hits, is_sure)
    known = FUNCTION_WORDS.get(language, ())
    hits = sum(map(known.__contains__, words))
    return Evidence(strange, hits, hits >= MIN_WORDS)
