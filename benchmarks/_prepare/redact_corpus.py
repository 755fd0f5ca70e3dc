"""Generated prose with personal data of known place, and decoys that only look like it. The same for every library.

Source: the words are the commonest of English; forms of numbers are those of the E.123 and ISO standards that
`slipway_runtime.prepare.redact` cites, made valid by their own checksums and not by the code under test.
"""

import random
from dataclasses import dataclass

WORDS_TEXT = (
    "the of and to in a is that for it was on are as with his they at be this from have or by one had not but "
    "what all were when we there can an your which their said if do will each about how up out them then she "
    "many some so these would other into has more two like him see time could no make than first been its who "
    "now people my made over did down only way find use may water long little very after words called just where "
    "most know project report meeting customer contract delivery machine garden engine pressure valve inspection "
    "schedule invoice warehouse regional manager agreement section temperature maintenance document several "
    "although between different important"
)
WORDS = WORDS_TEXT.split()
GIVEN_TEXT = "anna ben carla david elena frank grace hugo ines jan karla leo mona nils olga paul rosa sven tina uwe"
GIVEN = GIVEN_TEXT.split()
FAMILY_TEXT = "meyer rossi novak silva jensen dubois kowalski garcia brown smith johnson lee patel kim tanaka ivanov"
FAMILY = FAMILY_TEXT.split()
DOMAINS_TEXT = "example.com mail.example.org shop.example.net uni-town.example.edu post.example.co.uk firma.example.de"
DOMAINS = DOMAINS_TEXT.split()
IBANS = {"DE": "n18", "GB": "a4n14", "FR": "n10c11n2", "NL": "a4n10", "ES": "n20", "IT": "a1n10c12", "CH": "n5c12"}
# The share of cards and grouped accounts that are broken across lines, cells or tags.
BROKEN = 0.25
AT = (*("@",) * 8, "@\n", "\\@", "&#64;")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text and what must be found in it: (kind, value)."""

    text: str
    truth: list[tuple[str, str]]


def corpus(documents: int, seed: int = 1) -> list[Document]:
    """Return documents of about 3,500 characters, each with four values of eleven kinds and three decoys."""
    random_ = random.Random(seed)
    return [_document(random_) for _ in range(documents)]


def _document(random_: random.Random) -> Document:
    paragraphs = [_paragraph(random_) for _ in range(8)]
    truth = [(kind, VALUES[kind](random_)) for kind in random_.sample(sorted(VALUES), 4)]
    written = [random_.choice(AROUND.get(kind, ("{}",))).format(value) for kind, value in truth]
    inserted = written + [decoy(random_) for decoy in random_.sample(DECOYS, 3)]
    split = [paragraph.split(" ") for paragraph in paragraphs]
    places = random_.sample(
        [(at, word) for at, words in enumerate(split) for word in range(1, len(words))], len(inserted)
    )
    for (at, word), value in zip(places, inserted, strict=True):
        split[at][word] = f"{value} {split[at][word]}"
    paragraphs = [" ".join(words) for words in split]
    return Document(text="\n\n".join(paragraphs), truth=truth)


def _paragraph(random_: random.Random) -> str:
    sentences = []
    for _ in range(random_.randint(4, 9)):
        words = [random_.choice(WORDS) for _ in range(random_.randint(6, 18))]
        if random_.random() < 0.2:
            words.insert(3, random_.choice((str(random_.randint(2, 99)), str(random_.randint(1950, 2030)))))
        sentences.append(" ".join(words).capitalize() + ".")
    return " ".join(sentences)


def _digits(random_: random.Random, count: int) -> str:
    return "".join(random_.choice("0123456789") for _ in range(count))


def _luhn_digit(digits: str) -> str:
    return next(str(last) for last in range(10) if _luhn_sum(digits + str(last)) % 10 == 0)


def _luhn_sum(digits: str) -> int:
    return sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(reversed(digits)))


def _card(random_: random.Random) -> str:
    prefix, length = random_.choice(
        (("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16))
    )
    body = prefix + _digits(random_, length - len(prefix) - 1)
    number = body + _luhn_digit(body)
    separator = random_.choice(("", " ", "-"))
    groups = (4, 6, 5) if length == 15 else (4, 4, 4, 4)
    parts = [number[sum(groups[:at]) : sum(groups[: at + 1])] for at in range(len(groups))]
    if random_.random() < BROKEN:
        return _broken(random_, [separator or " "] * (len(parts) - 1), parts)
    return separator.join(parts)


def _broken(random_: random.Random, separators: list[str], parts: list[str]) -> str:
    """Join parts as a PDF's lines, a table's cells or a page's line breaks part them."""
    everywhere = random_.choice(("", "", "\n", "<br>", " | "))
    at = random_.randrange(len(separators))
    between = [
        everywhere or (each if place != at else "\n" if each == " " else f"{each}\n")
        for place, each in enumerate(separators)
    ]
    return "".join(part + gap for part, gap in zip(parts, [*between, ""], strict=True))


