"""What ties a region and its standby together: Google's transfer service copies the new objects of one lake."""

from __future__ import annotations

import pulumi
from pulumi_gcp import storage

from components.base import RegionalComponent
from components.contracts import Stores
from components.gcp.place import GcpComponent, member, own
from components.gcp.processor import DATA_PREFIXES
from components.gcp.store import Store
from components.lifecycle import LifecycleRule

INTERVAL_SECONDS = 3_600
"""Between two runs: the shortest that the service has (Storage Transfer API, Schedule.repeatInterval)."""
COPIED_DAYS, RETURNED_DAYS = 7, 31
"""How far back a run looks for objects that the other lake lacks: every hour, and on the way back after an outage. What
is older is not looked for: somebody may have erased it there, or it has expired."""
FIRST_DAY = storage.TransferJobScheduleScheduleStartDateArgs(year=2026, month=1, day=1)
"""A schedule needs a first day; with one that has passed, the first run is at the next midnight (UTC)."""
SECONDS_PER_DAY = 86_400


class Pair(GcpComponent):
    """Copies what the processor stores into the standby's lake every hour, and by command what the standby stored back.

    The copies lie under the standby's own key. The transfer service may read both lakes and add to them; it can neither
    replace nor delete an object, so that nothing is lost through it, and deletions are not copied: what is erased is
    erased in the region first and in the standby next. Raw failed batches stay where they are. Pub/Sub copies no
    message: both topics may be stored in both regions, and producers are pointed to the other topic.

    Copies within minutes (cross-bucket replication, or a job that listens) go through notifications that the service
    reads at no region's endpoint: a topic that insists on its regions would refuse it. The former also asks for the
    right to change all of the project's topics.

    The service's agent must be there before: Google makes it when somebody asks for its name (docs/first-up.md).
    """

    def __init__(self, name: str, *, primary: Stores, standby: Stores, parent: RegionalComponent) -> None:
        super().__init__("Pair", name, parent)
        here, there = own(primary.lake, Store), own(standby.lake, Store)
        agent = member(self.place.agent("storagetransfer"))
        allowed: list[pulumi.Resource] = [
            grant
            for lake, role in ((here, "lake"), (there, "standby-lake"))
            for grant in (
                *lake.grant_read(f"{name}-read-{role}", agent),
                *lake.grant_deliver(f"{name}-fill-{role}", agent),
            )
        ]
        self._job(
            f"{name}-to-standby",
            "to-standby",
            _copies(here, there, looked_back(COPIED_DAYS, here.rules)),
            allowed,
            storage.TransferJobScheduleArgs(schedule_start_date=FIRST_DAY, repeat_interval=f"{INTERVAL_SECONDS}s"),
        )
        # Without a schedule it runs when somebody says so: a standby that waits has nothing to give back.
        self._job(
            f"{name}-from-standby",
            "from-standby",
            _copies(there, here, looked_back(RETURNED_DAYS, there.rules)),
            allowed,
            None,
        )
        self.uri: pulumi.Output[str] = primary.stream.uri
        self.register_outputs({"uri": self.uri})

    def _job(
        self,
        name: str,
        role: str,
        what: storage.TransferJobTransferSpecArgs,
        after: list[pulumi.Resource],
        schedule: storage.TransferJobScheduleArgs | None,
    ) -> storage.TransferJob:
        return storage.TransferJob(
            name,
            name=f"transferJobs/{self.project_wide(role)}",
            project=self.place.project,
            description=f"{self.scope.names.environment}'s lake of {self.place.region}: {role.replace('-', ' ')}",
            status="ENABLED",
            transfer_spec=what,
            schedule=schedule,
            # The log sink of the region keeps these; one line for each object that was copied would be another lake.
            logging_config=storage.TransferJobLoggingConfigArgs(
                log_actions=["FIND", "COPY"], log_action_states=["FAILED"]
            ),
            opts=self.child(depends_on=after),
        )


def _copies(source: Store, sink: Store, days: int) -> storage.TransferJobTransferSpecArgs:
    """What the last `days` brought to `source`, under the sink's own key; what the sink has already stays as it is."""
    return storage.TransferJobTransferSpecArgs(
        gcs_data_source=storage.TransferJobTransferSpecGcsDataSourceArgs(bucket_name=source.name),
        gcs_data_sink=storage.TransferJobTransferSpecGcsDataSinkArgs(bucket_name=sink.name),
        object_conditions=storage.TransferJobTransferSpecObjectConditionsArgs(
            include_prefixes=list(DATA_PREFIXES),
            max_time_elapsed_since_last_modification=f"{days * SECONDS_PER_DAY}s",
        ),
        transfer_options=storage.TransferJobTransferSpecTransferOptionsArgs(
            overwrite_when="NEVER",
            delete_objects_unique_in_sink=False,
            delete_objects_from_source_after_transfer=False,
            metadata_options=storage.TransferJobTransferSpecTransferOptionsMetadataOptionsArgs(
                kms_key="KMS_KEY_DESTINATION_BUCKET_DEFAULT"
            ),
        ),
    )


def looked_back(days: int, rules: tuple[LifecycleRule, ...]) -> int:
    """`days`, or a day less than the `rules` keep what is copied: a copy is younger, and would outlive what expired."""
    kept = [rule.delete_after_days for rule in rules if rule.prefix in DATA_PREFIXES]
    return max(1, min([days, *(each - 1 for each in kept if each is not None)]))
