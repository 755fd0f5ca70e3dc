# ruff: noqa: RUF001 - look-alike digits are what is tested
from pathlib import Path

import cfnlint.helpers
import pytest

from stacks.regions import REGIONS
from stacks.settings import Settings
from stacks.settings_file import SettingsError, read_environments
from support.settings import errors

KEY = "arn:aws:kms:eu-west-1:123456789012:key/a"
NETWORK = (
    "network: {mode: import, import: {vpc_id: vpc-0123456789abcdef0, subnet_ids: [subnet-01234567, subnet-89abcdef], "
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("account: '123456789012'", "1: region: expected a value, because account has one"),
        (
            "encryption: {customer_managed_key: true, key_arn: 'arn:aws:kms:eu-west-1:123456789012:key/a'}",
            "customer_managed",
        ),
        (
            "account: '123456789012'\nregion: us-east-1\nencryption:\n  key_arn: " + KEY,
            "4: encryption.key_arn: expected a key in us-east-1, got one in eu-west-1",
        ),
        (
            "account: '123456789012'\nregion: cn-north-1\npermissions_boundary: arn:aws:iam::123456789012:policy/p\n"
            "models: {default: {routes: [{bedrock: 'amazon.nova-lite-v1:0'}]}}",
            "3: permissions_boundary: expected an ARN that starts with arn:aws-cn",
        ),
        ("prompts: {mirror: true}", "1: prompts.mirror: expected false without prompts.enabled, got true"),
        ("network: {mode: import}", "1: network.import: expected the attributes of the VPC, got none"),
        (
            NETWORK.replace("import,", "none,") + "availability_zones: [eu-west-1a, eu-west-1b]}}",
            "network.import: expected nothing with mode",
        ),
        ("network: {nat_gateways: 1}", "network.nat_gateways: expected nothing with mode none, got 1"),
        ("network: {mode: create, nat_gateways: 3}", "network.nat_gateways: expected at most one for each of 2"),
        ("network: {mode: create, cidr: 8.8.0.0/16}", "network.cidr: expected a private IPv4 range"),
        ("network: {mode: create, cidr: 10.0.0.0/28}", "network.cidr: expected a private IPv4 range"),
        ("network: {mode: create, cidr: 127.0.0.0/16}", "network.cidr: expected a private IPv4 range"),
        ("tags: {'aws:owner': me}", "1: tags.aws:owner: expected a key that does not begin with aws: or slipway:"),
        ("tags: {'slipway:environment': me}", "tags.slipway:environment: expected a key that does not begin"),
        ("tags: {'': me}", "1: tags.: expected a key of 1 to 128 letters"),
        ("tags: {'" + "k" * 129 + "': me}", "expected a key of 1 to 128 letters"),
        ("tags: {'a#b': me}", "tags.a#b: expected a key of 1 to 128 letters"),
        ("tags: {owner: '" + "v" * 257 + "'}", "tags.owner: expected at most 256 letters"),
        ("tags: {owner: 'a\\b'}", "tags.owner: expected at most 256 letters"),
        ("tags: {" + ", ".join(f"k{at}: v" for at in range(41)) + "}", "1: tags: expected at most 40 tags, got 41"),
        (
            "account: '123456789012'\nregion: us-east-9",
            "2: region: expected an AWS region, got us-east-9. Did you mean us-east-2 or us-east-1",
        ),
        ("account: '123456789012'\nregion: mars-north-1", "2: region: expected an AWS region, got mars-north-1"),
        (
            NETWORK + "availability_zones: [eu-west-1a, eu-west-1b], security_group_ids: [sg-01234567, sg-01234567]}}",
            "network.import.security_group_ids: expected at most 5 groups, each once",
        ),
        (
            NETWORK
            + "availability_zones: [eu-west-1a, eu-west-1b], security_group_ids: ["
            + ", ".join(f"sg-0123456{at}" for at in range(6))
            + "]}}",
            "network.import.security_group_ids: expected at most 5 groups, each once",
        ),
        (NETWORK + "availability_zones: [zone, eu-west-1b]}}", "availability_zones.0: expected text of the form"),
        (
            "models: {default: {routes: [{bedrock: 'amazon.titan-embed-text-v2:0'}]}}",
            "models.default.routes.0.bedrock: expected a model that writes text",
        ),
        (
            "gateway: {context_max_tokens: 500}\ningestion: {chunk_characters: 8000}",
            "1: gateway.context_max_tokens: expected room for one chunk of 8000 characters, 2667 tokens",
        ),
        ("retrieval: {aurora: {engine_version: '99.1'}}", "engine_version: expected 15.12, 16.8, 17.4 or a later"),
        (
            "account: '210987654321'\nregion: eu-west-1\nencryption:\n  key_arn: " + KEY,
            "4: encryption.key_arn: expected a key of partition aws and account 210987654321",
        ),
        (
            "account: '210987654321'\nregion: eu-west-1\npermissions_boundary: arn:aws:iam::123456789012:policy/p",
            "3: permissions_boundary: expected an ARN that starts with arn:aws:iam::210987654321:",
        ),
        ("network: {mode: create, cidr: ten}", "network.cidr: expected a private IPv4 range"),
        (
            NETWORK + "availability_zones: [eu-west-1a, eu-west-1a]}}",
            "two zones at least, got ['eu-west-1a', 'eu-west-1a']",
        ),
        (
            "account: '123456789012'\nregion: us-east-1\n" + NETWORK + "availability_zones: [eu-west-1a, us-east-1b]}}",
            "expected zones of us-east-1, got eu-west-1a",
        ),
        (
            "retrieval: {aurora: {min_acu: 8, max_acu: 4}}",
            "retrieval.aurora.min_acu: expected at most max_acu, which is 4, got 8",
        ),
        (
            "retrieval: {aurora: {min_acu: 1, auto_pause_minutes: 5}}",
            "auto_pause_minutes: expected nothing with min_acu 1",
        ),
        (
            "retrieval: {aurora: {engine_version: '16.4'}}",
            "engine_version: expected 15.12, 16.8, 17.4 or a later minor version",
        ),
        (
            "retrieval: {aurora: {engine_version: '14.20'}}",
            "engine_version: expected 15.12, 16.8, 17.4 or a later minor version",
        ),
        (
            "ingestion: {chunk_characters: 200, chunk_overlap_characters: 150}",
            "expected at most half of chunk_characters",
        ),
        (
            "models: {fast: {routes: [{bedrock: 'amazon.nova-lite-v1:0'}]}}",
            "models: expected an alias named default",
        ),
        (
            "tags: {Team: search, team: Search}",
            "tags.team: expected keys that differ in more than upper and lower case",
        ),
        (
            "models: {default: {routes: [{bedrock: 'amazon.nova-lite-v1:0'}]}, "
            + ", ".join(f"alias-{at}: {{routes: [{{bedrock: 'amazon.nova-lite-v1:0'}}]}}" for at in range(80))
            + "}",
            "models: expected at most 4096 bytes as JSON",
        ),
        ("models: {}", "models: expected an alias named default, got no alias"),
        (
            "account: '123456789012'\nregion: us-gov-west-1\nmodels: {default: {routes: [{bedrock: eu.amazon.x}]}}",
            "models.default.routes.0.bedrock: expected a model or inference profile that us-gov-west-1 can call",
        ),
        (
            "models: {default: {routes: [{bedrock: amazon.x}]}, embedding: {routes: [{bedrock: amazon.x}]}}",
            "models.embedding: expected another name",
        ),
        (
            "models: {default: {routes: [{bedrock: amazon.x, sagemaker: {endpoint: mine}}]}}",
            "models.default.routes.0: expected one of bedrock, sagemaker and openai, got bedrock and sagemaker",
        ),
        (
            "network: {mode: create}\nmodels: {default: {routes: [{openai: {url: 'https://x/v1', model: m}}]}}",
            "models.default.routes.0.openai: expected a network with a way to the internet",
        ),
    ],
)
@pytest.mark.capability("O15")
def test_an_impossible_combination_comes_with_a_remedy(tmp_path: Path, content: str, expected: str) -> None:
    found = errors(tmp_path, content)

    assert len(found) == 1
    assert expected in found[0]
    assert found[0].rsplit(". ", 1)[1].endswith(".")


