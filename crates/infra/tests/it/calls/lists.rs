//! What each function may call, and how its code says so.

/// What Lambda itself does under a function's role: logs, traces, and interfaces in the VPC.
pub(super) const LAMBDA: [&str; 10] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// What Lambda does beside that for one of them: it reads the queue for the processor.
pub(super) const LAMBDA_FOR_PROCESSOR: [&str; 2] = ["sqs:DeleteMessage", "sqs:ReceiveMessage"];

const ORDERS_API: [&str; 9] = [
    "dynamodb:GetItem table/table-journal-production",
    "dynamodb:GetItem table/table-sessions-production",
    "dynamodb:PutItem table/table-journal-production if 2*",
    "dynamodb:PutItem table/table-sessions-production",
    "rds-db:connect own as orders_api",
    "rds-db:connect peer as orders_api",
    "sqs:GetQueueAttributes queue-orders-production",
    "sqs:GetQueueUrl queue-orders-production",
    "sqs:SendMessage queue-orders-production",
];

const ORDER_PROCESSOR: [&str; 11] = [
    "dynamodb:BatchGetItem table/table-journal-production",
    "dynamodb:GetItem table/table-journal-production",
    "rds-db:connect own as order_processor",
    "rds-db:connect peer as order_processor",
    "sqs:ChangeMessageVisibility queue-orders-production",
    "sqs:DeleteMessage queue-orders-production",
    "sqs:GetQueueAttributes queue-orders-production",
    "sqs:GetQueueUrl queue-orders-dead-letter-production",
    "sqs:GetQueueUrl queue-orders-production",
    "sqs:ReceiveMessage queue-orders-production",
    "sqs:SendMessage queue-orders-dead-letter-production",
];

const SENTINEL: [&str; 15] = [
    "dynamodb:GetItem table/table-journal-production if lease",
    "dynamodb:PutItem table/table-journal-production if lease",
    "dynamodb:Query table/table-journal-production",
    "execute-api:Invoke peer POST/orders",
    "rds-db:connect own as sentinel",
    "rds:DescribeDBClusters cluster:own",
    "sqs:GetQueueAttributes queue-orders-production",
    "sqs:GetQueueUrl queue-orders-production",
    "sqs:SendMessage queue-failed-invocations-production",
    "sqs:SendMessage queue-orders-production",
    "ssm:GetParameter parameter/standfast/production/automation",
    "states:DescribeExecution execution:workflow-failback-production:failback-*",
    "states:DescribeExecution execution:workflow-failover-production:failover-*",
    "states:StartExecution stateMachine:workflow-failback-production",
    "states:StartExecution stateMachine:workflow-failover-production",
];

const RECOVERY_STEP: [&str; 22] = [
    "dynamodb:GetItem table/table-journal-production if lease",
    "dynamodb:PutItem table/table-journal-production if lease",
    "dynamodb:Query table/table-journal-production",
    "events:PutEvents event-bus/bus-recovery-production",
    "execute-api:Invoke own GET/orders/*",
    "execute-api:Invoke own POST/orders",
    "execute-api:Invoke peer GET/orders/*",
    "execute-api:Invoke peer POST/orders",
    "kms:GenerateDataKey key/* if alias/key-audit-production s3.own.amazonaws.com",
    "rds-db:connect own as recovery_step",
    "rds-db:connect peer as recovery_step",
    "rds:DescribeGlobalClusters global-cluster:global-cluster-orders-production",
    "rds:FailoverGlobalCluster cluster:own",
    "rds:FailoverGlobalCluster cluster:peer",
    "rds:FailoverGlobalCluster global-cluster:global-cluster-orders-production",
    "rds:SwitchoverGlobalCluster cluster:own",
    "rds:SwitchoverGlobalCluster cluster:peer",
    "rds:SwitchoverGlobalCluster global-cluster:global-cluster-orders-production",
    "route53:ChangeResourceRecordSets hostedzone if UPSERT orders.trading.example CNAME",
    "route53:ListResourceRecordSets hostedzone",
    "s3:PutObject bucket-audit-own-111122223333-production/recovery/*",
    "ssm:GetParameter parameter/standfast/production/automation",
];

/// In home; in the standby, where the secret is a replica, the second alone.
const DATABASE_KEEPER: [&str; 7] = [
    "secretsmanager:DescribeSecret secret:secret-database-production-??????",
    "secretsmanager:GetSecretValue secret:secret-database-production-??????",
    "kms:Decrypt {{resolve:ssm:/standfast/production/database/secret-key-arn}} if secretsmanager.own.amazonaws.com",
    "kms:GenerateDataKey {{resolve:ssm:/standfast/production/database/secret-key-arn}} if secretsmanager.own.amazonaws.com",
    "secretsmanager:GetRandomPassword *",
    "secretsmanager:PutSecretValue secret:secret-database-production-??????",
    "secretsmanager:UpdateSecretVersionStage secret:secret-database-production-??????",
];

