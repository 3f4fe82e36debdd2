//! Where a signed AWS call wants to go.

use recovery::Region;
use serde_json::Value;

use super::lease::{LeaseCall, LeaseItem};

const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// The credential scope of a SigV4 `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) access_key: String,
    pub(super) date: String,
    pub(super) region: Region,
    pub(super) service: String,
}

impl Scope {
    /// None when the header is not SigV4 or names no region.
    pub(super) fn parse(authorization: &str) -> Option<Self> {
        let fields = authorization.strip_prefix(ALGORITHM)?;
        let credential = fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))?;
        let mut parts = credential.split('/');
        let scope = Self {
            access_key: parts.next()?.to_owned(),
            date: parts.next()?.to_owned(),
            region: Region::new(parts.next()?).ok()?,
            service: parts.next()?.to_owned(),
        };
        (parts.next()? == "aws4_request" && parts.next().is_none()).then_some(scope)
    }

    /// The same header under another region. Its signature no longer matches;
    /// the emulator does not verify signatures.
    pub(super) fn moved(&self, authorization: &str, region: &Region) -> String {
        let from = format!("/{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to = format!("/{}/{region}/{}/aws4_request", self.date, self.service);
        authorization.replacen(&from, &to, 1)
    }

    /// An `Authorization` header of our own under another region.
    pub(super) fn header(&self, region: &Region) -> String {
        let Self { access_key, date, service, .. } = self;
        format!(
            "{ALGORITHM}Credential={access_key}/{date}/{region}/{service}/aws4_request, \
             SignedHeaders=host, Signature=00"
        )
    }
}

/// Names of the two tables that are more than regional.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) journal: String,
    pub(super) sessions: String,
}

/// What is to happen with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The strongly consistent table: one copy for all regions; a write of the lease names it.
    Journal { lease: Option<LeaseItem> },
    /// The eventual table; a write names the keys to replicate.
    Sessions { written: Vec<String> },
    /// The database's control plane.
    Database,
    /// The control plane of containers and of what stands before them.
    Containers,
    /// Everything else belongs to the region of the scope.
    Regional,
    /// A use of the two tables that the drill does not stand in for.
    Unknown(&'static str),
}

/// Decides from the scope's service, `X-Amz-Target` and the body.
pub(super) fn route(tables: &Tables, service: &str, target: &str, body: &[u8]) -> Route {
    match service {
        "rds" => Route::Database,
        "ecs" | "elasticloadbalancing" => Route::Containers,
        "dynamodb" => table_route(tables, target, body),
        _ => Route::Regional,
    }
}

fn table_route(tables: &Tables, target: &str, body: &[u8]) -> Route {
    let (Some(operation), Ok(body)) =
        (target.strip_prefix(TARGET_PREFIX), serde_json::from_slice::<Value>(body))
    else {
        return Route::Regional;
    };
    let named = named_tables(&body);
    let names = |table: &String| named.iter().any(|name| name == table);
    match (names(&tables.journal), names(&tables.sessions)) {
        (false, false) => Route::Regional,
        _ if operation.starts_with("Transact") => Route::Unknown("transactions on global tables"),
        (true, _) if named.iter().any(|name| *name != tables.journal) => {
            Route::Unknown("one batch over the journal and another table")
        }
        (true, _) => match LeaseCall::read(operation, &body) {
            LeaseCall::None => Route::Journal { lease: None },
            LeaseCall::Puts(item) => Route::Journal { lease: Some(item) },
            LeaseCall::Unreadable => Route::Unknown("a write of the lease that is not one whole item"),
        },
        (false, true) => match written_keys(&tables.sessions, operation, &body) {
            Some(written) => Route::Sessions { written },
            None => Route::Unknown("a session write without its key"),
        },
    }
}

fn named_tables(body: &Value) -> Vec<String> {
    let bare = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let one = body["TableName"].as_str().map(bare);
    let batch = body["RequestItems"].as_object().into_iter().flatten().map(|(name, _)| bare(name));
    let transaction = body["TransactItems"].as_array().into_iter().flatten();
    let transaction = transaction.filter_map(Value::as_object).flat_map(|item| item.values());
    one.into_iter()
        .chain(batch)
        .chain(transaction.filter_map(|action| action["TableName"].as_str().map(bare)))
        .collect()
}

