"""The fixture's function: stores each batch as one object, and says what it was given."""

import base64
import json
import logging
import os

import boto3

log = logging.getLogger()
s3 = boto3.client("s3")


def handler(event, context):
    records = event["Records"]
    body = b"\n".join(base64.b64decode(record["kinesis"]["data"]) for record in records)
    first = records[0]["kinesis"]["sequenceNumber"]
    s3.put_object(
        Bucket=os.environ["BUCKET"],
        Key=f"bronze/{first}.jsonl",
        Body=body,
        Metadata={"records-in": str(len(records))},
    )
    log.warning(json.dumps({"function": context.invoked_function_arn, "records": len(records)}))
    return {"batchItemFailures": []}