def _iban(random_: random.Random) -> str:
    country = random_.choice(sorted(IBANS))
    body = ""
    form = IBANS[country]
    while form:
        kind, form = form[0], form[1:]
        count = ""
        while form and form[0].isdigit():
            count, form = count + form[0], form[1:]
        alphabet = {"n": "0123456789", "a": LETTERS, "c": "0123456789" + LETTERS}[kind]
        body += "".join(random_.choice(alphabet) for _ in range(int(count)))
    value = int("".join(str(int(character, 36)) for character in f"{body}{country}00"))
    number = f"{country}{98 - value % 97:02}{body}"
    form = random_.randrange(6)
    if form < 2:
        return number if form else number.lower()
    parts = [number[at : at + 4] for at in range(0, len(number), 4)]
    if random_.random() < BROKEN:
        return _broken(random_, [" "] * (len(parts) - 1), parts)
    return random_.choice((" ", " ", "-")).join(parts)


def _phone(random_: random.Random) -> str:
    area, exchange = random_.randint(201, 989), random_.randint(200, 999)
    line, long = _digits(random_, 4), _digits(random_, 7)
    return random_.choice(
        (
            f"+1 {area} {exchange} {line}",
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1-{area}-{exchange}-{line}",
            f"+44 20 7{long[:3]} {line}",
            f"020 7{long[:3]} {line}",
            f"+49 (0)171 {long}",
            f"0171 {long}",
            f"030/{long}",
            f"+33 1 {long[:2]} {long[2:4]} {long[4:6]} {line[:2]}",
            f"01 {long[:2]} {long[2:4]} {long[4:6]} {line[:2]}",
            f"+86{_digits(random_, 11)}",
            f"+49 30\n{long}",
            f"+1 {area}\n{exchange} {line}",
            f"{area}-{exchange}-\n{line}",
        )
    )


def _email(random_: random.Random) -> str:
    given, family = random_.choice(GIVEN), random_.choice(FAMILY)
    form = random_.choice(("{g}.{f}", "{g}_{f}", "{f}", "{g}{n}", "{g}.{f}+{n}", "{f}-{g}"))
    return form.format(g=given, f=family, n=random_.randint(1, 999)) + random_.choice(AT) + random_.choice(DOMAINS)


def _ip(random_: random.Random) -> str:
    if random_.random() < 0.75:
        return ".".join(str(random_.randint(1, 254)) for _ in range(4))
    return "2001:db8:" + ":".join(f"{random_.randint(4096, 65535):x}" for _ in range(6))


def _ssn(random_: random.Random) -> str:
    return f"{random_.randint(1, 665):03}-{random_.randint(1, 99):02}-{random_.randint(1, 9999):04}"


def _aws_key(random_: random.Random) -> str:
    return random_.choice(("AKIA", "ASIA")) + "".join(random_.choice(LETTERS + "234567") for _ in range(16))


def _secret(random_: random.Random) -> str:
    alphabet = LETTERS + LETTERS.lower() + "0123456789"
    body = "".join(random_.choice(alphabet) for _ in range(36))
    return random_.choice((f"ghp_{body}", f"xoxb-{_digits(random_, 12)}-{body[:24]}", f"AIza{body[:35]}", f"sk-{body}"))


