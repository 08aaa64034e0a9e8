"""Layer 2: patch files to a model bundle."""
