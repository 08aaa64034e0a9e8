"""What in a patch speaks for tumour."""
