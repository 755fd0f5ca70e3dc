"""What kind of answer a question asks for: a time, a place, a person, a yes or no.

"When is the exam?" and "Where is the exam?" have close vectors and the same other words; the words here decide.
"""

from __future__ import annotations

import re

OPENING = re.compile(
    r"^(?:(?:hello|hi|hey|thanks|so|ok|please|kindly|and)\b[ ,!.]*)*"
    r"(?:(?:(?:can|could|would|will) you )?(?:please )?"
    r"(?:(?:tell|give|show) (?:me|us)|explain(?: to me)?|describe|list)\b"
    r"|(?:i|we)(?: would|'d)? (?:like|want|need|wish|have) to know\b|do you know\b|i wonder\b)?[ ,:]*"
)
KINDS = re.compile(
    r"\b(?:(?P<duration>(?:for )?how long|duration of)"
    r"|(?P<frequency>how (?:often|frequently|many times))"
    r"|(?P<count>how many|number of)"
    r"|(?P<amount>how (?:much|high)(?: money)?)"
    r"|(?P<size>how (?:large|big|tall|wide|heavy|far|old))"
    r"|(?P<time>(?:until |by |since )?when|(?:(?:at|on|by) )?(?:what|which) (?:time|day|date)s?|how (?:early|late|soon)"
    r"|hours|(?:due )?dates?|deadline|due)"
    r"|(?P<place>where(?:'s| to)?|address|location|located|in (?:what|which) place)"
    r"|(?P<person>who(?:'s|m|se)?|(?:what|which) (?:person|people)|name of)"
    r"|(?P<reason>why|how come|reason for|for what reason)"
    r"|(?P<manner>how (?:do|does|did|can|could|to|should|would|must|may|is|are)|how(?= *(?:$|[,?.]))"
    r"|(?:steps?|procedure|process|ways?)(?: (?:to|for|of|in order to))?|how does (?:it|that|this) work))\b"
)
YES_OR_NO = re.compile(
    r"(?:am|is|are|was|were|do|does|did|can|could|may|might|must|shall|should|will|would|has|have)\b"
)
PERMISSION = re.compile(r"\b(?:allowed|permitted|possible)\b")


def asked(question: str) -> tuple[frozenset[str], str]:
    """Return the kinds of answer that a question in lower case asks for, none for any, and the rest of its words."""
    plain = OPENING.sub("", question, count=1)
    kinds = {str(match.lastgroup) for match in KINDS.finditer(plain)}
    if not kinds and (YES_OR_NO.match(plain) or PERMISSION.search(plain)):
        kinds = {"yes or no"}
    return frozenset(kinds), KINDS.sub(" ", plain)
