"""SageMaker training jobs: what their containers bring."""
