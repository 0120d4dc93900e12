"""What makes the lake queryable: a catalog of its tables, and a workgroup that enforces key and scan limit."""

from __future__ import annotations

import pulumi
from pulumi_aws import athena, glue

from components.aws.place import AwsComponent
from components.base import RegionalComponent
from components.contracts import Handle, SinkSpec

BRONZE = "bronze"


class Sink(AwsComponent):
    """Glue database with the bronze table, Athena workgroup, and the statements for silver and gold as named queries.

    Bronze is declared: JSON lines under day and hour, found by partition projection, so that no crawler or repair runs.
    Silver is an Iceberg table that Athena creates and refreshes: Glue writes Iceberg metadata only when a table is
    created, so that a declared one could never follow the contract, and each refresh would show up as drift.
    """

    def __init__(
        self, name: str, spec: SinkSpec, *, key: Handle, lake: Handle, stream: Handle, parent: RegionalComponent
    ) -> None:
        super().__init__("Sink", name, parent)
        names = self.scope.names
        self.physical_name = names.identifier("lake")
        database = glue.CatalogDatabase(
            name,
            name=self.physical_name,
            description=f"Events of {stream.physical_name} in {names.region}",
            location_uri=pulumi.Output.concat(lake.uri, "/"),
            opts=self.child(),
        )
        glue.CatalogTable(
            f"{name}-{BRONZE}",
            name=BRONZE,
            database_name=database.name,
            description="Accepted events as they arrived, personal fields as tokens; may hold an event more than once",
            table_type="EXTERNAL_TABLE",
            parameters=projection(lake.physical_name, spec.keep_days),
            partition_keys=[
                glue.CatalogTablePartitionKeyArgs(name="day", type="string"),
                glue.CatalogTablePartitionKeyArgs(name="hour", type="string"),
            ],
            storage_descriptor=glue.CatalogTableStorageDescriptorArgs(
                location=pulumi.Output.concat(lake.uri, f"/{BRONZE}/"),
                input_format="org.apache.hadoop.mapred.TextInputFormat",
                output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                compressed=True,
                ser_de_info=glue.CatalogTableStorageDescriptorSerDeInfoArgs(
                    serialization_library="org.openx.data.jsonserde.JsonSerDe",
                    # A line that is not JSON is our fault: it must fail the query instead of becoming a row of nulls.
                    parameters={"ignore.malformed.json": "false", "dots.in.keys": "false", "case.insensitive": "true"},
                ),
                columns=[
                    glue.CatalogTableStorageDescriptorColumnArgs(
                        name=column.name, type=column.type, comment=column.description[:255]
                    )
                    for column in spec.contract.columns
                ],
            ),
            opts=self.child(),
        )
        workgroup = athena.Workgroup(
            f"{name}-workgroup",
            name=names.local("sql"),
            description="Queries on the lake: results are encrypted, a scan has a limit, neither can be overridden",
            state="ENABLED",
            # The results lie in the lake; only the history and saved statements of the group go with it.
            force_destroy=True,
            configuration=athena.WorkgroupConfigurationArgs(
                enforce_workgroup_configuration=True,
                publish_cloudwatch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=spec.scan_limit_bytes,
                requester_pays_enabled=False,
                engine_version=athena.WorkgroupConfigurationEngineVersionArgs(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.WorkgroupConfigurationResultConfigurationArgs(
                    output_location=pulumi.Output.concat(lake.uri, "/query-results/"),
                    expected_bucket_owner=self.place.account,
                    encryption_configuration=athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                        encryption_option="SSE_KMS", kms_key_arn=key.resource_id
                    ),
                ),
            ),
            opts=self.child(),
        )
        self.name: pulumi.Output[str] = database.name
        self.workgroup: pulumi.Output[str] = workgroup.name
        self.resource_id: pulumi.Output[str] = workgroup.arn
        self.uri: pulumi.Output[str] = pulumi.Output.concat(
            f"awsathena://athena.{names.region}.{self.place.suffix}:443/",
            database.name,
            "?work_group=",
            workgroup.name,
        )
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


def projection(bucket: str, keep_days: int) -> dict[str, str]:
    """Table parameters that tell Athena which partitions there are, from the layout instead of from a list.

    Days older than `keep_days` have been deleted; a query without a filter does not even look for them.
    """
    return {
        "EXTERNAL": "TRUE",
        "classification": "json",
        "compressionType": "zstd",
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": f"NOW-{keep_days}DAYS,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
        "projection.hour.digits": "2",
        "storage.location.template": f"s3://{bucket}/{BRONZE}/day=${{day}}/hour=${{hour}}/",
    }
