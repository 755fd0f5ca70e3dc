"""The data plane of API Gateway's HTTP APIs, and what moto's control plane of them lacks."""
