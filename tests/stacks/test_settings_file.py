from pathlib import Path

import pytest

from stacks.settings import Settings
from stacks.settings_file import SettingsError, read_environments, read_settings
from support.settings import errors


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("removl: destroy", "1: removl: expected one of the keys account"),
        ("a: 1\n", "1: a: expected one of the keys"),
        ("\nretrieval:\n  aurora:\n    min_acuu: 1\n", "4: retrieval.aurora.min_acuu: expected one of the keys"),
        ("retrieval: {aurora: {min_acu: many}}", "1: retrieval.aurora.min_acu: expected a number, got 'many'"),
        ("retrieval:\n  top_k: '8'", "2: retrieval.top_k: expected a whole number, got '8'. Write it without quotes"),
        ("retrieval: {top_k: 0}", "1: retrieval.top_k: expected at least 1, got 0"),
        ("retrieval: {min_score: 1.5}", "1: retrieval.min_score: expected at most 1, got 1.5"),
        ("retrieval: {aurora: {max_acu: 1.3}}", "1: retrieval.aurora.max_acu: expected a multiple of 0.5, got 1.3"),
        ("retrieval: {embedding: {dimensions: 768}}", "expected 256, 512 or 1024, got 768"),
        ("removal: keep", "1: removal: expected 'destroy' or 'retain', got 'keep'"),
        ("termination_protection: 1", "expected true or false, got 1"),
        ("termination_protection: 'no'", "expected true or false, got 'no'"),
        (
            "account: 123456789012\nregion: eu-west-1",
            '1: account: expected text, got 123456789012. Put it in quotes: "1',
        ),
        ("account: '12'\nregion: eu-west-1", "1: account: expected text of the form"),
        ("region: Ireland\naccount: '123456789012'", "1: region: expected text of the form"),
        ("network:", "1: network: expected a mapping of settings, got nothing"),
        ("tags: [a, b]", "1: tags: expected a mapping, got a list"),
        ("tags: {owner: 7}", "1: tags.owner: expected text, got 7"),
        ("observability: {log_retention_days: 10}", "observability.log_retention_days: expected 1, 3, 5, 7"),
        ("observability: {alarm_email: nobody}", "observability.alarm_email: expected text of the form"),
        (
            "models: {default: {grounded: true}}",
            "models.default.routes: expected a value, got nothing",
        ),
        ("models: {'a b': {routes: [{bedrock: amazon.x}]}}", "models.a b: expected text of the form"),
        ("network: {mode: import, import: {vpc_id: vpc-1}}", "network.import.vpc_id: expected text of the form"),
        ("- removal: destroy", "1: expected a mapping of settings, got a list"),
        ("just text", "1: expected a mapping of settings, got 'just text'"),
        ("", "1: expected a mapping of settings, got an empty file"),
        ("# only a comment\n", "1: expected a mapping of settings, got an empty file"),
        ("removal: destroy\n\tregion: x", "2: expected YAML, got"),
        ("removal: [destroy", "1: expected YAML, got"),
        ("a: b: c", "1: expected YAML, got mapping values are not allowed here"),
        ("removal: destroy\n---\nremoval: retain", "2: expected YAML, got"),
        (
            "removal: !!python/name:os.system x",
            "1: removal: expected a value without a YAML tag, got !!python/name:os.",
        ),
        ("tags:\n  a: x\n  b: !foo x", "3: tags.b: expected a value without a YAML tag, got !foo. Remove the tag."),
        ("tags: !!set {a}", "1: tags: expected a value without a YAML tag, got !!set"),
        ("tags: {released: 2024-02-30}", 'got 2024-02-30. Put it in quotes: "2024-02-30".'),
        ("removal: 2024-01-01 25:00:00", "1: removal: expected text in quotes, or a plain decimal number, got 2024-01"),
        ("region: !!int eu-west-1", "1: region: expected text in quotes, or a plain decimal number, got eu-west-1"),
        ("retrieval: {top_k: 010}", "1: retrieval.top_k: expected text in quotes, or a plain decimal number, got 010"),
        ("account: 012345670123", 'got 012345670123. Put it in quotes: "012345670123".'),
        ("retrieval:\n  aurora: {engine_version: 17.10}", 'expected text, got 17.10. Put it in quotes: "17.10".'),
        ("tags: {ok: no}", '1: tags.ok: expected text, got no. Put it in quotes: "no".'),
        ("tags: {a: " + "9" * 5000 + "}", "1: tags.a: expected text in quotes"),
        ("removal: destroy\ntags: " + "[" * 3000 + "]" * 3000, "2: expected at most 32 levels of nesting, got more"),
        ("tags: " + "[" * 50 + "]" * 50, "expected at most 32 levels of nesting, got more"),
        (
            "removal: destroy\ntags: {}\nremoval: retain",
            "3: removal: expected each key once, got it again, first in line 1",
        ),
        ("gateway:\n  waf: true\n  waf: false", "3: gateway.waf: expected each key once"),
        ("yes: true", "1: expected keys that are text, got another kind of key"),
        ("tags: &t {a: *t}", "1: tags.a: expected a value, got an alias to what contains it"),
        (b"removal: destroy\ntags: {owner: caf\xe9}", "2: expected UTF-8 text, got the byte 0xe9. Save it as UTF-8."),
        (b"\xff\xfer\x00e\x00", "1: expected UTF-8 text, got the byte 0xff"),
        ("removal: destroy\x00", "1: expected YAML, got"),
    ],
)
def test_an_error_names_line_key_expectation_and_finding(tmp_path: Path, content: str | bytes, expected: str) -> None:
    assert any(expected in error for error in errors(tmp_path, content)), errors(tmp_path, content)


