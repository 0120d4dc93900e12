"""The Pulumi program: load the stack's configuration, build what its blueprint says, export the outputs."""

import pulumi

from stacks import blueprints, config

deployed = blueprints.deploy(config.load())

for name, value in deployed.outputs.items():
    pulumi.export(name, value)
