"""Who may do what: the narrowest predefined roles that do it, each granted on one resource and never on the project.

Pure: nothing here needs a resource to exist.
"""

from __future__ import annotations

USE_KEY = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
"""Encrypt and decrypt with one key; neither read its material nor change it."""
READ_OBJECTS = "roles/storage.objectViewer"
"""List and read a bucket's objects."""
ADD_OBJECTS = "roles/storage.objectCreator"
"""Add objects to a bucket; not read, replace or delete them."""
REPLACE_OBJECTS = "roles/storage.objectUser"
"""Read, add and replace objects. Replacing one is deleting it, to Cloud Storage; the replaced version stays."""
SEE_BUCKET = "roles/storage.legacyBucketReader"
"""Read a bucket's own settings, which Pub/Sub does before it delivers into the bucket (Pub/Sub, "Cloud Storage
subscriptions")."""
PUBLISH = "roles/pubsub.publisher"
"""Send messages to one topic."""
CONSUME = "roles/pubsub.subscriber"
"""Pull and acknowledge the messages of one subscription, and rewind it."""


def under_prefixes(bucket: str, prefixes: tuple[str, ...]) -> str:
    """Condition (CEL) that a request is for an object of `bucket` whose name starts with one of `prefixes`."""
    objects = f"projects/_/buckets/{bucket}/objects/"
    return " || ".join(f'resource.name.startsWith("{objects}{prefix}")' for prefix in prefixes)
