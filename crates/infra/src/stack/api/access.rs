//! Who may call what: the routes, and the API's own policy.

use cfn::Json;
use serde_json::json;

use crate::place::Place;

/// Stage of the API; it is not part of a URL under a custom domain.
pub const STAGE: &str = "live";

/// One path of the API.
#[derive(Clone, Copy, Debug)]
pub(in crate::stack) struct Route {
    /// Construct id.
    pub(in crate::stack) id: &'static str,
    /// Parts of the path.
    pub(in crate::stack) path: &'static [&'static str],
    /// Methods it has.
    pub(in crate::stack) verbs: &'static [&'static str],
    /// Whether anybody may call it, unsigned.
    pub(in crate::stack) open: bool,
}

/// Every route of the API.
pub(in crate::stack) const ROUTES: [Route; 6] = [
    Route { id: "Orders", path: &["orders"], verbs: &["POST"], open: false },
    Route { id: "Order", path: &["orders", "{id}"], verbs: &["GET"], open: false },
    Route { id: "Session", path: &["sessions", "{id}"], verbs: &["GET", "PUT"], open: false },
    Route { id: "Live", path: &["health", "live"], verbs: &["GET"], open: true },
    Route { id: "Ready", path: &["health", "ready"], verbs: &["GET"], open: true },
    Route { id: "Serving", path: &["health", "serving"], verbs: &["GET"], open: true },
];

impl Route {
    /// The resource of its calls as IAM writes it: any id is `*`.
    fn calls(&self) -> impl Iterator<Item = String> {
        let path: Vec<&str> =
            self.path.iter().map(|part| if part.starts_with('{') { "*" } else { part }).collect();
        let path = path.join("/");
        self.verbs.iter().map(move |verb| format!("{STAGE}/{verb}/{path}"))
    }
}

/// ARN of calls of the API in the region of `place`. The id of an API is made by API Gateway and no name
/// leads to it, so this names the calls of *every* API of the account there that has this stage and route.
pub(in crate::stack) fn calls(place: &Place<'_>, verb: &str, path: &str) -> String {
    place.arn("execute-api", &format!("*/{STAGE}/{verb}/{path}"))
}

/// The API's own policy: open routes are open to all, every other one is closed to other accounts, even
/// if its method ever asked for no signature. It allows nobody else anything: in one account an allowing
/// policy of the API would do without one of the caller's.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>
pub(super) fn policy(account: &str) -> Json {
    let resources = |open| -> Vec<String> {
        let routes = ROUTES.iter().filter(|route| route.open == open);
        routes.flat_map(Route::calls).map(|call| format!("execute-api:/{call}")).collect()
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AnybodyChecksHealth",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": resources(true),
            },
            {
                "Sid": "NobodyOfAnotherAccount",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": resources(false),
                "Condition": { "StringNotEquals": { "aws:PrincipalAccount": account } },
            },
        ],
    })
}
