"""What makes the lake queryable: a catalog of its tables, and a workgroup that enforces key and scan limit."""

from __future__ import annotations

import pulumi
from pulumi_aws import athena, glue

from components.aws import grants
from components.aws.place import AwsComponent
from components.aws.tables import projection, statements, tables
from components.base import RegionalComponent
from components.contracts import BucketHandle, KeyHandle, NetworkHandle, SinkSpec, StreamHandle
from events.contract import Column

READ_PREFIXES = ("bronze", "quarantine", "dead-letter", "silver", "gold")
RESULTS_PREFIX = "query-results"
COMMENT_CHARACTERS = 255
"""The longest comment that Glue takes for a column."""


class Sink(AwsComponent):
    """Glue database with a table for each kind of object, Athena workgroup, and silver and gold as named queries.

    What the processor writes is declared: JSON lines under day and hour, found by partition projection, so that no
    crawler or repair runs.
    Silver is an Iceberg table that Athena creates and refreshes: Glue writes Iceberg metadata only when a table is
    created, so that a declared one could never follow the contract, and each refresh would show up as drift.
    """

    def __init__(
        self,
        name: str,
        spec: SinkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        stream: StreamHandle,
        network: NetworkHandle | None,  # noqa: ARG002 - Athena runs nothing in a network of ours
        parent: RegionalComponent,
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
        for table in tables(spec.contract):
            glue.CatalogTable(
                f"{name}-{table.prefix}",
                name=table.name,
                database_name=database.name,
                description=table.description,
                table_type="EXTERNAL_TABLE",
                parameters=projection(lake.physical_name, table.prefix, spec.keep_days),
                partition_keys=[glue.CatalogTablePartitionKeyArgs(name=key, type="string") for key in ("day", "hour")],
                storage_descriptor=_json_lines(pulumi.Output.concat(lake.uri, f"/{table.prefix}/"), table.columns),
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
        for statement in statements(spec.contract, self.physical_name, lake.physical_name, spec.keep_days):
            athena.NamedQuery(
                f"{name}-{statement.name}",
                name=statement.name,
                description=statement.purpose,
                database=database.name,
                workgroup=workgroup.name,
                query=statement.text,
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
        self._key_id, self._lake = key.resource_id, lake.physical_name
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_read(self, name: str, principal: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Let the role of that name query the tables; the results lie in the lake, under its key."""
        place, lake = self.place, self._lake
        return self.let(
            name,
            principal,
            *grants.query_lake(place, self.physical_name, self.scope.names.local("sql")),
            *grants.read_objects(place, lake, *READ_PREFIXES, RESULTS_PREFIX),
            *grants.add_objects(place, lake, RESULTS_PREFIX),
            key=(self._key_id, grants.encrypt_objects(place, lake)),
        )


def _json_lines(location: pulumi.Output[str], columns: tuple[Column, ...]) -> glue.CatalogTableStorageDescriptorArgs:
    return glue.CatalogTableStorageDescriptorArgs(
        location=location,
        input_format="org.apache.hadoop.mapred.TextInputFormat",
        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        compressed=True,
        ser_de_info=glue.CatalogTableStorageDescriptorSerDeInfoArgs(
            serialization_library="org.openx.data.jsonserde.JsonSerDe",
            # A line that is not JSON is our fault: it must fail the query instead of becoming a row of nulls.
            parameters={"ignore.malformed.json": "false"},
        ),
        columns=[
            glue.CatalogTableStorageDescriptorColumnArgs(
                name=column.name, type=column.type, comment=column.description[:COMMENT_CHARACTERS]
            )
            for column in columns
        ],
    )
