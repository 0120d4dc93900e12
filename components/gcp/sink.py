"""What makes the lake queryable: a dataset with its tables, one with views for readers, and a scheduled query."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import bigquery, projects, serviceaccount, storage

from components.base import Classification, RegionalComponent
from components.contracts import BucketHandle, Handle, KeyHandle, NetworkHandle, SinkSpec
from components.gcp import names
from components.gcp.managed_key import ManagedKey
from components.gcp.place import GcpComponent, known, member, own
from components.gcp.store import Store
from components.gcp.tables import NOTHING, by_day, first_object, json_lines, refreshed_days, schedule, views
from events.contract import Contract
from processor.sql import bigquery as models

TIME_TRAVEL_HOURS = 48
"""The shortest that BigQuery has: silver and gold can be made again from bronze, and what was erased is gone sooner."""
WRITES = ("bigquery.tables.get", "bigquery.tables.getData", "bigquery.tables.updateData")
"""What a MERGE needs of its target. The predefined role for it may also delete the table and change its schema."""
PSEUDONYMISED = {"data_classification": Classification.PSEUDONYMISED.value}
_DAY_MS = 86_400_000


class Sink(GcpComponent):
    """BigQuery in one region: the lake's objects as external tables, silver and gold as native ones, views to read.

    Two datasets: `name` is the lake's, which nobody but the refresh reads; `workgroup` is the readers', whose views may
    read the lake's tables (an authorised dataset). BigQuery has no limit of scanned bytes that a dataset could carry:
    every table that grows with time refuses a query without a bound on its days instead, and the views pass that on;
    `spec.scan_limit_bytes` is a custom quota of the project. Storage is billed by logical bytes, so that time travel
    costs nothing. Silver and gold are refreshed by one scheduled query under an account of its own.
    """

    def __init__(
        self,
        name: str,
        spec: SinkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        stream: Handle,
        network: NetworkHandle | None,  # noqa: ARG002 - BigQuery is in no network of ours
        parent: RegionalComponent,
    ) -> None:
        super().__init__("Sink", name, parent)
        self.physical_name = names.dataset(self.scope.names, "lake")
        self._key = own(key, ManagedKey)
        account = self._account(name)
        readers = self._dataset(
            name + "-readers",
            names.dataset(self.scope.names, "sql"),
            f"Views on the events of {stream.physical_name}: what readers may query",
            keep_ms=None,
            accesses=[_owners()],
        )
        lake_dataset = self._dataset(
            name,
            self.physical_name,
            f"Events of {stream.physical_name} in {self.place.region}",
            keep_ms=spec.keep_days * _DAY_MS,
            accesses=[
                _owners(),
                bigquery.DatasetAccessArgs(role="READER", user_by_email=self._email(account)),
                _views_of(self.place.project, readers.dataset_id),
            ],
        )
        external = self._external(name, spec.contract, lake_dataset, own(lake, Store))
        native = self._native(name, spec, lake_dataset)
        self._views = self._read(name, spec.contract, readers, native)
        grants = self._may_refresh(name, account, own(lake, Store), native)
        self.refresh_id = self._refresh(name, spec, account, [*external, *native, *grants])
        self.name: pulumi.Output[str] = lake_dataset.dataset_id
        self.workgroup: pulumi.Output[str] = readers.dataset_id
        self.resource_id: pulumi.Output[str] = known(
            self.place.shared("datasets", self.physical_name), lake_dataset.dataset_id
        )
        self.uri: pulumi.Output[str] = pulumi.Output.concat(
            f"bigquery://{self.place.project}/", readers.dataset_id, f"?location={self.place.region}"
        )
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_read(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` (a member: serviceAccount:…, group:…) query the views, and nothing else of the lake.

        Who queries also needs a project that pays for the query: roles/bigquery.jobUser there is the project's to give.
        """
        return [
            bigquery.IamMember(
                f"{name}-{view_name}",
                project=self.place.project,
                dataset_id=view.dataset_id,
                table_id=view.table_id,
                role="roles/bigquery.dataViewer",
                member=principal,
                opts=self.child(),
            )
            for view_name, view in self._views.items()
        ]

    def _account(self, name: str) -> serviceaccount.Account:
        return serviceaccount.Account(
            f"{name}-account",
            project=self.place.project,
            account_id=names.service_account(self.scope.names, "refresh"),
            display_name=self.project_wide("refresh"),
            description="What the scheduled query may do",
            opts=self.child(),
        )

    def _email(self, account: serviceaccount.Account) -> pulumi.Output[str]:
        return account.account_id.apply(self.place.service_account)

    def _dataset(
        self,
        name: str,
        dataset_id: str,
        description: str,
        *,
        keep_ms: int | None,
        accesses: list[bigquery.DatasetAccessArgs],
    ) -> bigquery.Dataset:
        """A dataset whose `accesses` are all there are: BigQuery's default lets every viewer of the project read."""
        return bigquery.Dataset(
            name,
            project=self.place.project,
            dataset_id=dataset_id,
            location=self.place.region,
            description=description,
            accesses=accesses,
            default_encryption_configuration=bigquery.DatasetDefaultEncryptionConfigurationArgs(
                kms_key_name=self._key.resource_id
            ),
            # Of partitions, not of tables: a default for tables would delete gold and the views one day.
            default_partition_expiration_ms=keep_ms,
            max_time_travel_hours=str(TIME_TRAVEL_HOURS),
            storage_billing_model="LOGICAL",
            delete_contents_on_destroy=self.scope.erasable,
            labels=PSEUDONYMISED,
            opts=self.keeper(depends_on=[self._key.agents["bigquery"]]),
        )

    def _external(self, name: str, contract: Contract, dataset: bigquery.Dataset, lake: Store) -> list[bigquery.Table]:
        return [
            bigquery.Table(
                f"{name}-{table.name.replace('_', '-')}",
                project=self.place.project,
                dataset_id=dataset.dataset_id,
                table_id=table.name,
                description=table.description,
                external_data_configuration=json_lines(table),
                # It holds no data: a contract with one more column is a new definition over the same objects.
                deletion_protection=False,
                labels=PSEUDONYMISED,
                opts=self.child(depends_on=[self._first(name, table, lake)]),
            )
            for table in models.external_tables(contract, lake.physical_name)
        ]

    def _first(self, name: str, table: models.ExternalTable, lake: Store) -> storage.BucketObject:
        """The object that a table over partitions needs to be made at all; the bucket's own key encrypts it."""
        return storage.BucketObject(
            f"{name}-{table.name.replace('_', '-')}-first",
            bucket=lake.name,
            name=first_object(table),
            source=pulumi.FileAsset(NOTHING.as_posix()),
            content_type="application/octet-stream",
            opts=self.child(depends_on=lake.ready),
        )

    def _native(self, name: str, spec: SinkSpec, dataset: bigquery.Dataset) -> list[bigquery.Table]:
        return [
            bigquery.Table(
                f"{name}-{table.name}",
                project=self.place.project,
                dataset_id=dataset.dataset_id,
                table_id=table.name,
                description=table.description,
                schema=models.schema(table.columns),
                clusterings=list(table.clustering),
                time_partitioning=by_day(table, spec.keep_days * _DAY_MS),
                require_partition_filter=table.require_partition_filter,
                encryption_configuration=bigquery.TableEncryptionConfigurationArgs(kms_key_name=self._key.resource_id),
                deletion_protection=not self.scope.erasable,
                labels=PSEUDONYMISED,
                opts=self.keeper(),
            )
            for table in (models.silver_table(spec.contract), models.gold_table(spec.contract))
        ]

    def _read(
        self, name: str, contract: Contract, readers: bigquery.Dataset, native: list[bigquery.Table]
    ) -> dict[str, bigquery.Table]:
        """The views, by name."""
        return {
            view.name.replace("_", "-"): bigquery.Table(
                f"{name}-{view.name.replace('_', '-')}",
                project=self.place.project,
                dataset_id=readers.dataset_id,
                table_id=view.name,
                description=view.description,
                view=bigquery.TableViewArgs(query=view.query, use_legacy_sql=False),
                deletion_protection=False,
                labels=PSEUDONYMISED,
                opts=self.child(depends_on=native),
            )
            for view in views(contract, self.place.project, self.physical_name)
        }

    def _may_refresh(
        self, name: str, account: serviceaccount.Account, lake: Store, native: list[bigquery.Table]
    ) -> list[pulumi.Resource]:
        """What the scheduled query's account needs: the lake's objects, two tables to write, and to run jobs."""
        who = self._email(account).apply(member)
        role_id = names.dataset(self.scope.names, "refresh")
        role = projects.IAMCustomRole(
            f"{name}-refresh-role",
            project=self.place.project,
            role_id=role_id,
            title=self.project_wide("refresh"),
            description="Merge rows into a table of BigQuery, without changing or deleting the table",
            permissions=list(WRITES),
            stage="GA",
            opts=self.child(),
        )
        jobs = projects.IAMMember(
            f"{name}-refresh-jobs",
            project=self.place.project,
            role="roles/bigquery.jobUser",
            member=who,
            opts=self.child(),
        )
        writes = [
            bigquery.IamMember(
                f"{name}-refresh-{layer}",
                project=self.place.project,
                dataset_id=table.dataset_id,
                table_id=table.table_id,
                role=known(self.place.shared("roles", role_id), role.role_id),
                member=who,
                opts=self.child(),
            )
            for layer, table in zip(("silver", "gold"), native, strict=True)
        ]
        return [jobs, *writes, *self._may_be_taken(name, account), *lake.grant_read(f"{name}-refresh-lake", who)]

    def _may_be_taken(self, name: str, account: serviceaccount.Account) -> list[pulumi.Resource]:
        """The Data Transfer Service runs the query as the account: it takes tokens of this one account."""
        service = "bigquerydatatransfer"
        agent = projects.ServiceIdentity(
            f"{name}-refresh-identity",
            project=self.place.project,
            service=f"{service}.googleapis.com",
            opts=self.child(),
        )
        taken = serviceaccount.IAMMember(
            f"{name}-refresh-agent",
            service_account_id=pulumi.Output.concat(
                f"projects/{self.place.project}/serviceAccounts/", self._email(account)
            ),
            role="roles/iam.serviceAccountTokenCreator",
            member=member(self.place.agent(service)),
            opts=self.child(depends_on=[agent]),
        )
        return [taken]

    def _refresh(
        self, name: str, spec: SinkSpec, account: serviceaccount.Account, after: Sequence[pulumi.Resource]
    ) -> pulumi.Output[str]:
        """The scheduled query, which starts when all of `after` is there; its id."""
        transfer = bigquery.DataTransferConfig(
            f"{name}-refresh",
            project=self.place.project,
            display_name=self.project_wide("refresh"),
            data_source_id="scheduled_query",
            location=self.place.region,
            schedule=schedule(spec.refresh_minutes),
            params={
                "query": models.refresh_script(
                    spec.contract,
                    f"{self.place.project}.{self.physical_name}",
                    refreshed_days(spec.refresh_minutes),
                )
            },
            service_account_name=self._email(account),
            encryption_configuration=bigquery.DataTransferConfigEncryptionConfigurationArgs(
                kms_key_name=self._key.resource_id
            ),
            opts=self.child(depends_on=after),
        )
        return transfer.name.apply(lambda full: full.rpartition("/")[2])


def _owners() -> bigquery.DatasetAccessArgs:
    """The project's owners, who may do anything in the project anyway: a dataset has to have one."""
    return bigquery.DatasetAccessArgs(role="OWNER", special_group="projectOwners")


def _views_of(project: str, dataset_id: pulumi.Output[str]) -> bigquery.DatasetAccessArgs:
    """The views in another dataset: whoever reads one needs no right on what it reads."""
    return bigquery.DatasetAccessArgs(
        dataset=bigquery.DatasetAccessDatasetArgs(
            dataset=bigquery.DatasetAccessDatasetDatasetArgs(project_id=project, dataset_id=dataset_id),
            target_types=["VIEWS"],
        )
    )
