"""IAM roles and policies, KMS keys."""

from slipway_local.deploy.providers.api import Setting, api, tags
from slipway_local.deploy.providers.base import Context, Created, Everything, Properties, Provider
from slipway_local.deploy.providers.calls import call, found, text


def _inline(context: Context, role: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in new.get("Policies", [])}
    for name in {policy["PolicyName"] for policy in old.get("Policies", [])} - set(inline):
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for name, document in inline.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text(document))


def _managed(context: Context, role: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    attached, before = set(new.get("ManagedPolicyArns", [])), set(old.get("ManagedPolicyArns", []))
    for arn in sorted(before - attached):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in sorted(attached):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _trust(context: Context, role: str, new: Properties, old: Properties) -> None:
    document = text(new["AssumeRolePolicyDocument"])
    context.place.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)


def _boundary(context: Context, role: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    if "PermissionsBoundary" in new:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=new["PermissionsBoundary"])
    else:
        iam.delete_role_permissions_boundary(RoleName=role)


def _role_settings(context: Context, role: str, new: Properties, old: Properties) -> None:
    """Set both: moto forgets the one that is not given."""
    seconds = int(new.get("MaxSessionDuration", 3600))
    description = new.get("Description", "")
    context.place.client("iam").update_role(RoleName=role, Description=description, MaxSessionDuration=seconds)


def _strip_role(context: Context, role: str, new: Properties, old: Properties) -> None:
    iam = context.place.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


_VERSIONS = 5  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html


def _document(context: Context, arn: str, new: Properties, old: Properties) -> None:
    """Add a version and make it the default one; the oldest makes room for it."""
    iam = context.place.client("iam")
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    if len(versions) == _VERSIONS:
        oldest = min(
            (one for one in versions if not one["IsDefaultVersion"]), key=lambda one: int(one["VersionId"][1:])
        )
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text(new["PolicyDocument"]), SetAsDefault=True)


def _attach(kind: str, names: str) -> Setting:
    """Return the setting of who has a managed policy, of one kind."""

    def apply(context: Context, arn: str, new: Properties, old: Properties) -> None:
        iam = context.place.client("iam")
        for verb, holders in (
            ("detach", [one for one in old.get(names, []) if one not in new.get(names, [])]),
            ("attach", new.get(names, [])),
        ):
            for holder in holders:
                getattr(iam, f"{verb}_{kind.lower()}_policy")(**{f"{kind}Name": holder}, PolicyArn=arn)

    return Setting(apply, names)


def _retire(context: Context, arn: str, new: Properties, old: Properties) -> None:
    """Detach the policy from everything that has it, and delete its older versions."""
    iam = context.place.client("iam")
    having = iam.list_entities_for_policy(PolicyArn=arn)
    for kind in ("Role", "User", "Group"):
        for one in having[f"Policy{kind}s"]:
            name = f"{kind}Name"
            getattr(iam, f"detach_{kind.lower()}_policy")(**{name: one[name]}, PolicyArn=arn)
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


class InlinePolicy(Everything):
    """AWS::IAM::Policy: one document inside each of several roles, users and groups.

    Another name is another document: the engine deletes the old one, when all else is done.
    """

    _HOLDERS = (("Roles", "role", "RoleName"), ("Users", "user", "UserName"), ("Groups", "group", "GroupName"))

    def create(self, context: Context, properties: Properties) -> Created:
        """Put the document into each holder."""
        self._put(context, properties)
        return Created(physical_id=properties["PolicyName"])

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Take the document out of the holders that are gone and put it into the others."""
        if new["PolicyName"] != existing.physical_id:
            return self.create(context, new)
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

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the holder that has a document of this name."""
        name = properties["PolicyName"]
        for key, kind, parameter in self._HOLDERS:
            for holder in properties.get(key, []):
                if found(context.place, "iam", f"get_{kind}_policy", {parameter: holder, "PolicyName": name}):
                    return f"{name}|{holder}"
        return ""

    def _put(self, context: Context, properties: Properties) -> None:
        document = {"PolicyName": properties["PolicyName"], "PolicyDocument": text(properties["PolicyDocument"])}
        for key, kind, parameter in self._HOLDERS:
            for holder in properties.get(key, []):
                getattr(context.place.client("iam"), f"put_{kind}_policy")(**{parameter: holder}, **document)


