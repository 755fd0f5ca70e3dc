"""Amazon Bedrock's runtime on a laptop: embeddings from MiniLM, text from documents or another model server."""

from .app import BedrockRuntime

__all__ = ["BedrockRuntime"]
