"""The data plane of API Gateway's REST APIs."""
