"""AWS Lambda on this machine: the Runtime API around real runtime clients, environments, pools and event sources."""
