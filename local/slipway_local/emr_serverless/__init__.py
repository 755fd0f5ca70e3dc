"""EMR Serverless: Spark jobs of an application, in the local Spark that runs Glue's."""
