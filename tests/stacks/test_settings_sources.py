"""Rules in the environment file: what they may say, and that the runtime reads what the stack writes."""

from pathlib import Path

import msgspec
import pytest

from slipway_runtime.prepare.duplicates import settings as duplicates
from slipway_runtime.prepare.redact.span import STRENGTH
from slipway_runtime.prepare.rules import settings as runtime
from stacks.settings_duplicates import NearDuplicates, duplicates_document
from stacks.settings_file import read_settings
from stacks.settings_sources import (
    C4,
    FineWeb,
    Gopher,
    Kind,
    Redaction,
    Repetition,
    Rules,
    rules_document,
)
from support.settings import errors

FULL = """
ingestion:
  rules: { redact: { kinds: [card, iban] } }
  sources:
    - prefix: acme/mail/
      rules:
        redact: { kinds: [email, phone], placeholders: numbered }
        quality: { gopher: { min_words: 20 }, repetition: {}, c4: {}, fineweb: {} }
        languages: [en, de]
    - { prefix: acme/mail/raw, rules: {} }
"""


def rules_of(tmp_path: Path, text: str) -> runtime.SourceRules:
    path = tmp_path / "dev.yaml"
    path.write_text(text)
    ingestion = read_settings(path).ingestion
    return runtime.read(rules_document(ingestion.rules, ingestion.sources))


@pytest.mark.capability("D10")
def test_the_longest_prefix_decides_and_its_rules_stand_whole(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, FULL)
    mail = rules.of("acme/mail/a.eml")
    assert mail.redact == runtime.Redaction(kinds=("email", "phone"), placeholders="numbered")
    assert mail.quality.gopher == runtime.Gopher(min_words=20)
    assert mail.quality.repetition == runtime.Repetition()
    assert rules.of("acme/mail/raw/a.eml") == runtime.Rules()
    assert rules.of("other/a.md").redact == runtime.Redaction(kinds=("card", "iban"))


def test_nothing_set_is_the_empty_rule_set(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "removal: destroy\n")
    assert rules.of("acme/a.md") == runtime.Rules()
    assert rules.of("acme/a.md").version == "none"


@pytest.mark.parametrize(
    ("section", "struct"),
    [
        (Gopher(), runtime.Gopher()),
        (Repetition(), runtime.Repetition()),
        (C4(), runtime.C4()),
        (FineWeb(), runtime.FineWeb()),
        (Redaction(kinds=["email"]), runtime.Redaction(kinds=("email",))),
        (Rules(), runtime.Rules()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_defaults_of_file_and_runtime_are_the_same(section, struct) -> None:
    assert msgspec.convert(section.model_dump(mode="json"), type(struct)) == struct


def test_both_know_the_same_kinds() -> None:
    assert set(Kind.__args__) == set(STRENGTH)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ingestion:\n  rules: { redact: { kinds: [mail] } }\n", "'email'"),
        ("ingestion:\n  rules: { redact: { kinds: [] } }\n", "2: ingestion.rules.redact.kinds"),
        ("ingestion:\n  rules: { languages: [english] }\n", "ingestion.rules.languages"),
        ("ingestion:\n  sources:\n    - { prefix: mail, rules: {} }\n", "ingestion.sources.0.prefix"),
        ("ingestion:\n  rules: { quality: { gopher: { max_bullet_lines: 2 } } }\n", "at most 1"),
        (
            "ingestion:\n  sources:\n    - { prefix: a/b, rules: {} }\n    - { prefix: a/b, rules: {} }\n",
            "4: ingestion.sources.1.prefix: expected a prefix that no other source has",
        ),
    ],
)
def test_a_mistake_is_told_with_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(errors(tmp_path, text))


def test_more_rules_than_a_function_can_be_told_are_refused(tmp_path: Path) -> None:
    sources = "".join(f"    - {{ prefix: acme/{n:04}/, rules: {{ languages: [en] }} }}\n" for n in range(60))
    [line] = errors(tmp_path, "ingestion:\n  sources:\n" + sources)
    assert "at most 2500 bytes as JSON" in line


DUPLICATES = """
ingestion:
  near_duplicates: { enabled: true, threshold: 0.85 }
  sources:
    - { prefix: acme/mail/, rules: {}, near_duplicates: { enabled: true, max_lost_share: 0.5, min_documents: 100 } }
    - { prefix: acme/wiki/, rules: {} }
"""


@pytest.mark.capability("D4")
def test_the_runtime_reads_how_near_duplicates_are_searched_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "dev.yaml"
    path.write_text(DUPLICATES)
    ingestion = read_settings(path).ingestion
    found = duplicates.read(duplicates_document(ingestion.near_duplicates, ingestion.sources))

    default = duplicates.NearDuplicates(enabled=True, threshold=0.85)
    assert found.of("acme/a.md") == ("acme/", default)
    assert found.of("acme/wiki/a.md") == ("acme/wiki/", default)
    assert found.of("acme/mail/a.md") == (
        "acme/mail/",
        duplicates.NearDuplicates(enabled=True, max_lost_share=0.5, min_documents=100),
    )


def test_the_defaults_of_near_duplicates_are_those_of_the_runtime() -> None:
    written, runtimes = NearDuplicates().model_dump(), msgspec.structs.asdict(duplicates.NearDuplicates())
    assert written == runtimes
