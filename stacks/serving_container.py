"""What the model servers are told by their variables, so that they serve what the settings say and no more.

Source: https://docs.djl.ai/master/docs/serving/serving/docs/lmi/user_guides/vllm_user_guide.html
Source: https://huggingface.co/docs/text-generation-inference/reference/launcher
Source: https://huggingface.co/docs/optimum-neuron/guides/vllm_plugin (SM_ON_*)
"""

from __future__ import annotations

import math

from stacks.serving_fit import Plan

MODEL = "/opt/ml/model"  # where SageMaker puts the files
ANSWER_SHARE = 4  # TGI wants to know how much of the context questions may take: all but this part
QUANTIZE = {
    "lmi-vllm": {"fp8": "fp8", "int4": "awq"},  # int8 and others stand in the model's own config.json
    "tgi": {"fp8": "fp8", "int8": "eetq", "int4": "awq"},
}


def environment(plan: Plan) -> dict[str, str]:
    """Return the variables of the container."""
    degree, context, requests = plan.tensor_parallel, plan.context, plan.concurrent
    quantize = QUANTIZE.get(plan.container, {}).get(plan.quantization)
    if plan.container == "lmi-vllm":
        return {
            "HF_MODEL_ID": MODEL,
            "OPTION_ENTRYPOINT": "djl_python.lmi_vllm.vllm_async_service",
            "OPTION_ASYNC_MODE": "true",
            "OPTION_ROLLING_BATCH": "disable",
            "OPTION_TENSOR_PARALLEL_DEGREE": str(degree),
            "OPTION_MAX_MODEL_LEN": str(context),
            "SERVING_FAIL_FAST": "true",
            **({"OPTION_QUANTIZE": quantize} if quantize else {}),
        }
    if plan.container == "tgi":
        return {
            "HF_MODEL_ID": MODEL,
            "SM_NUM_GPUS": str(degree),
            "MAX_TOTAL_TOKENS": str(context),
            "MAX_INPUT_TOKENS": str(context - context // ANSWER_SHARE),
            "MAX_CONCURRENT_REQUESTS": str(max(requests * 4, 128)),
            "MESSAGES_API_ENABLED": "true",
            **({"QUANTIZE": quantize} if quantize else {}),
        }
    return {
        "SM_ON_MODEL": MODEL,
        "SM_ON_TENSOR_PARALLEL_SIZE": str(degree),
        "SM_ON_BATCH_SIZE": str(requests),
        "SM_ON_SEQUENCE_LENGTH": str(context),
    }


def volume_gigabytes(plan: Plan) -> int:
    """Return the volume that holds the image and the weights, once as they come and once compiled."""
    return 100 + math.ceil(2 * plan.weight_bytes / 1e9)
