"""Layer 1: slides to patch files."""
