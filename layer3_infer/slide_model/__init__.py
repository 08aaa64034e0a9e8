"""A small classifier of slides, by features of their heatmaps; trained by `slide-model train`."""
