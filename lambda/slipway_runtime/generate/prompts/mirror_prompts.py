"""The calls of Bedrock Prompt Management that the mirror makes.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Agents_for_Amazon_Bedrock.html
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from slipway_runtime.generate.prompts.mirror_content import VARIANT, NotMirrored

MAX_NAME = 80


class Made(NamedTuple):
    """A prompt in Bedrock."""

    id: str
    arn: str


@dataclass(frozen=True, kw_only=True)
class BedrockPrompts:
    """An environment's prompts in Bedrock. `key_arn`: what they are encrypted with, "" for AWS's own key."""

    client: Any
    environment: str
    key_arn: str = ""

    def name(self, tenant: str, prompt: str) -> str:
        """Return what a prompt is called in Bedrock, where names are the account's: its end tells them apart."""
        words = re.sub(r"[^0-9a-zA-Z]+", "-", f"{self.environment}-{tenant}-{prompt}")
        readable = words[:MAX_NAME].strip("-")
        whole = hashlib.sha256(f"{self.environment}#{tenant}#{prompt}".encode()).hexdigest()
        return f"{readable}-{whole[:10]}"

    def create(self, name: str, variant: dict[str, Any]) -> Made:
        """Make a prompt with this draft, or take the one of this name. Raises: NotMirrored, ClientError."""
        request = self._request(name, variant)
        token = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        try:
            made = self.client.create_prompt(**request, clientToken=token)
        except self.client.exceptions.ValidationException as error:
            raise _not_taken(error) from error
        except self.client.exceptions.ConflictException:
            # Made by an earlier attempt whose token Bedrock has forgotten, or whose draft was another one.
            found = self._find(name)
            if found is None or not self.change(found.id, name, variant):
                raise
            return found
        return Made(made["id"], made["arn"])

    def change(self, identifier: str, name: str, variant: dict[str, Any]) -> bool:
        """Give a prompt this draft; False if it is not there. Raises: NotMirrored, ClientError."""
        try:
            self.client.update_prompt(promptIdentifier=identifier, **self._request(name, variant))
        except self.client.exceptions.ResourceNotFoundException:
            return False
        except self.client.exceptions.ValidationException as error:
            raise _not_taken(error) from error
        return True

    def publish(self, identifier: str, description: str, token: str) -> str:
        """Make a version of the draft and return its number. `token`: at least 33 characters."""
        request = {"promptIdentifier": identifier, "description": description, "clientToken": token}
        return str(self.client.create_prompt_version(**request)["version"])

    def delete(self, identifier: str, version: str) -> None:
        """Delete a version; one that is not there is no error."""
        try:
            self.client.delete_prompt(promptIdentifier=identifier, promptVersion=version)
        except self.client.exceptions.ResourceNotFoundException:
            return

    def _request(self, name: str, variant: dict[str, Any]) -> dict[str, Any]:
        key = {"customerEncryptionKeyArn": self.key_arn} if self.key_arn else {}
        return {"name": name, "variants": [variant], "defaultVariant": VARIANT, **key}

    def _find(self, name: str) -> Made | None:
        for page in self.client.get_paginator("list_prompts").paginate():
            for each in page["promptSummaries"]:
                if each["name"] == name:
                    return Made(each["id"], each["arn"])
        return None


def _not_taken(error: ClientError) -> NotMirrored:
    details: Any = error.response["Error"]
    return NotMirrored(f"Bedrock does not take it: {details.get('Message', '')}"[:500])
