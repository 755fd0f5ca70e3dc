"""In which ways this cloud differs from AWS, in whole sentences: `slipway local status` prints them."""

NOT_EMULATED = (
    "A daemon that is killed loses what came after its last snapshot, a few seconds; databases lose nothing.",
    "IAM policies are evaluated with --enforce-iam only; the docs say which kinds of policy never are.",
    "KMS keys are stored, not enforced; no packet passes through networks, which are recorded.",
    "Alarms are evaluated twice a second over periods that end now; those of metric math only when somebody sets their "
    "state; topics and scaling policies alone are actions.",
    "Endpoints: a small program that continues the model's texts stands in for the images of LMI, vLLM, TGI and "
    "Neuron; no asynchronous, serverless or multi-model endpoints, no adapters; instance types mean nothing.",
    "Scaling: by alarms in steps, and by concurrent requests, for SageMaker alone; other targets are kept.",
    "CloudWatch has metrics of functions, REST APIs, queues, state machines, endpoints, and of functions' lines in the "
    "embedded metric format, the newest 5,000 values of each; a stream's Latency ends with its first byte. Of metric "
    'math there is SEARCH alone, with terms of the form name="value".',
    "REST APIs integrate with Lambda proxies and mocks (no #foreach), HTTP APIs with Lambda; WebSocket is refused.",
    "API throttles and quotas are exact and counted in memory, and UpdateUsage is refused; caches, mutual TLS and "
    "resource policies do nothing.",
    "With --enforce-iam, access keys of IAM users are refused: their policies are not evaluated.",
    "JSONPath in state machines has length() alone of its functions.",
    "What a request validator found is described in other words than API Gateway's.",
    "User pools send no codes: AdminConfirmSignUp confirms, and ForgotPassword's code is in a header of its answer.",
    "User pools have no login page, federation, SRP, MFA or triggers; JWT authorizers trust local user pools only.",
    "A failed asynchronous invocation is retried after 1 and 2 seconds, not after 1 and 2 minutes.",
    "Throttled asynchronous events and failed batches of a table's stream are retried after 0.2 to 5 seconds.",
    "Functions run on this machine's Python, whatever python3.x they ask for; of other runtimes only provided.* run.",
    "Layers are importable and not at /opt, so that programs in them are not found (BucketDeployment); /tmp is this "
    "machine's. CDK's own helpers in Node (auto_delete_objects, AwsCustomResource, log_retention) are refused.",
    "Unlike AWS, S3 takes wrong checksums, a DynamoDB query filters by its keys, parameters and secrets have no "
    "largest size; EventBridge takes entries of any size, sources that begin with aws, and any number of targets.",
    "TTL of tables and lifecycle rules of buckets, properties of live resources, are kept and do nothing.",
    "A function may take 60 seconds to initialise, not 10; memory and architecture settings limit nothing.",
    "A function runs eight events at once; more wait, unless its reserved concurrency refuses them.",
    "Event source mappings read SQS queues and DynamoDB streams; a table's stream has one shard and is never trimmed.",
    "Rules, schedules, S3 and Lambda's destinations reach queues, topics, functions, buses and state machines only.",
    "A delivery by EventBridge or Scheduler that fails goes to its dead-letter queue at once, without retries.",
    "A transaction of the RDS Data API ends after 30 idle seconds, not 180: a killed function's locks go sooner.",
    "Guardrails: content filters, prompt attacks, profanity and personal data without a pattern (names, addresses) are "
    "not assessed; denied topics and grounding are cosines of MiniLM's sentence vectors; ConverseStream with a "
    "guardrail sends its first word when the whole reply has been assessed.",
    "Bedrock: no documents in Converse; models read calls of tools and their results as text, and in ConverseStream "
    "they are told when the reply is whole; no InvokeModel for text models, no Titan v1, no agents at work; images "
    "need a model server of your own; additionalModelRequestFields change nothing.",
    "Bedrock Rerank: no JSON documents, no paging; words and MiniLM make the order, and the scores are its own.",
    "The stand-in for a model calls a tool when it must, with sentences of the prompt as its input.",
    "A snapshot of a database that a stack deletes (DeletionPolicy, UpdateReplacePolicy) is a record without its data.",
    "Databases take no TLS and no IAM authentication; a pause at 0 ACU is seen through the Data API only.",
    "OpenSearch Serverless: collections for vectors only; k-NN is exact, words are split more simply than Lucene does, "
    "capacity and networks do nothing, and a refresh takes half a second, not a minute.",
    "S3 Vectors: search is exact, words are split by one analyser for every language and ranked as Lucene does; bucket "
    "policies are kept and not evaluated, text search is configured when an index is made only.",
    "Kendra: ranks by words alone, with Lucene's constants; no data sources, FAQs, access control lists, query syntax, "
    "relevance tuning, sorting or capacity units, and documents in text only, found 0.2 s after the call.",
    "Knowledge bases: S3 data sources of text alone, one ingestion job at a time, chunks of 300 words, search by "
    "MiniLM over what the job read, whatever store is named; that store holds none of it.",
    "Bedrock's prompts are kept with their versions, not rendered: Converse and InvokeModel take no prompt's ARN; "
    "client tokens are remembered for good.",
    "Comprehend finds what patterns, titles and a short list of given names find, by synchronous operations only; it "
    "has no custom classifiers.",
    "Textract reads the text that a scan carries in its metadata (PNG and TIFF description, JPEG comment, PDF XMP), by "
    "text detection only; a job takes a second, and tells nobody of its end if the daemon is killed meanwhile.",
    "Resources listed as recorded keep their settings and do nothing.",
    "State machines run at most 40 iterations or map run children at once; `.sync` works for registered job services.",
    "Glue runs glueetl jobs alone, without connections, retries, extra jars or files; workers and DPUs mean nothing.",
    "EMR Serverless runs sparkSubmit jobs of Python alone, without jars, images, retries, configuration overrides or "
    "networks; workers, capacity, and which of EMR's interpreters is named mean nothing.",
    "Training and processing jobs run their own code on this machine's CPU, on one instance; no image is pulled: torch "
    "and a requirements.txt are all that is installed. A job that runs when the daemon stops has failed.",
    "MLflow Apps have no tie to Studio (domains, the account's default), and register no versions by themselves.",
    "The Data Catalog's tables are kept and not queried (no Athena); Lake Formation's grants are recorded.",
    "Firehose loses records not yet delivered when the daemon is killed; its streams take records from PutRecord only.",
    "TestState of Step Functions is refused.",
    "State machines do not call http:invoke, apigateway:invoke, EKS, EMR on EC2 or EKS; item readers take no Parquet.",
    "Conditions in an authorizer's policy are not evaluated.",
    "Methods with AWS_IAM authorization check that a signature is there, not that it is right.",
    "Settings of live resources that the emulated service does not know are checked by the schema, then dropped; an "
    "update that changes one is refused by its name.",
    "What an update could set and no rollback take away is refused before it is set. A second policy of one queue or "
    "topic, and a second subscription of one endpoint, are refused as what exists already.",
    "A resource type that is not supported refuses the whole deployment, before anything is made.",
    "After a restart, state machines' calls and asynchronous events that were in progress are made again.",
    "A stack's tags are kept with the stack, not put on its resources; change sets do not outlive the daemon.",
    "CloudFormation macros, nested stacks, stack sets, drift, imports, wait conditions and container image assets are "
    "refused.",
)
