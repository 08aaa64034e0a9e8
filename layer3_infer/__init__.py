"""Layer 3: slides and a model bundle to heatmaps and explanations."""
