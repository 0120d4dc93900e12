"""The processor: a pool of workers, their account, their image's registry, their secret and their failed messages."""

from __future__ import annotations

import pulumi
from pulumi_gcp import artifactregistry, cloudrunv2, pubsub, secretmanager, serviceaccount

from components.base import RegionalComponent
from components.contracts import BucketHandle, KeyHandle, NetworkHandle, ProcessorSpec, StreamHandle, Unsupported
from components.gcp import names
from components.gcp.managed_key import ManagedKey
from components.gcp.network import Network
from components.gcp.packages import image
from components.gcp.place import GcpComponent, known, member, own
from components.gcp.store import Store
from components.gcp.stream import FIRST_WAIT, LONGEST_WAIT, PERSONAL, Stream

RECOVERY_SECONDS = 30 * 86_400
"""Time in which a version of the pseudonym key that was destroyed can be brought back."""
REVOKED_SECONDS = 3_600
"""Workers end when their key has been revoked for so long: the shortest time that Cloud Run takes, one hour."""
HANDED_OVER_SECONDS, DEADLINE_SECONDS = 300, 600
"""A file of failed messages is closed after the first; the second is how long Pub/Sub may take to write it."""
UNTAGGED_DAYS = 7
DATA_PREFIXES = ("bronze/", "quarantine/", "dead-letter/")
"""Where the worker writes in the lake."""
LEAST_MEMORY_MB = {1: 512, 2: 512, 4: 2_048, 6: 4_096, 8: 4_096}
"""Processors of an instance, and the memory that each size needs (Cloud Run, "Configure CPU limits")."""


class Processor(GcpComponent):
    """Cloud Run worker pool of one region that turns messages of the subscription into objects of the lake.

    A pool does not scale on the backlog: `spec.instances` workers run all the time. Without `network` they reach the
    services' public endpoints under their account; nothing can connect to a worker either way, for it has no address.
    The image is built by the pipeline's own build from the package, whose digest is its tag; tags never move, so what
    runs is what the preview names. What a message's deliveries have failed for lies raw in the failed batches.
    """

    def __init__(
        self,
        name: str,
        spec: ProcessorSpec,
        *,
        key: KeyHandle,
        stream: StreamHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> None:
        super().__init__("Processor", name, parent)
        size = limits(spec)
        self._key, source = own(key, ManagedKey), own(stream, Stream)
        self.physical_name = self.regional("processor")
        registry = self._registry(name)
        secret = self._secret(name)
        account = serviceaccount.Account(
            f"{name}-account",
            account_id=names.service_account(self.scope.names, "processor"),
            project=self.place.project,
            display_name=self.physical_name,
            description="What the processor may do",
            opts=self.child(),
        )
        email = account.account_id.apply(self.place.service_account)
        who = email.apply(member)
        grants = [
            *source.grant_consume(f"{name}-stream", who),
            *own(lake, Store).grant_replace(f"{name}-lake", who, DATA_PREFIXES),
            secretmanager.RegionalSecretIamMember(
                f"{name}-pseudonym-key-reader",
                project=self.place.project,
                location=secret.location,
                secret_id=secret.secret_id,
                role="roles/secretmanager.secretAccessor",
                member=who,
                opts=self.child(),
            ),
        ]
        self.failed_messages = self._hand_over(name, source, own(failed, Store))
        self.secret_id: pulumi.Output[str] = known(self.place.at("secrets", self._secret_name), secret.secret_id)
        environment: dict[str, pulumi.Input[str]] = {
            "GOOGLE_CLOUD_PROJECT": self.place.project,
            "HOMESHORE_BATCH_MESSAGES": str(spec.batch_size),
            "HOMESHORE_BATCH_SECONDS": str(spec.batch_window_seconds),
            "HOMESHORE_BOUNDARY": self.scope.boundary,
            "HOMESHORE_BUCKET": lake.name,
            "HOMESHORE_ENDPOINT": self.place.endpoint("pubsub").removeprefix("https://"),
            "HOMESHORE_SECRET": self.secret_id,
            "HOMESHORE_STREAM": stream.name,
            "HOMESHORE_SUBSCRIPTION": stream.reader_id,
        }
        pool = cloudrunv2.WorkerPool(
            name,
            name=self.physical_name,
            project=self.place.project,
            location=self.place.region,
            description="Validates, gates and pseudonymises events, and stores them",
            launch_stage="GA",
            deletion_protection=self.scope.protect,
            scaling=cloudrunv2.WorkerPoolScalingArgs(scaling_mode="MANUAL", manual_instance_count=spec.instances),
            template=cloudrunv2.WorkerPoolTemplateArgs(
                service_account=email,
                encryption_key=self._key.resource_id,
                encryption_key_revocation_action="SHUTDOWN",
                encryption_key_shutdown_duration=f"{REVOKED_SECONDS}s",
                containers=[
                    cloudrunv2.WorkerPoolTemplateContainerArgs(
                        name="processor",
                        image=image(self._registry_address, spec.package_digest),
                        resources=cloudrunv2.WorkerPoolTemplateContainerResourcesArgs(limits=size),
                        envs=[
                            cloudrunv2.WorkerPoolTemplateContainerEnvArgs(name=variable, value=value)
                            for variable, value in sorted(environment.items())
                        ],
                    )
                ],
                vpc_access=_through(network) if network else None,
            ),
            opts=self.child(depends_on=[registry, *grants, self._key.agents["run"], *_ready(network)]),
        )
        self.name: pulumi.Output[str] = pool.name
        self.resource_id: pulumi.Output[str] = known(self.place.at("workerPools", self.physical_name), pool.name)
        self.uri: pulumi.Output[str] = pulumi.Output.concat("//run.googleapis.com/", self.resource_id)
        self.feed_id: pulumi.Output[str] = stream.reader_id
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    @property
    def _secret_name(self) -> str:
        return self.regional("pseudonym-key")

    @property
    def _registry_address(self) -> str:
        """What the images' references begin with."""
        return f"{self.place.region}-docker.pkg.dev/{self.place.project}/{self.regional('images')}"

    def _registry(self, name: str) -> artifactregistry.Repository:
        """Where the images lie. Which of them may run is the organisation's to say (Binary Authorization)."""
        return artifactregistry.Repository(
            f"{name}-images",
            repository_id=self.regional("images"),
            project=self.place.project,
            location=self.place.region,
            format="DOCKER",
            mode="STANDARD_REPOSITORY",
            description="Images of the processor, by the digest of their source",
            kms_key_name=self._key.resource_id,
            docker_config=artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
            # Scanned where the project has Container Scanning, which costs money for each image.
            vulnerability_scanning_config=artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
                enablement_config="INHERITED"
            ),
            cleanup_policy_dry_run=False,
            # Only what has lost its tag or never had one: an image with a tag may be one to roll back to.
            cleanup_policies=[
                artifactregistry.RepositoryCleanupPolicyArgs(
                    id="untagged",
                    action="DELETE",
                    condition=artifactregistry.RepositoryCleanupPolicyConditionArgs(
                        tag_state="UNTAGGED", older_than=f"{UNTAGGED_DAYS * 86_400}s"
                    ),
                )
            ],
            opts=self.child(depends_on=[self._key.agents["artifactregistry"]]),
        )

    def _secret(self, name: str) -> secretmanager.RegionalSecret:
        """The pseudonym key, without a value: `homeshore data key` writes it, never the program."""
        return secretmanager.RegionalSecret(
            f"{name}-pseudonym-key",
            secret_id=self._secret_name,
            project=self.place.project,
            location=self.place.region,
            customer_managed_encryption=secretmanager.RegionalSecretCustomerManagedEncryptionArgs(
                kms_key_name=self._key.resource_id
            ),
            version_destroy_ttl=f"{RECOVERY_SECONDS}s",
            deletion_protection=not self.scope.erasable,
            labels=PERSONAL,
            opts=self.keeper(depends_on=[self._key.agents["secretmanager"]]),
        )

    def _hand_over(self, name: str, stream: Stream, failed: Store) -> pubsub.Subscription:
        """What moves messages that failed for good into the bucket of failed batches, with their attributes."""
        delivers = failed.grant_deliver(f"{name}-failed-batches", member(self.place.agent("pubsub")))
        return pubsub.Subscription(
            f"{name}-failed-batches",
            name=self.project_wide("failed-batches"),
            project=self.place.project,
            topic=known(stream.dead_letter_topic_id, stream.dead_letter_topic.name),
            ack_deadline_seconds=DEADLINE_SECONDS,
            message_retention_duration=stream.dead_letter_topic.message_retention_duration,
            retry_policy=pubsub.SubscriptionRetryPolicyArgs(minimum_backoff=FIRST_WAIT, maximum_backoff=LONGEST_WAIT),
            # A topic that nobody fails into for a month would lose its subscription otherwise, and then messages.
            expiration_policy=pubsub.SubscriptionExpirationPolicyArgs(ttl=""),
            cloud_storage_config=pubsub.SubscriptionCloudStorageConfigArgs(
                bucket=failed.physical_name,
                filename_prefix=f"{stream.physical_name}/",
                filename_suffix=".avro",
                filename_datetime_format="YYYY-MM-DD/hh_mm_ssZ",
                max_duration=f"{HANDED_OVER_SECONDS}s",
                # Text would join messages without their ids and attributes, and could not be sent again as they were.
                avro_config=pubsub.SubscriptionCloudStorageConfigAvroConfigArgs(write_metadata=True),
            ),
            labels=PERSONAL,
            opts=self.child(depends_on=delivers),
        )


