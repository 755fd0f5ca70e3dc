"""A copy of what an environment cannot make again, and the way back."""
