"""Custom classifiers of Comprehend are refused by name.

Source: https://docs.aws.amazon.com/comprehend/latest/APIReference/API_ClassifyDocument.html
"""

from typing import Any

import pytest

pytestmark = pytest.mark.capability("O14")


def test_a_classifier_is_refused_with_what_to_do_instead(local_cloud: Any) -> None:
    comprehend = local_cloud.place.client("comprehend")
    arn = "arn:aws:comprehend:us-east-1:123456789012:document-classifier-endpoint/tickets"
    with pytest.raises(comprehend.exceptions.ResourceUnavailableException, match=r"augmentation\.classes"):
        comprehend.classify_document(Text="text", EndpointArn=arn)
