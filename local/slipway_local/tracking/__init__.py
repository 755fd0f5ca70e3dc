"""MLflow Apps of SageMaker: their records, their servers and the way to these."""
