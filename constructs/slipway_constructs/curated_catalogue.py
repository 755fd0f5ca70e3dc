"""The curated bucket as tables of the Glue Data Catalog, for Athena and Spark, without crawlers.

Creates: a database, the tables `documents`, `rejects` and `duplicates`, and where there are readers, what lets Lake
Formation alone decide: their locations are registered with it, and the tables get no permission for all of IAM's.
Partitions are computed from the query (partition projection): a query names source, date and run.
Grants: each reader may read the tables, through Lake Formation.
Source: Athena user guide, "Use partition projection with Amazon Athena"; Lake Formation developer guide, "Adding an
Amazon S3 location to your data lake", "Changing the default settings for your data lake".
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_lakeformation as lake
from constructs import Construct

DOCUMENTS = {
    "document_id": "string",
    "tenant": "string",
    "path": "string",
    "source_version": "string",
    "sha256": "string",
    "rules": "string",
    "title": "string",
    "media_type": "string",
    "language": "string",
    "text": "string",
    "counts": "map<string,int>",
    "description": "string",
    "attributes": "string",  # JSON: its values are texts, numbers and lists
    "pages": "array<array<int>>",
    "headings": "array<array<string>>",
}
REJECTS = {
    "key": "string",
    "document_id": "string",
    "source": "string",
    "source_version": "string",
    "code": "string",
    "reason": "string",
    "line": "int",
}
DUPLICATES = {
    "key": "string",
    "document_id": "string",
    "source": "string",
    "kept_key": "string",
    "kept_id": "string",
    "kind": "string",
    "similarity": "double",
}
TABLES = ("documents", "rejects", "duplicates")
FOLDERS = ("corpus", "corpus-rejects", "corpus-duplicates")
FIRST_DATE = "2025-01-01"


class CuratedCatalogue(Construct):
    """The database as `database`. `readers`: ARNs of roles that may query; none: IAM alone decides."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, bucket_name: str, readers: Sequence[str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._bucket = bucket_name
        self.database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=cdk.Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=name,
                description="Curated documents",
                create_table_default_permissions=[] if readers else None,
            ),
        )
        tables = [
            self._table("documents", FOLDERS[0], DOCUMENTS, ["source", "date", "run"]),
            self._table("rejects", FOLDERS[1], REJECTS, ["date", "run"]),
            self._table("duplicates", FOLDERS[2], DUPLICATES, ["date", "run"]),
        ]
        for folder in FOLDERS if readers else ():
            self._register(folder)
        for at, reader in enumerate(readers):
            self._grant(f"Reader{at}", reader, name, tables)

    def _table(self, name: str, folder: str, columns: dict[str, str], partitions: list[str]) -> glue.CfnTable:
        location = f"s3://{self._bucket}/{folder}/"
        pattern = "/".join(f"{part}=${{{part}}}" for part in partitions)
        table = glue.CfnTable(
            self,
            name.capitalize(),
            catalog_id=cdk.Aws.ACCOUNT_ID,
            database_name=self.database.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                table_type="EXTERNAL_TABLE",
                partition_keys=[glue.CfnTable.ColumnProperty(name=part, type="string") for part in partitions],
                parameters={
                    "classification": "json",
                    "projection.enabled": "true",
                    "projection.date.type": "date",
                    "projection.date.format": "yyyy-MM-dd",
                    "projection.date.range": f"{FIRST_DATE},NOW",
                    **{f"projection.{part}.type": "injected" for part in partitions if part != "date"},
                    "storage.location.template": f"{location}{pattern}/",
                },
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=location,
                    columns=[glue.CfnTable.ColumnProperty(name=key, type=kind) for key, kind in columns.items()],
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library="org.openx.data.jsonserde.JsonSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(self.database)
        return table

    def _register(self, folder: str) -> None:
        lake.CfnResource(
            self,
            f"Location{folder.title().replace('-', '')}",
            resource_arn=f"arn:{cdk.Aws.PARTITION}:s3:::{self._bucket}/{folder}",
            use_service_linked_role=True,
        )

    def _grant(self, construct_id: str, reader: str, database: str, tables: list[glue.CfnTable]) -> None:
        who = lake.CfnPrincipalPermissions.DataLakePrincipalProperty(data_lake_principal_identifier=reader)
        for table, name in zip(tables, TABLES, strict=True):
            grant = lake.CfnPrincipalPermissions(
                self,
                f"{construct_id}{name.capitalize()}",
                principal=who,
                permissions=["SELECT", "DESCRIBE"],
                permissions_with_grant_option=[],
                resource=lake.CfnPrincipalPermissions.ResourceProperty(
                    table=lake.CfnPrincipalPermissions.TableResourceProperty(
                        catalog_id=cdk.Aws.ACCOUNT_ID, database_name=database, name=name
                    )
                ),
            )
            grant.add_resource_dependency(table)
