"""AWS Step Functions: an interpreter of the Amazon States Language beside moto's state machines.

moto 5.2.5 ships one too, which cannot evaluate JSONata, redrive, run StartSyncExecution or `.sync` jobs, has no item
batches, tolerated failures, JSON Lines or results in S3, and loses an execution without a name; hence one of our own.
Source: https://states-language.net/ and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""
