from typing import Any

import pytest


@pytest.mark.capability("R1")
def test_dev_pauses_at_no_capacity_and_is_reached_by_the_data_api(dev: Any) -> None:
    cluster = dev.one("retrieval", "AWS::RDS::DBCluster")

    assert cluster["ServerlessV2ScalingConfiguration"] == {
        "MinCapacity": 0,
        "MaxCapacity": 2,
        "SecondsUntilAutoPause": 300,
    }
    assert cluster["EnableHttpEndpoint"] is True
    assert cluster["StorageEncrypted"] is True
    assert cluster["DatabaseName"] == "slipway"
    assert dev.one("retrieval", "AWS::RDS::DBInstance")["DBInstanceClass"] == "db.serverless"


@pytest.mark.capability("R1")
def test_the_schema_is_migrated_after_the_database_is_there_and_anew_for_another_one(dev: Any) -> None:
    (migration,) = dev.of("retrieval", "Custom::VectorStoreMigration")

    assert migration["Properties"]["Dimensions"] == "1024"
    assert migration["Properties"]["SchemaVersion"] == "5"
    assert migration["Properties"]["Store"]["Fn::GetAtt"][1] == "DBClusterArn", "another cluster has no schema"
    assert any("Writer" in name for name in migration["DependsOn"])
    assert any("DefaultPolicy" in name for name in migration["DependsOn"])
    assert set(dev.function("retrieval", "migrate_store")["Environment"]["Variables"]) >= {
        *("DATABASE_CLUSTER_ARN", "DATABASE_SECRET_ARN", "DATABASE_NAME"),
        *("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL", "SLIPWAY_ENVIRONMENT"),
    }


def test_nothing_connects_to_the_database_by_network(dev: Any, prod: Any) -> None:
    for templates in (dev, prod):
        group = templates.one("retrieval", "AWS::EC2::SecurityGroup")
        assert "SecurityGroupIngress" not in group
        assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["255.255.255.255/32"]
    assert dev.of("retrieval", "AWS::EC2::InternetGateway") == []


def test_prod_survives_a_zone_and_a_mistake(prod: Any) -> None:
    (cluster,) = prod.of("retrieval", "AWS::RDS::DBCluster")

    assert len(prod.of("retrieval", "AWS::RDS::DBInstance")) == 2
    assert cluster["Properties"]["DeletionProtection"] is True
    assert cluster["Properties"]["BackupRetentionPeriod"] == 35
    assert cluster["DeletionPolicy"] == "Retain"
    assert "KmsKeyId" in cluster["Properties"]
    assert "EnableCloudwatchLogsExports" not in cluster["Properties"], "RDS would make a log group without key and end"
    assert "SecondsUntilAutoPause" not in cluster["Properties"]["ServerlessV2ScalingConfiguration"]


def test_the_password_is_generated_and_never_in_the_template(dev: Any) -> None:
    password = dev.one("retrieval", "AWS::RDS::DBCluster")["MasterUserPassword"]

    assert password["Fn::Join"][1][0] == "{{resolve:secretsmanager:"
    assert dev.one("retrieval", "AWS::SecretsManager::Secret")["GenerateSecretString"]["PasswordLength"] == 40
