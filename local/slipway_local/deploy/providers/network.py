"""EC2's network: records that other resources refer to. No packet passes through them."""

from typing import Any

from slipway_local.deploy.providers.api import Setting, api, tags
from slipway_local.deploy.providers.base import Context, Properties, Provider
from slipway_local.deploy.providers.calls import call

_RULE_KEYS = ("IpProtocol", "FromPort", "ToPort")


def _tagged(kind: str) -> Any:
    def prepare(context: Context, properties: Properties) -> Properties:
        tags = properties.pop("Tags", None)
        specification = [{"ResourceType": kind, "Tags": tags}] if tags else None
        return {**properties, "TagSpecifications": specification}

    return prepare


def _vpc_dns(context: Context, vpc: str, new: Properties, old: Properties) -> None:
    for name, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
        value = {"Value": new.get(name, default)}
        call(context.place, "ec2", "modify_vpc_attribute", {"VpcId": vpc, name: value})


def _public(context: Context, subnet: str, new: Properties, old: Properties) -> None:
    value = {"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": new.get("MapPublicIpOnLaunch", False)}}
    call(context.place, "ec2", "modify_subnet_attribute", value)


def _permission(rule: Properties) -> Properties:
    """Return one CloudFormation rule as an IpPermission."""
    shown: Properties = {key: rule[key] for key in _RULE_KEYS if key in rule}
    description = {"Description": rule["Description"]} if "Description" in rule else {}
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    prefix = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if "CidrIp" in rule:
        shown["IpRanges"] = [{"CidrIp": rule["CidrIp"], **description}]
    if "CidrIpv6" in rule:
        shown["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **description}]
    if group:
        shown["UserIdGroupPairs"] = [{"GroupId": group, **description}]
    if prefix:
        shown["PrefixListIds"] = [{"PrefixListId": prefix}]
    return shown


def _group(context: Context, properties: Properties) -> Properties:
    prepared: Properties = _tagged("security-group")(context, properties)
    prepared["Description"] = prepared.pop("GroupDescription")
    return prepared


def _group_rules(context: Context, group: str, new: Properties, old: Properties) -> None:
    for direction, key in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
        before = [_permission(rule) for rule in old.get(key, [])]
        after = [_permission(rule) for rule in new.get(key, [])]
        for operation, rules in (
            (f"revoke_security_group_{direction}", [rule for rule in before if rule not in after]),
            (f"authorize_security_group_{direction}", [rule for rule in after if rule not in before]),
        ):
            # A new group allows all traffic out already; CDK says so explicitly and moto calls that a duplicate.
            told = [rule for rule in rules if not (direction == "egress" and _allows_all(rule))]
            if told:
                call(context.place, "ec2", operation, {"GroupId": group, "IpPermissions": told})


def _allows_all(rule: Properties) -> bool:
    return str(rule.get("IpProtocol")) == "-1" and any(r["CidrIp"] == "0.0.0.0/0" for r in rule.get("IpRanges", []))


def _single_rule(context: Context, properties: Properties) -> Properties:
    return {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties)]}


def _ec2(operation: str, ref: str, **rest: Any) -> Provider:
    return api("ec2", operation, ref, mode="recorded", **rest)


_TAGS = tags("ec2", "create_tags", "delete_tags", of="Resources", keys="Tags", put="Tags")


def _gone(operation: str, parameter: str) -> dict[str, Any]:
    return {"delete_call": operation, "delete_with": {parameter: "{id}"}}


def _group_rule(direction: str) -> Provider:
    return _ec2(
        f"authorize_security_group_{direction}", "@SecurityGroupRules.0.SecurityGroupRuleId", prepare=_single_rule,
        attributes={"Id": "{id}"}, delete_call=f"revoke_security_group_{direction}",
        delete_with={"GroupId": "{GroupId}", "SecurityGroupRuleIds": "{id}"},
    )  # fmt: skip


