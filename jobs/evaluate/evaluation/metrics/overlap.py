"""Metrics of shared words and characters: BLEU, chrF, TER (sacrebleu) and ROUGE (rouge-score).

Sources: Post, "A call for clarity in reporting BLEU scores" (WMT 2018); Popović, "chrF" (WMT 2015); Lin, "ROUGE"
(2004).
"""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from evaluation.metrics.measure import Measure, References, Texts

ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def sacrebleu(answers: Texts, references: References) -> Iterator[Measure]:
    """Yield BLEU, chrF, chrF++ and TER, 0 to 100, over the corpus and of each item (BLEU: effective order)."""
    from sacrebleu.metrics import BLEU, CHRF, TER

    longest = max(map(len, references))
    streams = [[each[place] if place < len(each) else None for each in references] for place in range(longest)]
    kinds: dict[str, tuple[Any, Any, bool]] = {
        "bleu": (BLEU(), BLEU(effective_order=True), True),
        "chrf": (CHRF(), CHRF(), True),
        "chrf++": (CHRF(word_order=2), CHRF(word_order=2), True),
        "ter": (TER(), TER(), False),
    }
    for name, (corpus, single, higher) in kinds.items():
        value = float(corpus.corpus_score(list(answers), streams).score)
        pairs = zip(answers, references, strict=True)
        scores = [float(single.sentence_score(answer, list(right)).score) for answer, right in pairs]
        signature = f"sacrebleu {corpus.get_signature()}"
        yield Measure(name=name, value=value, scores=scores, signature=signature, top=100.0, higher_is_better=higher)


def rouge(answers: Texts, references: References) -> Iterator[Measure]:
    """Yield the F-measures of ROUGE-1, -2, -L and -Lsum, with stemming; of several references the best."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(ROUGE), use_stemmer=True)
    rows = [scorer.score_multi(list(right), answer) for answer, right in zip(answers, references, strict=True)]
    for name in ROUGE:
        scores = [float(row[name].fmeasure) for row in rows]
        signature = f"rouge-score {version('rouge-score')}|{name}|stemmer:yes|multi:best"
        yield Measure(name=name, value=sum(scores) / len(scores), scores=scores, signature=signature)
