"""Amazon Bedrock on a laptop: embeddings from MiniLM, text from documents or another model server, guardrails."""

from .app import BedrockRuntime
from .control import BedrockControl
from .guardrails import Guardrails
from .knowledge_bases import KnowledgeBases
from .prompt_management import PromptManagement
from .services import Bedrock

__all__ = ["Bedrock", "BedrockControl", "BedrockRuntime", "Guardrails", "KnowledgeBases", "PromptManagement"]
