"""The language of a text. The sentences are article 1 of the Universal Declaration of Human Rights (ohchr.org)."""

import pytest

from slipway_runtime.prepare.rules.language import identify

ARTICLE = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and "
    "conscience and "
    "should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und "
    "Gewissen begabt und "
    "sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
    "consciência, "
    "devem agir uns para com os outros em espírito de fraternidade.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met "
    "verstand en geweten, "
    "en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i "
    "sumieniem i powinni postępować wobec innych w duchu braterstwa. Nie jest to do wyboru.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и "
    "совестью и должны "
    "поступать в отношении друг друга в духе братства.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "zh": "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
}


@pytest.mark.capability("D5")
@pytest.mark.parametrize(("language", "text"), ARTICLE.items(), ids=ARTICLE)
def test_a_sentence_or_two_tell_the_language(language: str, text: str) -> None:
    assert identify(text) == language


@pytest.mark.parametrize("text", ["", "12 34", "xyzzy plugh", "ok", "Title"])
def test_too_little_is_no_language(text: str) -> None:
    assert identify(text) == ""


def test_a_quotation_at_either_end_does_not_change_the_language() -> None:
    assert identify(ARTICLE["fr"] + 100 * ARTICLE["en"] + ARTICLE["fr"]) == "en"


@pytest.mark.capability("D5")
@pytest.mark.parametrize("times", [6, 60])
@pytest.mark.parametrize("order", [("en", "ru"), ("ru", "en", "ru"), ("de", "en")])
def test_a_text_in_two_languages_is_not_taken_for_the_lesser_one(order: tuple[str, ...], times: int) -> None:
    assert identify("".join(times * ARTICLE[each] for each in order)) in ("", *(("ru",) if len(order) == 3 else ()))


# Rules on leave in an office, in our own words.
OTHERS = {
    "ur": "ہر ملازم کو ہر سال بیس دن کی تنخواہ کے ساتھ چھٹی کا حق ہے۔ درخواست دو ہفتے پہلے دی جائے۔",
    "ps": "هر کارکوونکی په کال کې د شلو ورځو رخصتۍ حق لري. غوښتنلیک باید دوه اونۍ مخکې ورکړل شي.",
    "mr": "प्रत्येक कर्मचाऱ्याला दरवर्षी वीस दिवसांची पगारी रजा मिळण्याचा हक्क आहे. अर्ज दोन आठवडे आधी द्यावा.",
    "ne": "प्रत्येक कर्मचारीलाई हरेक वर्ष बीस दिनको तलबी बिदा पाउने अधिकार छ। निवेदन दुई हप्ता अगाडि दिनुपर्छ।",
    "yi": "יעדער ארבעטער האט א רעכט צו צוואנציק טעג באצאלטע וואקאציע יעדעס יאר. די אפליקאציע דארף מען געבן.",
    "as": "প্ৰত্যেক কৰ্মচাৰীয়ে বছৰি বিশ দিনৰ দৰমহাসহ ছুটীৰ অধিকাৰ আছে। আবেদন দুসপ্তাহ আগতে দিব লাগিব।",
    "mk": "Секој вработен има право на дваесет дена платен одмор секоја година. Барањето треба да се достави "
    "две недели "
    "порано до раководителот, кој одговара во рок од три дена.",
    "be": "Кожны работнік мае права на дваццаць дзён аплачванага адпачынку штогод. Заяву трэба падаць за два тыдні да "
    "кіраўніка, які адказвае на працягу трох дзён.",
    "kk": "Әр қызметкер жыл сайын жиырма күн ақылы демалыс алуға құқылы. Өтінішті екі апта бұрын басшыға беру "
    "керек, ол "
    "үш күн ішінде жауап береді.",
    "ms": "Setiap pekerja berhak mendapat dua puluh hari cuti bergaji setiap tahun. Permohonan hendaklah dihantar dua "
    "minggu lebih awal kepada pengurus, yang akan menjawab dalam masa tiga hari.",
    "gl": "Cada empregado ten dereito a vinte días de vacacións pagadas cada ano. A solicitude debe presentarse dúas "
    "semanas antes ao responsable, que responde no prazo de tres días.",
    "af": "Elke werknemer is geregtig op twintig dae betaalde verlof elke jaar. Die aansoek moet twee weke "
    "vooraf by die "
    "bestuurder ingedien word, wat binne drie dae antwoord.",
}


@pytest.mark.capability("D5")
@pytest.mark.parametrize("times", [1, 5, 40])
@pytest.mark.parametrize(("language", "text"), OTHERS.items(), ids=OTHERS)
def test_a_language_beside_another_one_is_not_taken_for_it(language: str, text: str, times: int) -> None:
    assert identify(times * (text + " ")) in ("", language)