def _password(random_: random.Random, signs: str = "!#$%&*+-.:;=?@^_~,()[]{}") -> str:
    """As password managers and people make them: 5 to 24 letters, digits and signs, at least a letter and a digit."""
    length = random_.choice((5, 6, 8, 8, 10, 12, 16, 24))
    alphabet = LETTERS + 2 * LETTERS.lower() + 2 * "0123456789" + random_.choice(("", signs[:6], signs))
    body = [random_.choice(alphabet) for _ in range(length - 2)]
    for must in (random_.choice(LETTERS.lower()), random_.choice("0123456789")):
        body.insert(random_.randint(0, len(body)), must)
    # A dollar and capitals are a variable, a bracket before a word is a template's.
    return "".join(body).lstrip("$%<{[(*.") + _digits(random_, 1)


def _credentials(random_: random.Random) -> str:
    return "k" + _password(random_, "!$%&*+-./:;=@^_~,()")


def _passphrase(random_: random.Random) -> str:
    return random_.choice((" ", "-", ", ", "$")).join(random_.choice(WORDS) for _ in range(random_.randint(3, 5)))


def _not_a_card(random_: random.Random) -> str:
    body = "4" + _digits(random_, 14)
    return body + str((int(_luhn_digit(body)) + random_.randint(1, 9)) % 10)


VALUES = {
    "email": _email, "phone": _phone, "card": _card, "iban": _iban, "ssn": _ssn, "ip": _ip, "aws_key": _aws_key,
    "secret": _secret, "password": _password, "credentials": _credentials, "passphrase": _passphrase,
}  # fmt: skip
# What is written around a value of a kind, so that it can be told; no part of the value.
AROUND = {
    "password": (
        "password={}", "db_pass: {}", "pass: {}", "Authorization: Bearer {}", "<password>{}</password>",
        '{{"name":"password","value":"{}"}}', "key = password; value = {}", "name: db_password\nvalue: {}",
        "| password | {} |", "DB_PASSWORD={}", '"password": "{}"', "password = {};",
        '{{"db":{{"password":"{}","port":1}}}}',
        "Row 2: name = anna; password = {}; port = 5432", "client_secret={}", "Authorization: Token {}", "passwd={},",
    ),
    "credentials": ("https://app:{}@db.example.com/x", "postgres://admin:{}@db-7.example.org/app", "redis://:{}@cache"),
    "passphrase": ('password="{}"', '"passphrase": "{}"', "<password>{}</password>", "PASSWORD='{}'"),
}  # fmt: skip
DECOYS = (
    _not_a_card,
    lambda random_: f"Order 2024-{_digits(random_, 5)}-{_digits(random_, 2)}",
    lambda random_: f"v1.2.3.{_digits(random_, 4)}",
    lambda _: "ISBN 978-3-16-148410-0",
    lambda random_: f"2024-{random_.randint(1, 12):02}-{random_.randint(1, 28):02} {random_.randint(0, 23):02}:30:00",
    lambda random_: f"{random_.randint(1, 9)},{_digits(random_, 3)},{_digits(random_, 3)}.{_digits(random_, 2)}",
    lambda random_: f"1{_digits(random_, 3)}-19{_digits(random_, 2)}",
    lambda _: "@mention and user@localhost",
    lambda random_: f"000-{_digits(random_, 2)}-{_digits(random_, 4)}",
    lambda random_: f"{random_.getrandbits(128):032x}",
    lambda random_: f"max_tokens={random_.randint(1, 200_000)}",
    lambda random_: random_.choice(("password=$PASSWORD", "token=${TOKEN}", "password: <your password>")),
    lambda random_: random_.choice(('"secret": "{{ secret }}"', "password=get_password(user)", "password: required")),
    lambda random_: random_.choice(("Password: 8-64 characters", '"token": {"id": 7}', "secret=os.environ['X1']")),
    lambda _: "http://localhost:3000/@vite/client",
)
