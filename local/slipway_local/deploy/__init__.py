"""CloudFormation on this machine: cloud assemblies, templates, and the engine that turns them into resources."""
