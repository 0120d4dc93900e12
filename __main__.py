"""The Pulumi program: load the stack's configuration, build its pipeline, export the outputs."""

import pulumi

from stacks import config, streaming

pipeline = streaming.deploy(config.load())

for name, value in pipeline.outputs.items():
    pulumi.export(name, value)