def test_a_region_of_the_european_sovereign_cloud_is_one() -> None:
    models = {"default": {"routes": [{"bedrock": "amazon.nova-lite-v1:0"}]}}
    here = {"account": "123456789012", "region": "eusc-de-east-1", "models": models}

    assert Settings.model_validate(here).region == "eusc-de-east-1"


def test_the_regions_are_those_that_the_templates_are_checked_for() -> None:
    assert sorted(REGIONS) == sorted(cfnlint.helpers.REGIONS)


def test_tags_that_aws_takes_are_taken() -> None:
    tags = {"k" * 128: "v" * 256, "cost center_1.a:b/c=d+e-f@g": "", "Straße": "größe 4"}  # any script's letters
    assert Settings.model_validate({"tags": tags}).tags == tags


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("account: '１２３４５６７８９０１２'\nregion: eu-west-1", "1: account: expected text of the form"),
        ("retrieval: {aurora: {engine_version: '17.٧'}}", "engine_version: expected text of the form"),
        ("account: '123456789012'\nregion: eu-west-１", "2: region: expected text of the form"),
        ("permissions_boundary: 'Grün'", "permissions_boundary: expected text of the form"),
        (
            NETWORK.replace("import: {", "existing: {") + "availability_zones: [eu-west-1a, eu-west-1b]}}",
            "network.existing: expected one of the keys mode, cidr, availability_zones, nat_gateways, import, got an",
        ),
    ],
)
def test_look_alikes_of_digits_and_of_keys_are_refused(tmp_path: Path, content: str, expected: str) -> None:
    assert any(expected in line for line in errors(tmp_path, content))


def test_partitions_of_their_own_know_their_arns(tmp_path: Path) -> None:
    for region, partition in (("us-isof-south-1", "aws-iso-f"), ("eu-isoe-west-1", "aws-iso-e")):
        boundary = f"arn:{partition}:iam::123456789012:policy/p"
        content = f"account: '123456789012'\nregion: {region}\npermissions_boundary: {boundary}\nremoval: 5"
        assert not any("permissions_boundary" in line for line in errors(tmp_path, content))


def test_more_subnets_than_a_function_takes_are_refused(tmp_path: Path) -> None:
    subnets = ", ".join(f"subnet-{at:08}" for at in range(20))
    content = f"network: {{mode: import, import: {{vpc_id: vpc-01234567, subnet_ids: [{subnets}], "
    content += "availability_zones: [eu-west-1a, eu-west-1b]}}"
    assert any("network.import.subnet_ids: expected" in line for line in errors(tmp_path, content))


def test_two_environments_that_would_be_one_stage_are_refused(tmp_path: Path) -> None:
    for name in ("dev-1", "dev1"):
        (tmp_path / f"{name}.yaml").write_text("removal: destroy\n")
    with pytest.raises(SettingsError, match=r"expected a name that differs from dev-1\.yaml in more than hyphens"):
        read_environments(tmp_path)


def test_settings_made_in_code_obey_the_same_rules() -> None:
    with pytest.raises(ValueError, match="chunk_overlap_characters: expected at most half"):
        Settings.model_validate({"ingestion": {"chunk_characters": 300, "chunk_overlap_characters": 200}})
