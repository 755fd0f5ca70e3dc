"""IAM on this machine: roles' credentials, and their policies evaluated for each call while enforcement is on."""
