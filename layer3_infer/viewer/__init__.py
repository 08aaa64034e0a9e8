"""Slides, heatmaps and what is marked on them, to look at in a browser."""
