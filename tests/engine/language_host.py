"""What the real engine starts for a Python program: the SDK's runtime, connected to the engine over gRPC.

The SDK's wheel does not ship that script (it comes with the `pulumi` binary), so this does the same, step by step:
configuration from the environment, settings with the two addresses, the program under `run_in_stack`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import runpy
import sys

import pulumi
import pulumi.runtime


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("project", "stack", "monitor", "engine", "pwd", "root_directory"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--dry_run", action="store_true")
    parser.add_argument("PROGRAM")
    arguments = parser.parse_args()
    runtime = pulumi.runtime
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            monitor=arguments.monitor,
            engine=arguments.engine,
            project=arguments.project,
            stack=arguments.stack,
            dry_run=arguments.dry_run,
            root_directory=arguments.root_directory,
        )
    )
    sys.argv = [arguments.PROGRAM]
    sys.path.insert(0, arguments.pwd)
    os.chdir(arguments.pwd)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(
            runtime.run_in_stack(lambda: runpy.run_path(arguments.PROGRAM, run_name="__main__") and None)
        )
    except Exception as fault:
        pulumi.log.error(f"{type(fault).__name__}: {fault}")
        return 1
    finally:
        loop.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