def _key(context: Context, properties: Properties) -> Properties:
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
    return {"Policy": properties.get("KeyPolicy"), **properties, "Tags": tags}


def _rotation(context: Context, key: str, new: Properties, old: Properties) -> None:
    kms = context.place.client("kms")
    if str(new.get("EnableKeyRotation", False)).lower() == "true":
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=int(new.get("RotationPeriodInDays", 365)))
    else:
        kms.disable_key_rotation(KeyId=key)


def _enabled(context: Context, key: str, new: Properties, old: Properties) -> None:
    enabled = str(new.get("Enabled", True)).lower() == "true"
    getattr(context.place.client("kms"), "enable_key" if enabled else "disable_key")(KeyId=key)


def _description(context: Context, key: str, new: Properties, old: Properties) -> None:
    context.place.client("kms").update_key_description(KeyId=key, Description=new.get("Description", ""))


def _key_policy(context: Context, key: str, new: Properties, old: Properties) -> None:
    """Set the policy; without one it is what a key has that was made by an API call."""
    root = {"AWS": f"arn:{context.place.partition}:iam::{context.place.account}:root"}
    default = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": root, "Action": "kms:*",
               "Resource": "*"}  # fmt: skip
    document = new.get("KeyPolicy", {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [default]})
    call(context.place, "kms", "put_key_policy", {"KeyId": key, "PolicyName": "default", "Policy": document})


PROVIDERS: dict[str, Provider] = {
    "AWS::IAM::Role": api(
        "iam", "create_role", "{RoleName}", name="RoleName", before_delete=_strip_role,
        settings=(
            Setting(_inline, "Policies"), Setting(_managed, "ManagedPolicyArns"),
            Setting(_trust, "AssumeRolePolicyDocument", created=False),
            Setting(_boundary, "PermissionsBoundary", created=False),
            Setting(_role_settings, "MaxSessionDuration", "Description", created=False),
            tags("iam", "tag_role", "untag_role", of="RoleName", keys="TagKeys", put="Tags"),
        ),
        attributes={"Arn": "@Role.Arn", "RoleId": "@Role.RoleId"},
        delete_call="delete_role", delete_with={"RoleName": "{id}"},
    ),
    "AWS::IAM::Policy": InlinePolicy(),
    "AWS::IAM::ManagedPolicy": api(
        "iam", "create_policy", "@Policy.Arn", name="ManagedPolicyName", rename={"ManagedPolicyName": "PolicyName"},
        before_delete=_retire,
        settings=(Setting(_document, "PolicyDocument", created=False), _attach("Role", "Roles"),
                  _attach("User", "Users"), _attach("Group", "Groups")),
        attributes={"PolicyArn": "{id}", "PolicyId": "@Policy.PolicyId"},
        delete_call="delete_policy", delete_with={"PolicyArn": "{id}"},
    ),
    "AWS::KMS::Key": api(
        "kms", "create_key", "@KeyMetadata.KeyId", prepare=_key,
        settings=(
            Setting(_rotation, "EnableKeyRotation", "RotationPeriodInDays"), Setting(_enabled, "Enabled"),
            Setting(_description, "Description", created=False), Setting(_key_policy, "KeyPolicy", created=False),
            tags("kms", "tag_resource", "untag_resource", of="KeyId", keys="TagKeys", put="Tags",
                 pair=("TagKey", "TagValue")),
        ),
        attributes={"Arn": "@KeyMetadata.Arn", "KeyId": "{id}"},
        delete_call="schedule_key_deletion", delete_with={"KeyId": "{id}"},
    ),
    "AWS::KMS::Alias": api(
        "kms", "create_alias", "{AliasName}", update_call="update_alias",
        delete_call="delete_alias", delete_with={"AliasName": "{id}"},
    ),
}  # fmt: skip
