"""A folder of data with a list of what is in it, so that a copy can be proved whole."""
