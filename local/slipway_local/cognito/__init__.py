"""Cognito user pools: what moto lacks of them, their tokens, and the endpoints that are no AWS API."""
