"""OpenSearch Serverless: the control plane, and collections with exact k-NN and BM25."""

from slipway_local.opensearch.behaviour import BehaviourControl
from slipway_local.opensearch.service import OpenSearch

__all__ = ["BehaviourControl", "OpenSearch"]
