"""What a guardrail finds in a text, policy by policy, each by one plain means:

words and phrases: exact, whatever the case · personal data: patterns with checksums (`entities`) · custom patterns:
Python's regular expressions · denied topics: a sentence whose MiniLM vector is close to the definition's or to an
example's · contextual grounding: the least cosine between a sentence of the answer and its closest sentence of the
source; for relevance the cosine of answer and query. Content filters, prompt attacks, profanity and personal data
that no pattern can tell are not assessed, and `not_assessed` says so.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-components.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...aws_json import JsonObject
from ..converse import Passage
from ..sentences import split_sentences
from . import entities

if TYPE_CHECKING:
    from ..embedder import Embedder

TOPIC_COSINE = 0.6
_ACTIONS = {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED", "NONE": "NONE"}


@dataclass(kw_only=True)
class Findings:
    """The assessment as ApplyGuardrail answers it, the guarded texts with what was masked, and the worst action."""

    assessment: JsonObject = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    actions: set[str] = field(default_factory=set)

    @property
    def action(self) -> str:
        """BLOCKED, ANONYMIZED or NONE."""
        return next((one for one in ("BLOCKED", "ANONYMIZED") if one in self.actions), "NONE")

    def add(self, policy: str, kind: str, entry: JsonObject) -> None:
        """Note one thing that was looked for."""
        self.assessment.setdefault(policy, {}).setdefault(kind, []).append(entry)
        self.actions.add(entry["action"])


def assess(
    guardrail: JsonObject, passages: Sequence[Passage], source: str, embedder: Embedder, *, full: bool = False
) -> Findings:
    """Return what the guardrail finds; `source` is INPUT or OUTPUT, `full` also reports topics that are not there."""
    findings = Findings(texts=[passage.text for passage in passages if passage.is_guarded])
    whole = "\n".join(findings.texts)
    _words(guardrail.get("wordPolicy", {}), whole, source, findings)
    _topics(guardrail.get("topicPolicy", {}), whole, source, embedder, findings, full=full)
    _sensitive(guardrail.get("sensitiveInformationPolicy", {}), whole, source, findings)
    if source == "OUTPUT":
        _grounding(guardrail.get("contextualGroundingPolicy", {}), passages, whole, embedder, findings)
    if findings.assessment.get("wordPolicy"):
        findings.assessment["wordPolicy"] |= {"managedWordLists": []}
    if personal := findings.assessment.get("sensitiveInformationPolicy"):
        findings.assessment["sensitiveInformationPolicy"] = {"piiEntities": [], "regexes": [], **personal}
    return findings


def not_assessed(guardrail: JsonObject) -> list[str]:
    """Return what the guardrail asks for and this emulation cannot tell."""
    found = [f"content filter {one['type']}" for one in guardrail.get("contentPolicy", {}).get("filters", [])]
    found += [f"word list {one['type']}" for one in guardrail.get("wordPolicy", {}).get("managedWordLists", [])]
    personal = guardrail.get("sensitiveInformationPolicy", {}).get("piiEntities", [])
    return found + [f"personal data {one['type']}" for one in personal if one["type"] not in entities.ASSESSED]


def _action(setting: JsonObject, source: str) -> str | None:
    """Return what is to be done in this direction, None where it is not looked at."""
    side = source.lower()
    if setting.get(f"{side}Enabled") is False:
        return None
    return _ACTIONS[setting.get(f"{side}Action") or setting.get("action") or "BLOCK"]


def _words(policy: JsonObject, text: str, source: str, findings: Findings) -> None:
    for word in policy.get("words", []):
        action = _action(word, source)
        found = re.search(rf"(?<!\w){re.escape(word['text'])}(?!\w)", text, re.IGNORECASE)
        if action and found:
            findings.add("wordPolicy", "customWords", {"match": found[0], "action": action, "detected": True})


def _topics(policy: JsonObject, text: str, source: str, embedder: Embedder, findings: Findings, *, full: bool) -> None:
    sentences = [sentence.text for sentence in split_sentences(text, "")] or [text]
    for topic in policy.get("topics", []):
        action = _action(topic, source)
        if action is None:
            continue
        descriptions = [topic["definition"], *topic.get("examples", [])]
        detected = max(_closest(embedder, sentences, descriptions), default=0.0) >= TOPIC_COSINE
        if detected or full:
            entry = {"name": topic["name"], "type": "DENY", "action": action if detected else "NONE"}
            findings.add("topicPolicy", "topics", entry | {"detected": detected})


def _sensitive(policy: JsonObject, text: str, source: str, findings: Findings) -> None:
    for setting in policy.get("piiEntities", []):
        kind = setting["type"]
        if kind in entities.ASSESSED:
            entry = {"type": kind}
            _mask(findings, "piiEntities", entry, kind, _action(setting, source), entities.find(kind, text))
    for setting in policy.get("regexes", []):
        matches = dict.fromkeys(match[0] for match in re.finditer(setting["pattern"], text) if match[0])
        entry = {"name": setting["name"], "regex": setting["pattern"]}
        _mask(findings, "regexes", entry, setting["name"], _action(setting, source), matches)


def _mask(
    findings: Findings, kind: str, entry: JsonObject, name: str, action: str | None, matches: Iterable[str]
) -> None:
    for match in matches if action else ():
        findings.add("sensitiveInformationPolicy", kind, {**entry, "match": match, "action": action, "detected": True})
        if action == "ANONYMIZED":
            findings.texts = [text.replace(match, f"{{{name}}}") for text in findings.texts]


def _grounding(
    policy: JsonObject, passages: Sequence[Passage], answer: str, embedder: Embedder, findings: Findings
) -> None:
    sources = [one.text for one in passages if "grounding_source" in one.qualifiers]
    queries = [one.text for one in passages if "query" in one.qualifiers]
    if not sources or not queries:
        return
    scores: dict[str, Callable[[], float]] = {
        "GROUNDING": lambda: min(_closest(embedder, _sentences([answer]), _sentences(sources)), default=0.0),
        "RELEVANCE": lambda: max(_closest(embedder, [answer], queries), default=0.0),
    }
    for setting in policy.get("filters", []):
        action = _action(setting, "OUTPUT")
        if action is None:
            continue
        score = round(max(0.0, min(1.0, scores[setting["type"]]())), 4)
        detected = score < setting["threshold"]
        entry = {"type": setting["type"], "threshold": setting["threshold"], "score": score, "detected": detected}
        findings.add("contextualGroundingPolicy", "filters", entry | {"action": action if detected else "NONE"})


def _sentences(texts: Iterable[str]) -> list[str]:
    return [sentence.text for text in texts for sentence in split_sentences(text, "")] or list(texts)


def _closest(embedder: Embedder, texts: Sequence[str], others: Sequence[str]) -> Iterator[float]:
    """Yield for each text its highest cosine with one of the others."""
    vectors = embedder.embed([*texts, *others])
    for vector in vectors[: len(texts)]:
        yield max(float(vector @ other) for other in vectors[len(texts) :])
