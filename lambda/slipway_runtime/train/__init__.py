"""What a training job may be asked for, what it learns from and what it costs; without torch, so that functions check it."""
