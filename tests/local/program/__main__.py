"""A program for the tests of the embedded cloud: every type that it applies, wired as the real components wire them."""

import json

import pulumi
from pulumi_aws import (
    Provider,
    athena,
    budgets,
    cloudwatch,
    ec2,
    glue,
    iam,
    kinesis,
    kms,
    s3,
    secretsmanager,
    sns,
    vpc,
)
from pulumi_aws import lambda_ as aws_lambda

config = pulumi.Config()
region, account, prefix = config.require("region"), config.require("account"), config.require("prefix")
provider = Provider(
    "primary",
    region=region,
    allowed_account_ids=[account],
    default_tags={"tags": {"Owner": "fixture", "Stack": pulumi.get_stack()}},
)
opts = pulumi.ResourceOptions(provider=provider)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def network():
    net = ec2.Vpc("net", cidr_block="10.20.0.0/16", enable_dns_support=True, enable_dns_hostnames=True, opts=opts)
    ec2.DefaultSecurityGroup("closed", vpc_id=net.id, ingress=[], egress=[], opts=opts)
    subnets = [
        ec2.Subnet(
            f"subnet-{letter}",
            vpc_id=net.id,
            cidr_block=f"10.20.{index}.0/24",
            availability_zone=f"{region}{letter}",
            map_public_ip_on_launch=False,
            opts=opts,
        )
        for index, letter in enumerate("ab")
    ]
    table = ec2.RouteTable("table", vpc_id=net.id, opts=opts)
    for subnet, letter in zip(subnets, "ab", strict=True):
        ec2.RouteTableAssociation(f"route-{letter}", subnet_id=subnet.id, route_table_id=table.id, opts=opts)
    inside = ec2.SecurityGroup("inside", name=f"{prefix}-inside", description="functions", vpc_id=net.id, opts=opts)
    ends = ec2.SecurityGroup(
        "ends", name=f"{prefix}-ends", description="endpoints", vpc_id=net.id, revoke_rules_on_delete=True, opts=opts
    )
    gateway = ec2.VpcEndpoint(
        "gateway",
        vpc_id=net.id,
        service_name=f"com.amazonaws.{region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id],
        policy=document({"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}),
        opts=opts,
    )
    ec2.VpcEndpoint(
        "interface",
        vpc_id=net.id,
        service_name=f"com.amazonaws.{region}.secretsmanager",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnet.id for subnet in subnets],
        security_group_ids=[ends.id],
        private_dns_enabled=True,
        opts=opts,
    )
    https = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "opts": opts}
    vpc.SecurityGroupEgressRule(
        "to-ends",
        security_group_id=inside.id,
        referenced_security_group_id=ends.id,
        description="to the endpoints",
        **https,
    )
    vpc.SecurityGroupEgressRule(
        "to-s3", security_group_id=inside.id, prefix_list_id=gateway.prefix_list_id, description="to S3", **https
    )
    vpc.SecurityGroupIngressRule(
        "from-inside",
        security_group_id=ends.id,
        referenced_security_group_id=inside.id,
        description="from the functions",
        **https,
    )
    logs = cloudwatch.LogGroup("flow", name=f"/{prefix}/flow", retention_in_days=14, kms_key_id=key.arn, opts=opts)
    ec2.FlowLog(
        "flow",
        vpc_id=net.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        opts=opts,
    )
    return {"subnet_ids": [subnet.id for subnet in subnets], "security_group_ids": [inside.id]}


key = kms.Key(
    "key",
    description="everything of the fixture",
    enable_key_rotation=True,
    rotation_period_in_days=180,
    deletion_window_in_days=7,
    policy=document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": ["kms:*"],
            "Resource": "*",
        }
    ),
    opts=opts,
)
kms.Alias("key", name=f"alias/{prefix}", target_key_id=key.key_id, opts=opts)

