"""Which sentence of a source a statement of the answer rests on, by the words that they share."""

import re
from typing import NamedTuple

from slipway_runtime.generate.citations import CODE, MARKER
from slipway_runtime.retrieve.atoms import SENTENCE_END

WORD = re.compile(r"\w+")
# A sentence that shares fewer of the words that carry the statement is not what it rests on.
LEAST_SHARE = 0.25
# Words that any two sentences share: of English, German, French, Spanish, Italian, Portuguese and Dutch.
EVERYWHERE = frozenset(
    WORD.findall(
        """
        a an and are as at be but by can did do does for from had has have he her his i if in is it its me my no not
        of on or our she so that the their them there they this to was we were what when which who will with would you
        your aber als am auch auf aus bei bis da das dass dem den der des die durch ein eine einem einen einer er es
        für hat ich im ist man mit nach nicht noch nur oder sich sie sind um und uns vom von vor war wenn wie wir wird
        zu zum zur au aux avec ce ces dans de du elle en est et il ils la le les leur mais ne nous ou où par pas pour
        qu que qui sa se ses son sont sur un une vous al como con del el ella esta este ha hay las lo los más o para
        pero por su sus una y che dal della di e è gli non per più si sono uno ao com dos é em foi mas na nas nos não
        os pela pelo sem seu sua uma aan dat een het hij ik maar met naar niet om ook op te uit van voor wij ze zijn
        """
    )
)


class Span(NamedTuple):
    """Characters `start` to `end` of a text."""

    start: int
    end: int


def statements(text: str) -> list[tuple[int, str]]:
    """Return (source, statement) for each marker of an answer: the sentence that the marker ends or stands in."""
    found: list[tuple[int, str]] = []
    prose = CODE.sub(lambda match: " " * len(match.group()), text)
    begin, statement = 0, ""
    for match in MARKER.finditer(prose):
        said = [part for part in SENTENCE_END.split(text[begin : match.start()]) if WORD.search(part)]
        # A marker right behind another one belongs to the same statement.
        statement = said[-1].strip() if said else statement
        found += [(int(number), statement) for number in re.findall(r"\d+", match.group(1))]
        begin = match.end()
    return found


def best_sentence(content: str, statement: str) -> Span | None:
    """Return the sentence of `content` that shares most words with the statement (F1).

    None where none shares a quarter of the words that carry the statement.
    """
    wanted = _words(statement)
    spans = [(_overlap(wanted, _words(content[span.start : span.end])), span) for span in sentences(content)]
    best = max(spans, key=lambda each: each[0], default=(0.0, Span(0, 0)))
    carried = wanted - EVERYWHERE
    shared = carried & _words(content[best[1].start : best[1].end])
    return best[1] if shared and len(shared) >= LEAST_SHARE * len(carried) else None


def sentences(content: str) -> list[Span]:
    """Return where the sentences of a text are, in their order, without the white space around them."""
    spans, begin = [], 0
    for end in [*(match.end() for match in SENTENCE_END.finditer(content)), len(content)]:
        piece = content[begin:end]
        left = begin + len(piece) - len(piece.lstrip())
        right = begin + len(piece.rstrip())
        if left < right:
            spans.append(Span(left, right))
        begin = end
    return spans


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def _overlap(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