PROVIDERS: dict[str, Provider] = {
    "AWS::EC2::VPC": _ec2(
        "create_vpc", "@Vpc.VpcId", prepare=_tagged("vpc"),
        settings=(Setting(_vpc_dns, "EnableDnsSupport", "EnableDnsHostnames"), _TAGS), **_gone("delete_vpc", "VpcId"),
        attributes={"VpcId": "{id}", "CidrBlock": "@Vpc.CidrBlock"},
    ),
    "AWS::EC2::Subnet": _ec2(
        "create_subnet", "@Subnet.SubnetId", prepare=_tagged("subnet"),
        settings=(Setting(_public, "MapPublicIpOnLaunch"), _TAGS),
        attributes={"SubnetId": "{id}", "AvailabilityZone": "@Subnet.AvailabilityZone", "VpcId": "@Subnet.VpcId",
                    "CidrBlock": "@Subnet.CidrBlock"}, **_gone("delete_subnet", "SubnetId"),
    ),
    "AWS::EC2::RouteTable": _ec2(
        "create_route_table", "@RouteTable.RouteTableId", prepare=_tagged("route-table"), settings=(_TAGS,),
        attributes={"RouteTableId": "{id}"}, **_gone("delete_route_table", "RouteTableId"),
    ),
    "AWS::EC2::SubnetRouteTableAssociation": _ec2(
        "associate_route_table", "@AssociationId", **_gone("disassociate_route_table", "AssociationId"),
    ),
    "AWS::EC2::Route": _ec2(
        "create_route", "{RouteTableId}|{DestinationCidrBlock}", update_call="replace_route", update_replaces=True,
        delete_call="delete_route",
        delete_with={"RouteTableId": "{RouteTableId}", "DestinationCidrBlock": "{DestinationCidrBlock}"},
    ),
    "AWS::EC2::InternetGateway": _ec2(
        "create_internet_gateway", "@InternetGateway.InternetGatewayId", prepare=_tagged("internet-gateway"),
        settings=(_TAGS,),
        attributes={"InternetGatewayId": "{id}"}, **_gone("delete_internet_gateway", "InternetGatewayId"),
    ),
    "AWS::EC2::VPCGatewayAttachment": _ec2(
        "attach_internet_gateway", "IGW|{VpcId}", delete_call="detach_internet_gateway",
        delete_with={"VpcId": "{VpcId}", "InternetGatewayId": "{InternetGatewayId}"},
    ),
    "AWS::EC2::EIP": _ec2(
        "allocate_address", "@PublicIp", prepare=_tagged("elastic-ip"),
        attributes={"AllocationId": "@AllocationId", "PublicIp": "{id}"},
        delete_call="release_address", delete_with={"AllocationId": "{AllocationId}"},
    ),
    "AWS::EC2::NatGateway": _ec2(
        "create_nat_gateway", "@NatGateway.NatGatewayId", prepare=_tagged("natgateway"),
        attributes={"NatGatewayId": "{id}"}, **_gone("delete_nat_gateway", "NatGatewayId"),
    ),
    "AWS::EC2::SecurityGroup": _ec2(
        "create_security_group", "@GroupId", name="GroupName", name_limit=255, prepare=_group,
        settings=(Setting(_group_rules, "SecurityGroupIngress", "SecurityGroupEgress"), _TAGS),
        attributes={"GroupId": "{id}", "Id": "{id}", "VpcId": "{VpcId}"}, **_gone("delete_security_group", "GroupId"),
    ),
    "AWS::EC2::SecurityGroupIngress": _group_rule("ingress"),
    "AWS::EC2::SecurityGroupEgress": _group_rule("egress"),
    "AWS::EC2::VPCEndpoint": _ec2(
        "create_vpc_endpoint", "@VpcEndpoint.VpcEndpointId", attributes={"Id": "{id}"},
        delete_call="delete_vpc_endpoints", delete_with={"VpcEndpointIds": "{id}"},
    ),
}  # fmt: skip