const PREFLIGHT: [&str; 28] = [
    "dynamodb:GetItem table/table-journal-production if lease preflight",
    "dynamodb:GetItem table/table-sessions-production",
    "dynamodb:PutItem table/table-journal-production if preflight",
    "events:PutEvents event-bus/bus-recovery-production",
    "iam:SimulatePrincipalPolicy role/role-recovery-step-own-production",
    "lambda:GetFunctionConfiguration function:function-database-keeper-production",
    "lambda:GetFunctionConfiguration function:function-order-processor-production",
    "lambda:GetFunctionConfiguration function:function-orders-api-production",
    "lambda:GetFunctionConfiguration function:function-preflight-production",
    "lambda:GetFunctionConfiguration function:function-recovery-step-production",
    "lambda:GetFunctionConfiguration function:function-sentinel-production",
    "lambda:GetFunctionConfiguration function:function-stack-hook-production",
    "rds-db:connect own as preflight",
    "rds-db:connect peer as preflight",
    "rds:DescribeDBClusters cluster:own",
    "rds:DescribeGlobalClusters global-cluster:global-cluster-orders-production",
    "s3:GetReplicationConfiguration bucket-audit-own-111122223333-production",
    "s3:GetReplicationConfiguration bucket-config-own-111122223333-production",
    "scheduler:GetSchedule schedule/default/schedule-watch-production",
    "sqs:GetQueueAttributes queue-orders-dead-letter-production",
    "sqs:GetQueueAttributes queue-orders-production",
    "sqs:GetQueueUrl queue-orders-dead-letter-production",
    "sqs:GetQueueUrl queue-orders-production",
    "sqs:SendMessage queue-failed-invocations-production",
    "ssm:GetParameter parameter/standfast/production/automation",
    "ssm:GetParameter parameter/standfast/production/workflow/failover-digest",
    "states:DescribeStateMachine stateMachine:workflow-failover-production",
    "sts:AssumeRole role/role-observer-peer-production",
];

/// Each function, the directory of its code in `services`, and its list.
pub(super) const FUNCTIONS: [(&str, &str, &[&str]); 6] = [
    ("orders-api", "api", &ORDERS_API),
    ("order-processor", "processor", &ORDER_PROCESSOR),
    ("sentinel", "sentinel", &SENTINEL),
    ("recovery-step", "steps", &RECOVERY_STEP),
    ("preflight", "preflight", &PREFLIGHT),
    ("database-keeper", "database_keeper", &DATABASE_KEEPER),
];

/// Calls, and what the code of a function says when it makes them.
pub(super) const SAID: [(&str, &str); 26] = [
    ("dynamodb:BatchGetItem table/table-journal-production", "journal.get_many("),
    ("dynamodb:GetItem table/table-sessions-production", "sessions.get("),
    ("dynamodb:PutItem table/table-journal-production if 2*", "journal.put("),
    ("dynamodb:PutItem table/table-journal-production if lease", "leases.replace("),
    ("dynamodb:PutItem table/table-sessions-production", "sessions.put("),
    ("dynamodb:Query table/table-journal-production", "journal.page("),
    ("events:PutEvents event-bus/bus-recovery-production", ".put_events()"),
    ("execute-api:Invoke own GET/orders/*", "synthetic::is_settled("),
    ("execute-api:Invoke peer POST/orders", "synthetic::place("),
    ("rds-db:connect own", "Target::own("),
    ("rds-db:connect peer", "Target::peer("),
    ("rds:DescribeDBClusters cluster:own", ".describe_db_clusters()"),
    ("rds:FailoverGlobalCluster cluster:own", ".failover_global_cluster()"),
    ("rds:SwitchoverGlobalCluster cluster:own", ".switchover_global_cluster()"),
    ("route53:ListResourceRecordSets hostedzone", ".list_resource_record_sets()"),
    ("s3:PutObject bucket-audit-own-111122223333-production/recovery/*", ".put_object()"),
    ("sqs:ChangeMessageVisibility queue-orders-production", "queue.delay("),
    ("sqs:SendMessage queue-orders-dead-letter-production", ".send_dead_letter("),
    ("sqs:SendMessage queue-orders-production", "queue.send("),
    ("ssm:GetParameter parameter/standfast/production/automation", "switch.is_on("),
    ("states:DescribeStateMachine stateMachine:workflow-failover-production", ".describe_state_machine()"),
    ("sts:AssumeRole role/role-observer-peer-production", ".assume_role()"),
    ("iam:SimulatePrincipalPolicy role/role-recovery-step-own-production", "\"SimulatePrincipalPolicy\""),
    ("scheduler:GetSchedule schedule/default/schedule-watch-production", "\"scheduler:GetSchedule\""),
    ("states:StartExecution stateMachine:workflow-failback-production", ".failbacks, "),
    ("states:StartExecution stateMachine:workflow-failover-production", ".recoveries, "),
];
