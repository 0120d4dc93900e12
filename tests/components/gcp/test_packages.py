"""The source of the worker's image, and what the image is called."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from components.contracts import Unsupported
from components.gcp.packages import image, image_tag, packages
from events.contract import SHIPPED, load


def test_the_tag_is_the_beginning_of_the_packages_digest() -> None:
    digest = hashlib.sha256(b"homeshore").digest()
    assert image_tag(base64.b64encode(digest).decode()) == f"src-{digest.hex()[:12]}"


def test_an_image_is_named_by_registry_role_and_tag() -> None:
    digest = base64.b64encode(bytes(range(32))).decode()
    assert image("r-docker.pkg.dev/p/images", digest) == "r-docker.pkg.dev/p/images/processor:src-000102030405"


@pytest.mark.parametrize(
    ("digest", "said"),
    [("not base64!", "is not base64"), (base64.b64encode(b"short").decode(), "has 5 bytes; a SHA-256 has 32")],
)
def test_what_is_no_digest_names_no_image(digest: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        image_tag(digest)


def test_the_package_is_the_source_of_the_image_and_there_is_no_other(tmp_path: Path) -> None:
    made = packages(load(SHIPPED), architecture="x86_64", runtime="python3.13", root=tmp_path)
    assert made.sink is None
    assert made.processor.path.is_relative_to(tmp_path)
    body = made.processor.path.read_bytes()
    assert base64.b64decode(made.processor.sha256_base64) == hashlib.sha256(body).digest()
    assert image_tag(made.processor.sha256_base64).startswith("src-")


@pytest.mark.parametrize(
    ("architecture", "runtime", "key"),
    [("arm64", "python3.13", "processor.architecture"), ("x86_64", "python3.12", "processor.runtime")],
)
def test_what_cloud_run_does_not_have_is_refused(tmp_path: Path, architecture: str, runtime: str, key: str) -> None:
    with pytest.raises(Unsupported, match=key):
        packages(load(SHIPPED), architecture=architecture, runtime=runtime, root=tmp_path)
