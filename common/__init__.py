"""What two layers share: places, patches, slides, files and the frame of every command."""
