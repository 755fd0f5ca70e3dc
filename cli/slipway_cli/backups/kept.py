"""What of an environment goes into a backup, and what is made anew from that when it is restored.

The vector store is in neither list: whatever store it is, ingestion fills it from the restored documents.
"""

from dataclasses import dataclass

from slipway_cli.errors import CommandError
from slipway_cli.target import Target

BUCKETS = {
    "artifacts": "training sets, models, feedback and labelling jobs",
    "raw": "the documents",
}
TABLES = {
    "approvals": "who approved which model, and why",
    "audit": "who deployed, took back and retired what: the whole chain",
    "conversations": "what users said, until it expires",
    "holds": "legal holds; what comes under them is held as it comes",
    "labelling": "tasks, votes and results of people",
    "meters": "the ledger, counters of quotas, feedback",
    "prompts": "versions, labels, examples, experiments",
    "tenants": "hashes of keys, and whose they are",
}
MADE_ANEW = {
    "cache": "answers, which are void once documents change",
    "curated": "what ingestion makes of each document",
    "deployments": "what endpoints serve, which is deployed anew",
    "documents": "lineage, which names versions of the raw bucket; restored objects have new ones",
    "duplicates": "signatures, which ingestion takes again",
    "rejects": "ingestion rejects again what it rejected",
    "trail": "CloudTrail's files, which only CloudTrail writes",
}


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The physical names of an environment's buckets and tables that are kept, by their names here."""

    buckets: dict[str, str]
    tables: dict[str, str]


def stores(target: Target) -> Stores:
    """Return what the deployed environment has of them.

    Raises: CommandError if it is not deployed, or holds a store that neither list knows.
    """
    target.parameter("foundation/raw-bucket-name")  # says what is wrong if nothing is deployed
    pages = (
        target.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=f"/slipway/{target.environment}/foundation")
    )
    names = {item["Name"].rsplit("/", 1)[1]: item["Value"] for page in pages for item in page["Parameters"]}
    buckets = {
        name.removesuffix("-bucket-name"): value for name, value in names.items() if name.endswith("-bucket-name")
    }
    tables = {name.removesuffix("-table-name"): value for name, value in names.items() if name.endswith("-table-name")}
    if unknown := sorted({*buckets, *tables} - {*BUCKETS, *TABLES, *MADE_ANEW}):
        raise CommandError(f"this command does not know whether to keep {', '.join(unknown)}: use the release deployed")
    return Stores(
        buckets={name: buckets[name] for name in BUCKETS if name in buckets},
        tables={name: tables[name] for name in TABLES if name in tables},
    )
