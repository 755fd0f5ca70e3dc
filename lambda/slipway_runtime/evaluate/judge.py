"""A model as judge: which claims an answer makes, whether the contexts support each, and which question it answers.

Answers come by a forced tool, so they have a form. A judge that cannot tell four plain cases is not used at all:
models that are too small, or only quote, would make up every figure.
Sources: Es et al., "RAGAS: Automated Evaluation of Retrieval Augmented Generation" (EACL 2024), section 3: faithfulness
as the share of supported claims, answer relevance by the questions that the answer would answer; Amazon Bedrock API
reference, Converse: ToolChoice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from slipway_runtime.evaluate.forced_tool import ForcedTool, JudgeUnfit
from slipway_runtime.evaluate.rows import Verdict
from slipway_runtime.generate.delimited import as_data
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.retrieve.embed import Embedder

T = TypeVar("T")
MAX_CLAIMS = 20
QUESTIONS = 3
CLAIMS = (
    "Divide the answer into the claims it makes: short sentences that each state one fact and can be understood alone, "
    f"with names in place of pronouns. At most {MAX_CLAIMS}. Leave out citation marks. None if it claims nothing."
)
SUPPORT = "Say whether the claim follows from the documents alone. What they do not say is not supported."
ASKS = f"Write {QUESTIONS} questions, each different, that the answer would be a full answer to."
CONTROL_CONTEXT = "The pump P7 was installed in March 2019. It is painted green and weighs 40 kilograms."
CONTROLS = (
    ("The pump P7 is painted green.", True),
    ("The pump P7 weighs 90 kilograms.", False),
    ("Installation of the pump P7 took place in March 2019.", True),
    ("The pump P7 was made in Portugal.", False),
)


class _Claims(msgspec.Struct):
    claims: list[str]


class _Supported(msgspec.Struct):
    supported: bool


class _Questions(msgspec.Struct):
    questions: list[str]


def _strings(name: str, most: int) -> dict[str, Any]:
    listed = {"type": "array", "items": {"type": "string"}, "maxItems": most}
    return {"type": "object", "properties": {name: listed}, "required": [name]}


@dataclass(frozen=True, kw_only=True)
class Judge:
    """One model behind Converse, at temperature 0."""

    client: Any
    model_id: str
    embedder: Embedder
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.5, cap_seconds=20.0))

    def check(self, deadline: Deadline) -> None:
        """Try the judge on claims whose support is known. Raises: JudgeUnfit naming those that it got wrong."""
        wrong = [
            claim for claim, known in CONTROLS if self.supported(claim, [CONTROL_CONTEXT], deadline).supported != known
        ]
        if wrong:
            raise JudgeUnfit(
                f"the model {self.model_id} cannot judge: of {len(CONTROLS)} plain cases it got {len(wrong)} wrong, "
                f"such as {wrong[0]!r}. Set evaluation.judge to a stronger model, or run without a judge"
            )

    def claims(self, question: str, answer: str, deadline: Deadline) -> list[str]:
        """Return the claims that an answer makes. Raises: JudgeUnfit, the errors of Bedrock."""
        given = f"<question>{as_data(question)}</question>\n<answer>{as_data(answer)}</answer>\n{CLAIMS}"
        found = self._ask("record_claims", _strings("claims", MAX_CLAIMS), given, _Claims, deadline)
        return [claim for claim in found.claims if claim.strip()][:MAX_CLAIMS]

    def supported(self, claim: str, contexts: Sequence[str], deadline: Deadline) -> Verdict:
        """Return whether the contexts support one claim. Raises: JudgeUnfit, the errors of Bedrock."""
        documents = "\n".join(f"<document>{as_data(text)}</document>" for text in contexts)
        given = f"<documents>\n{documents}\n</documents>\n<claim>{as_data(claim)}</claim>\n{SUPPORT}"
        schema = {
            "type": "object",
            "properties": {"supported": {"type": "boolean"}},
            "required": ["supported"],
        }
        return Verdict(claim, self._ask("record_verdict", schema, given, _Supported, deadline).supported)

    def relevance(self, question: str, answer: str, deadline: Deadline) -> float:
        """Return how near the questions that the answer answers are to the one asked: mean cosine, cut to 0..1.

        Raises: JudgeUnfit, EmbeddingError, the errors of Bedrock.
        """
        given = f"<answer>{as_data(answer)}</answer>\n{ASKS}"
        found = self._ask("record_questions", _strings("questions", QUESTIONS), given, _Questions, deadline)
        asked = [each for each in found.questions if each.strip()][:QUESTIONS]
        if not asked:
            return 0.0
        wanted, *vectors = self.embedder.embed([question, *asked], deadline)
        near = [sum(map(float.__mul__, wanted, vector)) for vector in vectors]
        return min(1.0, max(0.0, math.fsum(near) / len(near)))

    def _ask(self, tool: str, schema: dict[str, Any], text: str, kind: type[T], deadline: Deadline) -> T:
        return ForcedTool(client=self.client, model_id=self.model_id, backoff=self.backoff).ask(
            tool, schema, text, kind, deadline
        )
