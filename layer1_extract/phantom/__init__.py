"""A made-up cohort in CAMELYON17's layout, to try everything on.

Three centres with a stain each, slides with tissue, fat and nuclei, tumour whose nuclei differ in
known ways, annotations, and the truth about every nucleus.
"""
