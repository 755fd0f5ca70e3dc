"""The steps of the fine-tuning pipeline around the training job, each one idempotent by the name of its run."""
