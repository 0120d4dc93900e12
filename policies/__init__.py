"""The policy pack: what a stack must not do with its data. Judges plain resources; imports geography and findings."""
