"""Faults in the platform's own parts: names, sizes, policies, wiring, network, functions."""

import zipfile

from support.planted import AGENTS, CHATBOT, ERROR, GITHUB, WARNING, Plant, Trial, move, settings


def kendra(trial: Trial) -> None:
    trial.region = "eu-central-1"
    trial.add("AWS::Kendra::Index", "retrieval", Name="n", Edition="DEVELOPER_EDITION", RoleArn="r")


def too_many_resources(trial: Trial) -> None:
    for number in range(501):
        trial.add("AWS::SNS::Topic", name=f"Topic{number}")


def too_large_template(trial: Trial) -> None:
    trial.properties("AWS::CloudWatch::Dashboard")["DashboardBody"] = "x" * 1_000_000


def long_name(trial: Trial) -> None:
    """76 characters, once the region and the account are in it."""
    name = {"Fn::Join": ["-", ["slipway-production-of-the-knowledge-platform", {"Ref": "AWS::Region"}, "role-of-chat"]]}
    trial.properties("AWS::IAM::Role", "gateway")["RoleName"] = name


def bucket_name(trial: Trial) -> None:
    trial.properties("AWS::S3::Bucket")["BucketName"] = {"Fn::Sub": "Slipway_${AWS::AccountId}"}


def hard_coded_partition(trial: Trial) -> None:
    trial.region = "us-gov-west-1"
    trial.templates = {"gateway": {"Resources": {}}}
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    trust = {"Version": "2012-10-17", "Statement": []}
    trial.add("AWS::IAM::Role", ManagedPolicyArns=[arn], AssumeRolePolicyDocument=trust)
    gov = {name: {"routes": [{"bedrock": "us-gov.amazon.nova-lite-v1:0"}]} for name in ("default", "fast")}
    settings(models=gov)(trial)


def long_policy(trial: Trial) -> None:
    statements = trial.properties("AWS::IAM::Policy", "gateway")["PolicyDocument"]["Statement"]
    names = [f"arn:${{AWS::Partition}}:s3:::knowledge-of-a-tenant-{number:06}/*" for number in range(200)]
    statements.append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": names})


def log_group_of_machine(trial: Trial) -> None:
    for name, item in trial.templates["deletion"]["Resources"].items():
        if item["Type"] == "AWS::Logs::LogGroup" and "vendedlogs" in str(item["Properties"].get("LogGroupName")):
            trial.templates["deletion"]["Resources"][name]["Properties"]["LogGroupName"] = "/slipway/deletion"


def many_log_policies(trial: Trial) -> None:
    for number in range(11):
        trial.add("AWS::Logs::ResourcePolicy", name=f"P{number}", PolicyName=f"p{number}", PolicyDocument="{}")


def waf_log_group(trial: Trial) -> None:
    trial.add("AWS::Logs::LogGroup", name="AclLogs", LogGroupName="/slipway/waf")
    destination = {"Fn::GetAtt": ["AclLogs", "Arn"]}
    trial.add("AWS::WAFv2::LoggingConfiguration", LogDestinationConfigs=[destination], ResourceArn="a" * 20)


def waf_scope(trial: Trial) -> None:
    trial.region = "eu-west-1"
    trial.properties("AWS::WAFv2::WebACL")["Scope"] = "CLOUDFRONT"


def export(trial: Trial) -> None:
    value = {"Value": {"Ref": "AWS::StackName"}, "Export": {"Name": "prod:VpcId"}}
    trial.templates["network"].setdefault("Outputs", {})["VpcId"] = value


def unpublished(trial: Trial) -> None:
    resources = trial.templates["foundation"]["Resources"]
    (name,) = [
        key
        for key, item in resources.items()
        if item["Properties"].get("Name") == "/slipway/prod/foundation/raw-bucket-name"
    ]
    del resources[name]


def published_later(trial: Trial) -> None:
    parameter = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/slipway/prod/gateway/url"}
    trial.templates["ingestion"]["Parameters"]["Url"] = parameter


def circle(trial: Trial) -> None:
    for one, other in (("GroupA", "GroupB"), ("GroupB", "GroupA")):
        rule = {"IpProtocol": "tcp", "SourceSecurityGroupId": {"Fn::GetAtt": [other, "GroupId"]}}
        trial.add("AWS::EC2::SecurityGroup", name=one, GroupDescription="d", SecurityGroupIngress=[rule])


def without_endpoint(trial: Trial) -> None:
    resources = trial.templates["network"]["Resources"]
    del resources[next(name for name in resources if name.startswith("PrivateVpcBedrockRuntime"))]


def variables(trial: Trial) -> None:
    trial.properties("AWS::Lambda::Function", "gateway")["Environment"]["Variables"]["PROMPT"] = "x" * 4096


def kept_variable(trial: Trial) -> None:
    trial.properties("AWS::Lambda::Function", "gateway")["Environment"]["Variables"]["AWS_REGION"] = "eu-west-1"


def large_layer(trial: Trial) -> None:
    """Zeros compress well: the zip is small, unzipped it has 263 MB."""
    path = trial.folder / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("model.bin", "w") as file:
        for _ in range(263):
            file.write(bytes(1_000_000))
    key = str(trial.properties("AWS::Lambda::LayerVersion", "gateway")["Content"]["S3Key"]).split(".", maxsplit=1)[0]
    trial.assets[key] = path


