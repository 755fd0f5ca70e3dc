"""What a training job may be asked for, what it learns from and what it costs; without torch, for functions too."""
