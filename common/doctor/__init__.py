"""Whether a machine can do the work: what every layer's `doctor` looks at."""
