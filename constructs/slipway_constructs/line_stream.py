"""A Firehose stream whose records become lines of JSONL objects under a prefix of a bucket.

Creates: the stream, its role, its error log.   Grants: the role may put objects under its prefixes, and write the log.
Units: an object holds 5 MiB, or what came within `interval`, up to 15 minutes.
Source: Amazon Data Firehose developer guide, "Grant Firehose access to an Amazon S3 destination" and "Understand
custom prefixes for Amazon S3 objects": a prefix with expressions needs one for errors too.
"""

import dataclasses

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from slipway_constructs.permissions import allow, allow_key

WRITE_REASON = "Firehose makes up the names of the objects that it puts under the two prefixes of this stream."


@dataclasses.dataclass(frozen=True, kw_only=True)
class StreamLog:
    """How the stream's errors are kept."""

    retention: logs.RetentionDays
    removal: cdk.RemovalPolicy


class LineStream(Construct):
    """The stream as `stream`. Objects are not compressed, so that they are documents as any other of the bucket.

    `error_prefix`: where Firehose puts what it could not process, by day, under the kind of failure.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_arn: str,
        prefix: str,
        error_prefix: str,
        interval: cdk.Duration,
        log: StreamLog,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        group = logs.LogGroup(self, "Errors", retention=log.retention, removal_policy=log.removal, encryption_key=key)
        errors = logs.LogStream(self, "Delivery", log_group=group, removal_policy=log.removal)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        _allow_uploads(role, bucket_arn, [prefix, error_prefix])
        written = f"{group.log_group_arn}:log-stream:{errors.log_stream_name}"
        role.add_to_policy(iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[cdk.Fn.join("", [written])]))
        allow_key(role, key.key_arn if key else None)
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=_encryption(key),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=bucket_arn,
                role_arn=role.role_arn,
                prefix=prefix + "!{timestamp:yyyy/MM/dd/HH}/",
                error_output_prefix=error_prefix + "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
                file_extension=".jsonl",
                compression_format="UNCOMPRESSED",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=int(interval.to_seconds()), size_in_m_bs=5
                ),
                processing_configuration=_line_ends(),
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True, log_group_name=group.log_group_name, log_stream_name=errors.log_stream_name
                ),
            ),
        )
        self.stream.node.add_dependency(role.node.find_child("DefaultPolicy"))


def _encryption(
    key: kms.IKey | None,
) -> firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty:
    if key is None:
        return firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(key_type="AWS_OWNED_CMK")
    return firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
        key_type="CUSTOMER_MANAGED_CMK", key_arn=key.key_arn
    )


def _line_ends() -> firehose.CfnDeliveryStream.ProcessingConfigurationProperty:
    """Return the processing that ends each record with a newline."""
    newline = firehose.CfnDeliveryStream.ProcessorParameterProperty(parameter_name="Delimiter", parameter_value="\\n")
    append = firehose.CfnDeliveryStream.ProcessorProperty(type="AppendDelimiterToRecord", parameters=[newline])
    return firehose.CfnDeliveryStream.ProcessingConfigurationProperty(enabled=True, processors=[append])


def _allow_uploads(role: iam.Role, bucket_arn: str, prefixes: list[str]) -> None:
    uploads = ["s3:AbortMultipartUpload", "s3:PutObject"]
    allow(role, uploads, [f"{bucket_arn}/{prefix}*" for prefix in prefixes], wildcard_reason=WRITE_REASON)
    allow(role, ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket_arn])