def reserved(trial: Trial) -> None:
    trial.properties("AWS::Lambda::Function", "ingestion")["ReservedConcurrentExecutions"] = 950


def visibility(trial: Trial) -> None:
    queues = [i for i in trial.templates["ingestion"]["Resources"].values() if i["Type"] == "AWS::SQS::Queue"]
    for queue in queues:
        queue["Properties"]["VisibilityTimeout"] = 30


def old_runtime(trial: Trial) -> None:
    trial.properties("AWS::Lambda::Function", "gateway")["Runtime"] = "python3.7"


def engine(trial: Trial) -> None:
    trial.properties("AWS::RDS::DBCluster")["EngineVersion"] = "15.4"


def linked_role(trial: Trial) -> None:
    trial.add("AWS::IAM::ServiceLinkedRole", AWSServiceName="es.amazonaws.com")


IMPORTED = {
    "mode": "import",
    "import": {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "availability_zones": ["us-east-1a", "us-west-2b"],
    },
}
EUROPEAN = {name: {"routes": [{"bedrock": "eu.amazon.nova-lite-v1:0"}]} for name in ("default", "fast")}
PLATFORM: list[Plant] = [
    (kendra, "region-type", ERROR, "retrieval.store", f"{GITHUB}/aws/aws-cdk/issues/34062"),
    (
        *(move("me-central-1"), "region-service", ERROR, "ingestion.ocr"),
        f"{GITHUB}/aws-samples/aws-ai-intelligent-document-processing/issues/29",
    ),
    (move("mars-east-1"), "region-unknown", ERROR, "region", f"{GITHUB}/brefphp/bref/issues/1353"),
    (
        *(settings(models=EUROPEAN), "model-region", ERROR, "models.default"),
        f"{GITHUB}/strands-agents/harness-sdk/issues/38",
    ),
    (
        *(settings(network=IMPORTED), "zones", ERROR, "network.import.availability_zones"),
        f"{GITHUB}/aws-samples/saas-reference-architecture-ecs/issues/12",
    ),
    (too_many_resources, "template-limits", ERROR, "gateway", f"{AGENTS}/issues/852"),
    (too_large_template, "template-limits", ERROR, "observability", f"{AGENTS}/issues/830"),
    (long_name, "property", ERROR, "gateway", f"{GITHUB}/aws/karpenter-provider-aws/issues/3479"),
    (bucket_name, "property", ERROR, "", f"{CHATBOT}/issues/347"),
    (hard_coded_partition, "partition", ERROR, "gateway", f"{GITHUB}/aws/aws-cdk/issues/35116"),
    (long_policy, "policy-size", ERROR, "gateway", f"{GITHUB}/aws/aws-cdk/issues/18457"),
    (log_group_of_machine, "log-policies", WARNING, "ingestion.retention", f"{CHATBOT}/issues/485"),
    (many_log_policies, "log-policies", ERROR, "gateway", f"{GITHUB}/aws/aws-cdk/issues/28577"),
    (waf_log_group, "waf-log-name", ERROR, "gateway.waf", f"{GITHUB}/aws/aws-cdk/issues/35311"),
    (waf_scope, "waf-scope", ERROR, "gateway.waf", f"{CHATBOT}/issues/585"),
    (export, "exports", ERROR, "network", f"{GITHUB}/aws/aws-cdk/issues/7602"),
    (unpublished, "missing-name", ERROR, "ingestion", f"{GITHUB}/awslabs/aws-deployment-framework/issues/659"),
    (published_later, "circular-stacks", ERROR, "ingestion", f"{GITHUB}/aws/aws-cdk/issues/3414"),
    (circle, "circular-resources", ERROR, "gateway", f"{GITHUB}/aws/aws-cdk/issues/1341"),
    (without_endpoint, "endpoint", ERROR, "network.nat_gateways", f"{CHATBOT}/pull/507"),
    (variables, "variables", ERROR, "gateway", f"{CHATBOT}/issues/583"),
    (kept_variable, "variables", ERROR, "gateway", f"{GITHUB}/wazuh/wazuh-indexer/issues/235"),
    (large_layer, "code-size", ERROR, "gateway", f"{GITHUB}/aws-samples/pace-genai-demos/issues/18"),
    (
        *(reserved, "reserved-concurrency", WARNING, "ingestion.max_concurrency"),
        f"{GITHUB}/aws-samples/siem-on-amazon-opensearch-service/issues/175",
    ),
    (visibility, "visibility", ERROR, "ingestion", f"{GITHUB}/hashicorp/terraform-provider-aws/issues/18099"),
    (old_runtime, "runtime", ERROR, "gateway", f"{GITHUB}/aws-samples/aws-cdk-examples/issues/1003"),
    (engine, "engine-version", ERROR, "retrieval.aurora.engine_version", f"{GITHUB}/aws/aws-cdk/issues/32457"),
    (linked_role, "linked-role", ERROR, "", f"{GITHUB}/aws-samples/retail-demo-store/issues/372"),
]
