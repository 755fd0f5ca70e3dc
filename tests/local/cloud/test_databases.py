"""DB clusters of a deployed template: real addresses, direct connections, rotated passwords, sleep at 0 ACU."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from slipway_local import cloud, remote

pytestmark = pytest.mark.capability("O14")

SECRET_REFERENCE = {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}
GENERATED = {
    "SecretStringTemplate": '{"username": "owner"}', "GenerateStringKey": "password", "ExcludePunctuation": True,
}  # fmt: skip
CLUSTER = {
    "Engine": "aurora-postgresql",
    "DatabaseName": "orders",
    "MasterUsername": "owner",
    "MasterUserPassword": SECRET_REFERENCE,
    "EnableHttpEndpoint": True,
}
TEMPLATE = {
    "Resources": {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": GENERATED}},
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": CLUSTER},
        "Writer": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "Engine": "aurora-postgresql", "DBClusterIdentifier": {"Ref": "Cluster"},
                "DBInstanceClass": "db.serverless",
            },
        },
        "Attachment": {
            "Type": "AWS::SecretsManager::SecretTargetAttachment",
            "Properties": {
                "SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Cluster"}, "TargetType": "AWS::RDS::DBCluster",
            },
        },
    },
    "Outputs": {
        "Secret": {"Value": {"Ref": "Secret"}},
        "Cluster": {"Value": {"Ref": "Cluster"}},
        "Arn": {"Value": {"Fn::GetAtt": ["Cluster", "DBClusterArn"]}},
        "Host": {"Value": {"Fn::GetAtt": ["Cluster", "Endpoint.Address"]}},
        "Writer": {"Value": {"Fn::Join": [":", [{"Fn::GetAtt": ["Writer", "Endpoint.Address"]},
                                                {"Fn::GetAtt": ["Writer", "Endpoint.Port"]}]]}},
        "Port": {"Value": {"Fn::GetAtt": ["Cluster", "Endpoint.Port"]}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def outputs(local_cloud: Any) -> Iterator[dict[str, str]]:
    """The outputs of a stack with one cluster."""
    status = local_cloud.deploy(Databases=TEMPLATE)
    yield local_cloud.outputs(status, "Databases")
    local_cloud.remove("Databases")


def secret_of(local_cloud: Any, outputs: dict[str, str]) -> dict[str, Any]:
    found = local_cloud.place.client("secretsmanager").get_secret_value(SecretId=outputs["Secret"])
    return dict(json.loads(found["SecretString"]))


def connect(secret: dict[str, Any], **changed: Any) -> psycopg.Connection:
    given = {"host": secret["host"], "port": secret["port"], "user": secret["username"],
             "password": secret["password"], "dbname": secret["dbname"]}  # fmt: skip
    return psycopg.connect(**(given | changed), autocommit=True)


def count(local_cloud: Any, outputs: dict[str, str]) -> int:
    answer = local_cloud.place.client("rds-data").execute_statement(
        resourceArn=outputs["Arn"], secretArn=outputs["Secret"], database="orders", sql="SELECT count(*) FROM lines"
    )
    return int(answer["records"][0][0]["longValue"])


def test_the_secret_getatt_and_the_api_lead_to_the_same_server(local_cloud: Any, outputs: dict[str, str]) -> None:
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
    secret = secret_of(local_cloud, outputs)
    (described,) = local_cloud.place.client("rds").describe_db_clusters(DBClusterIdentifier=outputs["Cluster"])[
        "DBClusters"
    ]
    assert (secret["host"], str(secret["port"])) == (outputs["Host"], outputs["Port"])
    assert (described["Endpoint"], str(described["Port"])) == (outputs["Host"], outputs["Port"])
    assert outputs["Writer"] == f"{outputs['Host']}:{outputs['Port']}"
    assert described["ReaderEndpoint"] == described["Endpoint"]
    assert (secret["engine"], secret["dbname"]) == ("postgres", "orders")
    with connect(secret) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS lines (n int)")
        connection.execute("INSERT INTO lines VALUES (1)")
        assert count(local_cloud, outputs) == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(secret, password="wrong")


def test_a_rotated_password_is_the_one_for_new_connections(local_cloud: Any, outputs: dict[str, str]) -> None:
    # The steps of https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
    secret = secret_of(local_cloud, outputs)
    old, new = secret["password"], "rotated-by-statement"
    with connect(secret) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS lines (n int)")
        connection.execute(f"ALTER ROLE owner PASSWORD '{new}'")
    keep = local_cloud.place.client("secretsmanager").put_secret_value
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(secret)
    keep(SecretId=outputs["Secret"], SecretString=json.dumps(secret | {"password": new}))
    assert count(local_cloud, outputs) >= 0
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html, MasterUserPassword
    rds = local_cloud.place.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier=outputs["Cluster"], MasterUserPassword="rotated-by-call")
    connect(secret, password="rotated-by-call").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(secret, password=old)
    keep(SecretId=outputs["Secret"], SecretString=json.dumps(secret | {"password": "rotated-by-call"}))
    assert count(local_cloud, outputs) >= 0


def test_a_paused_cluster_refuses_calls_until_it_has_resumed(local_cloud: Any, outputs: dict[str, str]) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
    with connect(secret_of(local_cloud, outputs)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS lines (n int)")
    pause = {"resume_seconds": 0.5}
    paused = remote.ask(local_cloud.state, "POST", f"databases/{outputs['Cluster']}", pause)
    assert paused == {"paused": [outputs["Cluster"]]}
    with pytest.raises(local_cloud.place.client("rds-data").exceptions.DatabaseResumingException):
        count(local_cloud, outputs)

    def awake() -> bool:
        try:
            return count(local_cloud, outputs) >= 0
        except ClientError:
            return False

    assert local_cloud.eventually(awake)
    with pytest.raises(cloud.LocalCloudError, match="there is no DB cluster 'nowhere'; there are: databases-cluster-"):
        remote.ask(local_cloud.state, "POST", "databases/nowhere", pause)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"Engine": "aurora-postgresql", "ManageMasterUserPassword": True}, "ManageMasterUserPassword is not emulated"),
        ({"Engine": "aurora-mysql", "MasterUserPassword": "password"}, "engine aurora-mysql is not emulated"),
    ],
)
def test_what_the_embedded_postgresql_is_not_is_refused_in_words(
    local_cloud: Any, properties: dict[str, Any], words: str
) -> None:
    cluster = {"Type": "AWS::RDS::DBCluster", "Properties": {"MasterUsername": "owner", **properties}}
    with pytest.raises(cloud.LocalCloudError, match=words):
        local_cloud.deploy(Refused={"Resources": {"Cluster": cluster}})