lake = s3.Bucket("lake", bucket=f"{prefix}-{account}-lake", tags={"DataClassification": "internal"}, opts=opts)
logs = s3.Bucket("logs", bucket=f"{prefix}-{account}-logs", opts=opts)
s3.BucketOwnershipControls("lake", bucket=lake.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)
s3.BucketPublicAccessBlock(
    "lake",
    bucket=lake.bucket,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
    opts=opts,
)
s3.BucketServerSideEncryptionConfiguration(
    "lake",
    bucket=lake.bucket,
    rules=[
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
            "bucket_key_enabled": True,
        }
    ],
    opts=opts,
)
s3.BucketVersioning("lake", bucket=lake.bucket, versioning_configuration={"status": "Enabled"}, opts=opts)
s3.BucketLifecycleConfiguration(
    "lake",
    bucket=lake.bucket,
    rules=[
        {
            "id": "bronze",
            "status": "Enabled",
            "filter": {"prefix": "bronze/"},
            "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
            "expiration": {"days": 150},
            "noncurrent_version_expiration": {"noncurrent_days": 30},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        {"id": "results", "status": "Enabled", "filter": {"prefix": "query-results/"}, "expiration": {"days": 30}},
    ],
    opts=opts,
)
s3.BucketPolicy(
    "lake",
    bucket=lake.bucket,
    policy=lake.arn.apply(
        lambda arn: document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
    ),
    opts=opts,
)
s3.BucketLogging("lake", bucket=lake.bucket, target_bucket=logs.bucket, target_prefix="lake/", opts=opts)

stream = kinesis.Stream(
    "stream",
    name=f"{prefix}-stream",
    shard_count=2,
    stream_mode_details={"stream_mode": "PROVISIONED"},
    retention_period=48,
    encryption_type="KMS",
    kms_key_id=key.arn,
    shard_level_metrics=["IncomingBytes", "IteratorAgeMilliseconds"],
    opts=opts,
)
consumer = kinesis.StreamConsumer("consumer", name=f"{prefix}-consumer", stream_arn=stream.arn, opts=opts)

secret = secretsmanager.Secret(
    "pseudonym", name=f"{prefix}-pseudonym", kms_key_id=key.arn, recovery_window_in_days=7, opts=opts
)
role = iam.Role(
    "function",
    name=f"{prefix}-function",
    description="the function",
    assume_role_policy=document(
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ),
    opts=opts,
)
policy = iam.RolePolicy(
    "function",
    name="stream",
    role=role.name,
    policy=stream.arn.apply(
        lambda arn: document({"Effect": "Allow", "Action": ["kinesis:GetRecords"], "Resource": [arn]})
    ),
    opts=opts,
)
log_group = cloudwatch.LogGroup(
    "function", name=f"/aws/lambda/{prefix}-function", retention_in_days=30, kms_key_id=key.arn, opts=opts
)
function = aws_lambda.Function(
    "function",
    name=f"{prefix}-function",
    role=role.arn,
    handler="function.handler",
    runtime="python3.13",
    architectures=["arm64"],
    memory_size=512,
    timeout=60,
    code=pulumi.AssetArchive({"function.py": pulumi.FileAsset("function.py")}),
    environment={"variables": {"BUCKET": lake.bucket}},
    kms_key_arn=key.arn,
    tracing_config={"mode": "Active"},
    logging_config={"log_format": "JSON", "log_group": log_group.name},
    reserved_concurrent_executions=5,
    vpc_config=network() if config.require_bool("private") else None,
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[policy]),
)
aws_lambda.EventSourceMapping(
    "function",
    event_source_arn=consumer.arn if config.require_bool("private") else stream.arn,
    function_name=function.arn,
    starting_position="TRIM_HORIZON",
    batch_size=500,
    maximum_batching_window_in_seconds=1,
    parallelization_factor=2,
    maximum_retry_attempts=3,
    maximum_record_age_in_seconds=3600,
    bisect_batch_on_function_error=True,
    function_response_types=["ReportBatchItemFailures"],
    destination_config={"on_failure": {"destination_arn": logs.arn}},
    opts=opts,
)

