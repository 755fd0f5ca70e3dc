"""One question through search and answering, and what is measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from slipway_runtime.evaluate import answers, ranking
from slipway_runtime.evaluate.judge import Judge
from slipway_runtime.evaluate.questions import Question
from slipway_runtime.evaluate.rows import DEPTH, MODES, Answered, Found, Row, Verdict
from slipway_runtime.generate.answer import Answer, Answerer
from slipway_runtime.generate.models import Sampling, Turn
from slipway_runtime.generate.prompt import location
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.search import Searcher, Wanted
from slipway_runtime.retrieve.stores.contract import Hit

CUTS = (1, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Measurer:
    """Measures questions of one tenant. Without an answerer only search is measured, without a judge no claims."""

    tenant: str
    searcher: Searcher
    answerer: Answerer | None = None
    judge: Judge | None = None

    def measure(self, number: int, question: Question, deadline: Deadline) -> Row:
        """Return the row of one question. Raises: as search, the answerer and the judge do."""
        by_mode = self._searched(question, deadline) if question.relevant else {}
        row = Row(
            number=number,
            question=question.question,
            ranking={mode: ranking_metrics(question, hits) for mode, hits in by_mode.items()},
            metrics={},
            found=_found(question, by_mode.get("hybrid") or next(iter(by_mode.values()), [])),
        )
        return self._answered(self.answerer, row, question, deadline) if self.answerer else row

    def _searched(self, question: Question, deadline: Deadline) -> dict[str, list[Hit]]:
        """Return the hits of each search that the store has; hybrid with the reranker, where there is one."""
        modes = [mode for mode in MODES if mode in self.searcher.store.modes]
        wanted = question.parsed_filter
        return {
            mode: self.searcher.search(
                self.tenant, Wanted(text=question.question, limit=DEPTH, mode=mode, filter=wanted), deadline
            )
            for mode in modes
        }

    def _answered(self, answerer: Answerer, row: Row, question: Question, deadline: Deadline) -> Row:
        turns = [Turn("user", question.question)]
        answer = answerer.answer(
            self.tenant, turns, [], Sampling(temperature=0.0), deadline, filter=question.parsed_filter
        )
        metrics, verdicts = answer_metrics(question, answer), list[Verdict]()
        if self.judge and answer.grounding.grounded:
            contexts = [hit.content for hit in answer.contexts]
            text = answers.bare(answer.text)
            claims = self.judge.claims(question.question, text, deadline)
            verdicts = [self.judge.supported(claim, contexts, deadline) for claim in claims]
            if verdicts:
                metrics["faithfulness"] = sum(verdict.supported for verdict in verdicts) / len(verdicts)
            metrics["answer_relevance"] = self.judge.relevance(question.question, text, deadline)
        answered = Answered(answer.text, answer.grounding.grounded, len(answer.grounding.citations), verdicts)
        return msgspec.structs.replace(row, metrics=metrics, answered=answered)


def ranking_metrics(question: Question, hits: Sequence[Hit]) -> dict[str, float]:
    """Return the measures of one ranking, each 0 to 1."""
    found, total = question.ranking(hits[:DEPTH]), len(question.relevant)
    return {
        **{f"recall@{cut}": ranking.recall(found, total, cut) for cut in CUTS},
        f"mrr@{DEPTH}": ranking.reciprocal_rank(found),
        f"ndcg@{DEPTH}": ranking.ndcg(found, total, DEPTH),
        "precision@5": ranking.precision(found, 5),
    }


def answer_metrics(question: Question, answer: Answer) -> dict[str, float]:
    """Return what can be told of an answer without a judge, each 0 to 1."""
    grounded = answer.grounding.grounded
    metrics = {"refused_rightly": float(grounded == question.answerable)}
    if question.answers:
        metrics["exact_match"] = answers.exact_match(answer.text, question.answers) if grounded else 0.0
        metrics["f1"] = answers.f1(answer.text, question.answers) if grounded else 0.0
    if question.relevant:
        relevance = [bool(covered) for covered in question.ranking(answer.contexts)]
        metrics["context_precision"] = ranking.average_precision(relevance)
        cited = {citation.chunk_id for citation in answer.grounding.citations}
        right = [hit.chunk_id in cited for hit, good in zip(answer.contexts, relevance, strict=True) if good]
        metrics["cites_relevant"] = float(any(right))
    return metrics


def _found(question: Question, hits: Sequence[Hit]) -> list[Found]:
    ranked = question.ranking(hits)
    return [
        Found(hit.path, location(hit), round(hit.score, 4), bool(covered))
        for hit, covered in zip(hits, ranked, strict=True)
    ]
