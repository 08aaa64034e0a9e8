"""Where to look for patches: one sampler per file.

A sampler proposes corners in the order they should be tried. It reads no pixels and knows no
labels.
"""
