"""Brings the versions of a prompt to Bedrock Prompt Management, in their order, each once.

What is to be done is read from the table, never from what woke us: a change told of twice, late or in another order
finds nothing left to do. Each creation carries a token made of what it asks for: one whose answer was lost gives, when
it is repeated, what it made.
Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePromptVersion.html (clientToken)
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from slipway_runtime.generate.prompts import mirror_content
from slipway_runtime.generate.prompts.content import Prompt
from slipway_runtime.generate.prompts.example_sets import Example, ExampleSet, within
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.mirror_content import NotMirrored
from slipway_runtime.generate.prompts.mirror_prompts import BedrockPrompts
from slipway_runtime.generate.prompts.mirror_state import Copy, Mirror, MirrorRows
from slipway_runtime.generate.prompts.names import reference
from slipway_runtime.generate.prompts.versions import Version, Versions
from slipway_runtime.operate.rows import Table
from slipway_runtime.retrieve.tokens.choose import tokenizer

NEWEST = 10  # as many versions of a prompt as Bedrock holds
OVER_QUOTA = "ServiceQuotaExceededException"
DELETED = "it was deleted in Bedrock"
MADE_ROOM = "it made room: Bedrock holds only so many versions of a prompt"


@dataclass(frozen=True, kw_only=True)
class Mirrors:
    """The mirrors of an environment's prompts. `refused`: called for each version that Bedrock does not take."""

    table: Table
    bedrock: BedrockPrompts
    refused: Callable[[], None]

    def bring(self, tenant: str, name: str) -> Mirror:
        """Bring what is not in Bedrock yet, and return how the mirror stands.

        Raises: the errors of DynamoDB and Bedrock; what was done until then stays, and is not done again.
        """
        versions = Versions(table=self.table, tenant=tenant)
        work = _Work(self.bedrock, versions, name)
        new = [each for each in versions.newest(name, limit=NEWEST) if each.number > work.mirror.latest]
        for version in reversed(new):
            try:
                copy = Copy(version.number, work.copied(version))
            except NotMirrored as error:
                self.refused()
                copy = Copy(version.number, why=str(error))
            except ClientError as error:
                if error.response["Error"]["Code"] != OVER_QUOTA:
                    raise
                self.refused()
                work.write(waiting=str(error.response["Error"].get("Message"))[:300])
                break
            work.write(latest=version.number, copies=(*work.mirror.copies, copy), waiting="")
        return work.mirror


class _Work:
    """One prompt's mirror, written down after each step."""

    def __init__(self, bedrock: BedrockPrompts, versions: Versions, name: str) -> None:
        self._bedrock, self._versions, self._name = bedrock, versions, name
        self._rows, self._subject = MirrorRows(table=versions.table), versions.subject(name)
        self.mirror = self._rows.get(self._subject)

    def write(self, **changes: Any) -> None:
        """Change the row. Raises: Conflict if somebody else did since it was read."""
        self.mirror = self._rows.put(self._subject, msgspec.structs.replace(self.mirror, **changes))

    def copied(self, version: Version) -> str:
        """Return the number of the version that Bedrock has for this one. Raises: NotMirrored, ClientError."""
        prompt = msgspec.json.decode(version.body, type=Prompt)
        named = f"{self._name}@{version.number}"
        origin = {"slipway-tenant": self._versions.tenant, "slipway-prompt": named}
        self._draft(mirror_content.variant(prompt, _examples(self._versions, prompt), origin))
        whole = f"{self.mirror.id} {self._subject} {version.number} {version.digest}"
        request = (self.mirror.id, named, hashlib.sha256(whole.encode()).hexdigest())
        try:
            return self._bedrock.publish(*request)
        except ClientError as error:
            if error.response["Error"]["Code"] != OVER_QUOTA:
                raise
        self._make_room()
        return self._bedrock.publish(*request)

    def _draft(self, variant: dict[str, Any]) -> None:
        """Make this the draft of the prompt in Bedrock, a new one where there is none; its id is written at once."""
        name = self._bedrock.name(self._versions.tenant, self._name)
        if self.mirror.id and self._bedrock.change(self.mirror.id, name, variant):
            return
        made = self._bedrock.create(name, variant)
        gone = (Copy(each.number, why=each.why or DELETED) for each in self.mirror.copies)
        self.write(id=made.id, arn=made.arn, copies=tuple(gone))

    def _make_room(self) -> None:
        """Delete Bedrock's oldest version that no label points to. Raises: NotMirrored if there is none."""
        labelled = {label.version for label in Labels(versions=self._versions).all(self._name)}
        oldest = next((each for each in self.mirror.copies if each.version and each.number not in labelled), None)
        if oldest is None:
            raise NotMirrored("Bedrock holds no more versions of a prompt, and labels point to all of them")
        self._bedrock.delete(self.mirror.id, oldest.version)
        gone = Copy(oldest.number, why=MADE_ROOM)
        self.write(copies=tuple(gone if each is oldest else each for each in self.mirror.copies))


def _examples(versions: Versions, prompt: Prompt) -> list[Example]:
    use = prompt.examples
    if use is None or use.select == "similar":
        return []
    named = reference(use.set, "examples.set")
    held = Versions(table=versions.table, tenant=versions.tenant, kind="example").get(named.name, named.number)
    examples = msgspec.json.decode(held.body, type=ExampleSet).examples
    return list(within(examples, use.count, use.max_tokens, tokenizer("estimate")))
