"""`homeshore data key` on Azure and Google Cloud: the stack's own secret, and no other cloud's libraries."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from components.naming import Names
from components.placement import AzurePlacement, GcpPlacement
from homeshore.cli import run
from homeshore.engine import run_program
from homeshore.project import Project
from homeshore.pseudonyms import azure, gcp
from homeshore.stackfile import load_stack
from processor.keys import KeyRing
from stacks.reading import Loaded
from tests.pseudonyms.fake_secret_manager import Manager
from tests.pseudonyms.fake_vault import Vault, client

ROOT = Path(__file__).parents[2]
SDKS = {"aws": {"boto3"}, "azure": {"azure.identity", "azure.keyvault"}, "gcp": {"google.cloud.secretmanager_v1"}}


class Stores:
    """The secret stores that the command reaches, and what they hold."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, until_done: ExitStack) -> None:
        self.vault = Vault()
        self.manager: Manager | None = None
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(azure, "_client", lambda url, tenant: client(self.vault))
        monkeypatch.setattr(azure, "SETTLE_SECONDS", 0)

        def google(secret: str) -> object:
            self.manager = self.manager or Manager(secret)
            assert self.manager.secret == secret
            return until_done.enter_context(self.manager.serving())

        monkeypatch.setattr(gcp, "_client", google)

    def texts(self) -> list[str]:
        held = [stored.text for secret in self.vault.secrets.values() for stored in secret]
        return held + (self.manager.texts if self.manager else [])


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    with ExitStack() as until_done:
        yield Stores(monkeypatch, until_done)


@pytest.mark.parametrize(
    ("stack", "secret"),
    [("dev-azure", "/secrets/pseudonym-key"), ("dev-gcp", "/secrets/homeshore-dev-g1-pseudonym-key")],
)
def test_init_and_rotate_write_rings_and_print_none_of_them(
    stores: Stores, stack: str, secret: str, capsys: pytest.CaptureFixture[str]
):
    assert run(["data", "key", "init", stack, "--json"]) == 0
    printed = capsys.readouterr()
    document: Mapping[str, object] = json.loads(printed.out)
    assert (document["current"], document["versions"]) == ("k1", ["k1"])
    assert str(document["secret"]).endswith(secret)
    assert run(["data", "key", "rotate", stack]) == 0
    assert run(["data", "key", "init", stack]) == 2
    rest = capsys.readouterr()
    assert "k2 makes tokens from now on; kept: k1" in rest.out
    assert "holds a key already" in rest.err
    texts = stores.texts()
    assert [KeyRing.from_secret(text).current for text in texts] == ["k1", "k2"]
    shown = printed.out + printed.err + rest.out + rest.err
    assert not [key for text in texts for key in json.loads(text)["keys"].values() if key in shown]


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_the_libraries_of_other_clouds_are_not_touched(cloud: str):
    stack = {"aws": "dev"}.get(cloud, f"dev-{cloud}")
    # Without credentials, and on a machine that reaches nobody, it ends early; what it imported by then is the point.
    program = (
        "import sys; from homeshore.cli import run; from homeshore.pseudonyms import clouds, ring;"
        "from homeshore.stackfile import load_stack; from components.naming import Names;"
        f"placement = load_stack({stack!r})[2].config.placement;"
        "names = Names('x', 1, placement.account, placement.region)\n"
        "try: clouds.stack_secret(placement, names)\n"
        "except Exception as fault: print(type(fault).__name__, file=sys.stderr)\n"
        "print(*sys.modules)"
    )
    guard = {name: os.environ[name] for name in ("PYTHONPATH", "LOOPBACK_ONLY_LOG")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true", **guard},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = set(done.stdout.split())
    own = SDKS[cloud]
    assert own & imported, done.stderr
    assert imported.isdisjoint(set().union(*SDKS.values()) - own)


@pytest.mark.parametrize("stack", ["dev-azure", "dev-gcp"])
def test_the_command_finds_the_secret_that_the_stack_exports(stack: str):
    project, _, loaded = load_stack_of_root(stack)
    placement, config = loaded.config.placement, loaded.config
    names = Names(config.environment, config.generation, placement.account, placement.region)
    exported = run_program(project, stack, diagnostics=io.StringIO()).outputs["pseudonym_secret"]
    if isinstance(placement, AzurePlacement):
        assert exported == f"{azure.vault_url(placement, names)}/secrets/{azure.SECRET}"
    else:
        assert isinstance(placement, GcpPlacement)
        assert exported == gcp.secret_name(placement, names)


def load_stack_of_root(stack: str) -> tuple[Project, Path, Loaded]:
    with contextlib.chdir(ROOT):
        return load_stack(stack)
