"""AWS Glue jobs: their own script in local Spark."""
