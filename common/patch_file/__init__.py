"""The file that layer 1 writes and layers 2 and 3 read: see `patch_file.md` beside this module."""
