"""What a model can be asked for, one file each."""
