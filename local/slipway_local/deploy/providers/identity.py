"""IAM roles and policies, KMS keys."""

from slipway_local.deploy.providers.base import Context, Created, Properties, Provider, api, call, text


def _role_policies(context: Context, role: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in new.get("Policies", [])}
    attached = set(new.get("ManagedPolicyArns", []))
    for name in {policy["PolicyName"] for policy in old.get("Policies", [])} - set(inline):
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for arn in set(old.get("ManagedPolicyArns", [])) - attached:
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for name, document in inline.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text(document))
    for arn in sorted(attached):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    if old:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=text(new["AssumeRolePolicyDocument"]))


def _strip_role(context: Context, role: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


def _attach(context: Context, arn: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    if old:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text(new["PolicyDocument"]), SetAsDefault=True)
    for role in set(old.get("Roles", [])) - set(new.get("Roles", [])):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for role in new.get("Roles", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _detach(context: Context, arn: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    for role in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)


class InlinePolicy:
    """AWS::IAM::Policy: one document inside each of several roles, users and groups."""

    mode = "live"
    updatable = True
    _HOLDERS = (("Roles", "role", "RoleName"), ("Users", "user", "UserName"), ("Groups", "group", "GroupName"))

    def create(self, context: Context, properties: Properties) -> Created:
        """Put the document into each holder."""
        self._put(context, properties)
        return Created(physical_id=properties["PolicyName"])

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Take the document out of the holders that are gone and put it into the others."""
        gone = {key: [one for one in old.get(key, []) if one not in new.get(key, [])] for key, _, _ in self._HOLDERS}
        self.delete(context, existing, {**old, **gone})
        self._put(context, new)
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Take the document out of each holder."""
        iam = context.place.client("iam")
        for key, kind, parameter in self._HOLDERS:
            for holder in properties.get(key, []):
                getattr(iam, f"delete_{kind}_policy")(**{parameter: holder, "PolicyName": existing.physical_id})

    def _put(self, context: Context, properties: Properties) -> None:
        document = {"PolicyName": properties["PolicyName"], "PolicyDocument": text(properties["PolicyDocument"])}
        for key, kind, parameter in self._HOLDERS:
            for holder in properties.get(key, []):
                getattr(context.place.client("iam"), f"put_{kind}_policy")(**{parameter: holder}, **document)


def _key(context: Context, properties: Properties) -> Properties:
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
    return {"Policy": properties.get("KeyPolicy"), **properties, "Tags": tags}


def _key_settings(context: Context, key: str, new: Properties, old: Properties) -> None:
    kms = context.place.client("kms")
    if str(new.get("EnableKeyRotation", False)).lower() == "true":
        kms.enable_key_rotation(KeyId=key)
    if old and "KeyPolicy" in new:
        call(
            context.place, "kms", "put_key_policy", {"KeyId": key, "PolicyName": "default", "Policy": new["KeyPolicy"]}
        )


PROVIDERS: dict[str, Provider] = {
    "AWS::IAM::Role": api(
        "iam", "create_role", "{RoleName}", name="RoleName", after=_role_policies, before_delete=_strip_role,
        attributes={"Arn": "@Role.Arn", "RoleId": "@Role.RoleId"},
        delete_call="delete_role", delete_with={"RoleName": "{id}"},
    ),
    "AWS::IAM::Policy": InlinePolicy(),
    "AWS::IAM::ManagedPolicy": api(
        "iam", "create_policy", "@Policy.Arn", name="ManagedPolicyName", rename={"ManagedPolicyName": "PolicyName"},
        after=_attach, before_delete=_detach, attributes={"PolicyArn": "{id}", "PolicyId": "@Policy.PolicyId"},
        delete_call="delete_policy", delete_with={"PolicyArn": "{id}"},
    ),
    "AWS::KMS::Key": api(
        "kms", "create_key", "@KeyMetadata.KeyId", prepare=_key, after=_key_settings,
        attributes={"Arn": "@KeyMetadata.Arn", "KeyId": "{id}"},
        delete_call="schedule_key_deletion", delete_with={"KeyId": "{id}"},
    ),
    "AWS::KMS::Alias": api(
        "kms", "create_alias", "{AliasName}", update_call="update_alias",
        delete_call="delete_alias", delete_with={"AliasName": "{id}"},
    ),
}  # fmt: skip
