"""What CloudWatch holds of metrics, and what the services of this cloud report there."""