def limits(spec: ProcessorSpec) -> dict[str, str]:
    """What one worker gets, as Cloud Run writes it. Raises Unsupported for a size that it does not have."""
    if spec.cpus not in LEAST_MEMORY_MB:
        sizes = ", ".join(str(count) for count in LEAST_MEMORY_MB)
        raise Unsupported(f"a worker of Cloud Run has {sizes} processors, not {spec.cpus}")
    if spec.memory_mb < LEAST_MEMORY_MB[spec.cpus]:
        raise Unsupported(
            f"a worker of Cloud Run with {spec.cpus} processors has at least {LEAST_MEMORY_MB[spec.cpus]} MiB, "
            f"not {spec.memory_mb}"
        )
    if spec.instances is None:
        raise Unsupported("a worker pool of Cloud Run does not scale by itself: the plan has to say how many run")
    return {"cpu": str(spec.cpus), "memory": f"{spec.memory_mb}Mi"}


def _through(network: NetworkHandle) -> cloudrunv2.WorkerPoolTemplateVpcAccessArgs:
    """All that a worker sends goes into the network, which has no way to the internet."""
    return cloudrunv2.WorkerPoolTemplateVpcAccessArgs(
        egress="ALL_TRAFFIC",
        network_interfaces=[
            cloudrunv2.WorkerPoolTemplateVpcAccessNetworkInterfaceArgs(
                subnetwork=network.subnet_ids[0], tags=list(network.guard_ids)
            )
        ],
    )


def _ready(network: NetworkHandle | None) -> list[pulumi.Resource]:
    """What must be there before a worker can reach anything; a network that was brought has its own."""
    return list(network.rules) if isinstance(network, Network) else []
