"""Where to look for patches: one sampler per file, and what they share.

A sampler proposes corners in the order they should be tried. It reads no pixels and knows no
labels; `strata` says how many of what is proposed to keep.
"""
