"""Metrics that look beyond equal words: METEOR (nltk) and BERTScore (bert-score, a local model).

Sources: Banerjee and Lavie, "METEOR" (2005); Zhang et al., "BERTScore" (ICLR 2020).
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from evaluation.metrics.measure import Measure, References, Texts
from evaluation.refused import EvaluationRefusedError

MAX_TOKENS = 512


class _NoSynonyms:
    def synsets(self, *_: Any, **__: Any) -> list[Any]:
        return []


def meteor(answers: Texts, references: References) -> Measure:
    """Return METEOR over words divided by blanks; without WordNet in NLTK_DATA by equal words and stems alone.

    The signature says which, for the two do not compare.
    """
    import nltk
    from nltk.corpus import wordnet
    from nltk.translate.meteor_score import meteor_score

    try:
        wordnet.ensure_loaded()
        known, modules = wordnet, f"exact,stem,wordnet-{wordnet.get_version()}"
    except (LookupError, OSError):
        known, modules = _NoSynonyms(), "exact,stem"
    scores = [
        float(meteor_score([each.split() for each in right], answer.split(), wordnet=known))
        for answer, right in zip(answers, references, strict=True)
    ]
    signature = f"nltk {nltk.__version__}|meteor|modules:{modules}"
    return Measure(name="meteor", value=sum(scores) / len(scores), scores=scores, signature=signature)


def bertscore(answers: Texts, references: References, folder: Path, device: str) -> Measure:
    """Return BERTScore's F1 by the encoder in a folder, its last layer; of several references the best.

    Raises: EvaluationRefusedError if there is no such model.
    """
    from bert_score import BERTScorer
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        layers = config.num_hidden_layers
        scorer = BERTScorer(model_type=str(folder), num_layers=layers, device=device, all_layers=False)
    except (OSError, ValueError) as error:
        cause = f"The model for BERTScore cannot be loaded: {str(error).splitlines()[0]}"
        raise EvaluationRefusedError(cause, "Give --bertscore-model a folder with an encoder") from error
    # Without a finite length the tokenizer truncates nothing, and long texts fail.
    length = getattr(config, "max_position_embeddings", MAX_TOKENS)
    scorer._tokenizer.model_max_length = min(scorer._tokenizer.model_max_length, length - 2, MAX_TOKENS)
    _, _, found = scorer.score(list(answers), [list(each) for each in references])
    scores = [float(each) for each in found]
    signature = f"bert-score {version('bert-score')}|{config.model_type}:{folder.name}|L{layers}|no-idf|f1"
    return Measure(name="bertscore", value=sum(scores) / len(scores), scores=scores, signature=signature)