/// The `pk` of every session a call writes; None when one cannot be told.
fn written_keys(table: &str, operation: &str, body: &Value) -> Option<Vec<String>> {
    let key = |item: &Value| item["pk"]["S"].as_str().map(str::to_owned);
    match operation {
        "PutItem" => Some(vec![key(&body["Item"])?]),
        "UpdateItem" | "DeleteItem" => Some(vec![key(&body["Key"])?]),
        "BatchWriteItem" => {
            let requests = body["RequestItems"].as_object()?.iter();
            let ours = requests.filter(|(name, _)| name.rsplit('/').next() == Some(table));
            ours.flat_map(|(_, requests)| requests.as_array().into_iter().flatten())
                .map(|request| {
                    key(&request["PutRequest"]["Item"]).or_else(|| key(&request["DeleteRequest"]["Key"]))
                })
                .collect()
        }
        _ => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    // Goal: calls go where their scope and table say. Method: headers and bodies as the SDK writes them.
    use super::*;

    const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKID/20261120/us-east-1/dynamodb/aws4_request, \
                          SignedHeaders=content-type;host;x-amz-date, Signature=ab12";

    fn tables() -> Tables {
        Tables { journal: "table-journal-x".into(), sessions: "table-sessions-x".into() }
    }

    fn of(operation: &str, body: &str) -> Route {
        route(&tables(), "dynamodb", &format!("{TARGET_PREFIX}{operation}"), body.as_bytes())
    }

    #[test]
    fn the_scope_is_read_and_moved() {
        let scope = Scope::parse(HEADER).expect("a SigV4 header");
        assert_eq!((scope.region.as_str(), scope.service.as_str()), ("us-east-1", "dynamodb"));
        let witness = Region::new("us-west-2").expect("a region");
        let moved = scope.moved(HEADER, &witness);
        assert_eq!(moved, HEADER.replace("us-east-1", "us-west-2"));
        assert_eq!(Scope::parse(&scope.header(&witness)).expect("ours").region, witness);
    }

    #[test]
    fn other_headers_have_no_scope() {
        for header in ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=AKID/20261120", "AWS4-HMAC-SHA256 x"] {
            assert_eq!(Scope::parse(header), None, "{header}");
        }
    }

    #[test]
    fn tables_are_found_by_name_arn_and_batch() {
        let journal = Route::Journal { lease: None };
        assert_eq!(of("PutItem", r#"{"TableName":"table-journal-x","Item":{}}"#), journal);
        let arn = r#"{"TableName":"arn:aws:dynamodb:us-east-1:1:table/table-journal-x"}"#;
        assert_eq!(of("Query", arn), journal);
        assert_eq!(of("BatchGetItem", r#"{"RequestItems":{"table-journal-x":{}}}"#), journal);
        assert_eq!(of("GetItem", r#"{"TableName":"other"}"#), Route::Regional);
        let mixed = r#"{"RequestItems":{"table-journal-x":{},"other":{}}}"#;
        assert!(matches!(of("BatchGetItem", mixed), Route::Unknown(_)));
        let transaction = r#"{"TransactItems":[{"Put":{"TableName":"table-journal-x"}}]}"#;
        assert!(matches!(of("TransactWriteItems", transaction), Route::Unknown(_)));
    }

    #[test]
    fn session_writes_name_their_keys() {
        let put = r#"{"TableName":"table-sessions-x","Item":{"pk":{"S":"s1"}}}"#;
        assert_eq!(of("PutItem", put), Route::Sessions { written: vec!["s1".into()] });
        let update = r#"{"TableName":"table-sessions-x","Key":{"pk":{"S":"s2"}}}"#;
        assert_eq!(of("UpdateItem", update), Route::Sessions { written: vec!["s2".into()] });
        assert_eq!(of("GetItem", update), Route::Sessions { written: vec![] });
        let batch = r#"{"RequestItems":{"table-sessions-x":[{"DeleteRequest":{"Key":{"pk":{"S":"s3"}}}}]}}"#;
        assert_eq!(of("BatchWriteItem", batch), Route::Sessions { written: vec!["s3".into()] });
    }

    #[test]
    fn other_services_are_regional_but_rds() {
        assert_eq!(route(&tables(), "sqs", "AmazonSQS.SendMessage", b"{}"), Route::Regional);
        assert_eq!(route(&tables(), "rds", "", b"Action=DescribeDBClusters"), Route::Database);
    }
}