database = glue.CatalogDatabase("lake", name=prefix.replace("-", "_"), description="the fixture's lake", opts=opts)
glue.CatalogTable(
    "bronze",
    name="bronze",
    database_name=database.name,
    table_type="EXTERNAL_TABLE",
    parameters={"classification": "json", "projection.enabled": "true"},
    partition_keys=[{"name": "day", "type": "date"}],
    storage_descriptor={
        "location": lake.bucket.apply(lambda name: f"s3://{name}/bronze/"),
        "input_format": "org.apache.hadoop.mapred.TextInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "ser_de_info": {
            "serialization_library": "org.openx.data.jsonserde.JsonSerDe",
            "parameters": {"ignore.malformed.json": "false"},
        },
        "columns": [{"name": "event_id", "type": "string"}, {"name": "amount", "type": "double"}],
    },
    opts=opts,
)
workgroup = athena.Workgroup(
    "sql",
    name=f"{prefix}-sql",
    force_destroy=True,
    configuration={
        "enforce_workgroup_configuration": True,
        "publish_cloudwatch_metrics_enabled": True,
        "bytes_scanned_cutoff_per_query": 10_000_000_000,
        "result_configuration": {
            "output_location": lake.bucket.apply(lambda name: f"s3://{name}/query-results/"),
            "encryption_configuration": {"encryption_option": "SSE_KMS", "kms_key_arn": key.arn},
        },
        "engine_version": {"selected_engine_version": "Athena engine version 3"},
    },
    opts=opts,
)
athena.NamedQuery(
    "count",
    name="count",
    database=database.name,
    workgroup=workgroup.name,
    query="SELECT count(*) FROM bronze",
    description="how many",
    opts=opts,
)

topic = sns.Topic("alerts", name=f"{prefix}-alerts", kms_master_key_id=key.arn, opts=opts)
sns.TopicPolicy(
    "alerts",
    arn=topic.arn,
    policy=topic.arn.apply(
        lambda arn: document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": arn,
            }
        )
    ),
    opts=opts,
)
cloudwatch.MetricAlarm(
    "age",
    name=f"{prefix}-age",
    alarm_description="the processor falls behind",
    namespace="AWS/Lambda",
    metric_name="IteratorAge",
    dimensions={"FunctionName": function.name},
    statistic="Maximum",
    period=60,
    evaluation_periods=3,
    datapoints_to_alarm=2,
    threshold=60000,
    comparison_operator="GreaterThanThreshold",
    treat_missing_data="notBreaching",
    alarm_actions=[topic.arn],
    ok_actions=[topic.arn],
    opts=opts,
)
cloudwatch.MetricAlarm(
    "ratio",
    name=f"{prefix}-ratio",
    evaluation_periods=1,
    threshold=0.5,
    comparison_operator="GreaterThanThreshold",
    metric_queries=[
        {"id": "ratio", "expression": "errors / calls", "label": "error ratio", "return_data": True},
        *(
            {
                "id": name,
                "metric": {
                    "namespace": "AWS/Lambda",
                    "metric_name": metric,
                    "dimensions": {"FunctionName": function.name},
                    "period": 60,
                    "stat": "Sum",
                },
            }
            for name, metric in (("errors", "Errors"), ("calls", "Invocations"))
        ),
    ],
    opts=opts,
)
cloudwatch.Dashboard(
    "dashboard",
    dashboard_name=f"{prefix}-dashboard",
    dashboard_body=json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "fixture"}}]}),
    opts=opts,
)
budgets.Budget(
    "budget",
    name=f"{prefix}-budget",
    budget_type="COST",
    limit_amount="150.0",
    limit_unit="USD",
    time_unit="MONTHLY",
    cost_filters=[{"name": "TagKeyValue", "values": ["user:Stack$dev"]}],
    notifications=[
        {
            "comparison_operator": "GREATER_THAN",
            "threshold": 80,
            "threshold_type": "PERCENTAGE",
            "notification_type": "FORECASTED",
            "subscriber_sns_topic_arns": [topic.arn],
        }
    ],
    opts=opts,
)

pulumi.export("stream", stream.name)
pulumi.export("bucket", lake.bucket)
pulumi.export("function", function.arn)
pulumi.export("key", key.arn)
pulumi.export("secret", secret.arn)
pulumi.export("workgroup", workgroup.name)
pulumi.export("database", database.name)
pulumi.export("topic", topic.arn)