def test_all_errors_of_a_file_come_at_once_in_its_order(tmp_path: Path) -> None:
    content = "removl: x\nretrieval:\n  top_k: 0\n  aurora: {min_acu: 9}\nnetwork: {mode: import}\ntags: 3\n"

    lines = [int(error.split(":")[0]) for error in errors(tmp_path, content)]

    assert lines == [1, 3, 4, 5, 6]


def test_a_rule_does_not_judge_a_default_that_stands_in_for_a_bad_value(tmp_path: Path) -> None:
    assert len(errors(tmp_path, "retrieval: {aurora: {min_acu: 4, max_acu: lots}}")) == 1


def test_an_unknown_key_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    assert errors(tmp_path, "network: {nat_gateway: 1, mode: create}")[0].endswith("Did you mean nat_gateways?")


def test_the_errors_of_all_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("a: 1")
    (tmp_path / "prod.yaml").write_text("b: 1")

    with pytest.raises(SettingsError) as caught:
        read_environments(tmp_path)

    assert len(str(caught.value).splitlines()) == 2


def test_a_broken_file_does_not_hinder_another_environment(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("removal: destroy")
    (tmp_path / "prod.yaml").write_text("b: 1")

    assert list(read_environments(tmp_path, only="dev")) == ["dev"]


@pytest.mark.parametrize("name", ["Dev", "a_b", "1st", "an-environment-with-a-long-name"])
def test_a_file_name_that_cannot_name_stacks_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.yaml").write_text("removal: destroy")

    with pytest.raises(SettingsError, match="rename it"):
        read_environments(tmp_path)


def test_a_missing_environment_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "staging.yaml").write_text("removal: destroy")

    with pytest.raises(SettingsError, match="did you mean staging"):
        read_environments(tmp_path, only="stagin")


def test_an_empty_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="file for each environment"):
        read_environments(tmp_path)


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").mkdir()

    with pytest.raises(SettingsError, match="readable file"):
        read_environments(tmp_path)


def test_a_byte_order_mark_and_comments_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "dev.yaml"
    path.write_bytes(b"\xef\xbb\xbf# caf\xc3\xa9\nremoval: destroy # yes\n")

    assert read_settings(path) == Settings(removal="destroy")
