"""The thirty ways in which data leaves a region, on each cloud, as stacks that our rules and others' judge."""
