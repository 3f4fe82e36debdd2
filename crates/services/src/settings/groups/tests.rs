//! Goal: a service starts only with complete, sensible settings, and otherwise says
//! everything that is wrong in one message. Method: lookups over small maps.

use super::*;

fn lookup<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

#[test]
fn reads_groups_together() {
    let values = lookup(&[
        (OWN_REGION, "us-east-2"),
        (setting::PEER_REGION, "us-east-1"),
        (setting::HOME_REGION, "us-east-1"),
        (setting::JOURNAL_TABLE, "table-journal-test"),
        (setting::JOURNAL_SHARDS, "4"),
    ]);
    let (regions, journal) = load::<(Regions, Journal)>(&values).expect("they are complete");
    assert_eq!(regions.own.as_str(), "us-east-2");
    assert_eq!(journal, Journal { table: "table-journal-test".to_owned(), shards: 4 });
}

#[test]
fn reports_every_problem_at_once() {
    let values = lookup(&[
        (OWN_REGION, "nowhere"),
        (setting::HOME_REGION, "us-east-1"),
        (setting::JOURNAL_TABLE, ""),
        (setting::JOURNAL_SHARDS, "0"),
        (setting::DATABASE_ENDPOINT, "db"),
        (setting::DATABASE_TLS, "maybe"),
        (setting::OWN_URL, "http://own/"),
        (setting::RESOLVER, "resolver"),
    ]);
    let error = load::<(Regions, Journal, Database, Endpoints)>(&values).expect_err("nothing is right");
    let named: Vec<_> = error.problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(
        named,
        [
            OWN_REGION,
            setting::PEER_REGION,
            setting::JOURNAL_TABLE,
            setting::JOURNAL_SHARDS,
            setting::DATABASE_ENDPOINT,
            setting::PEER_DATABASE_ENDPOINT,
            setting::DATABASE_NAME,
            setting::DATABASE_USER,
            setting::DATABASE_TLS,
            setting::OWN_URL,
            setting::PEER_URL,
            setting::PUBLIC_URL,
            setting::RESOLVER,
        ]
    );
    let text = error.to_string();
    assert!(text.contains("AWS_REGION is `nowhere`: `nowhere` is not an AWS region name"), "{text}");
    assert!(text.contains("STANDFAST_PEER_REGION is not set"), "{text}");
}

#[test]
fn the_reader_endpoint_is_that_of_the_writer_s_cluster() {
    let reader = |text: &str| text.parse::<Endpoint>().expect("an endpoint").reader().to_string();
    let reading = "orders.cluster-ro-c7t.us-east-1.rds.amazonaws.com:5432";
    assert_eq!(reader("orders.cluster-c7t.us-east-1.rds.amazonaws.com:5432"), reading);
    assert_eq!(reader(reading), reading);
    assert_eq!(reader("127.0.0.1:5432"), "127.0.0.1:5432");
}

#[test]
fn the_failback_is_switched_by_true_and_false_alone() {
    for (text, well) in [("true", true), ("false", true), ("yes", false)] {
        let values = lookup_all(text);
        assert_eq!(load::<Failback>(&|name| values.get(name).cloned()).is_ok(), well, "{text}");
    }
}

fn lookup_all(automatic: &str) -> std::collections::HashMap<&'static str, String> {
    [
        (setting::FAILBACK_AUTOMATIC, automatic),
        (setting::FAILBACK_DWELL_S, "1800"),
        (setting::FAILBACK_LAG_MS_MAX, "1000"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

#[test]
fn a_base_url_joins_paths_with_one_slash() {
    let values = lookup(&[
        (setting::OWN_URL, "http://127.64.0.1:8080"),
        (setting::PEER_URL, "https://us-east-2.orders.trading.example"),
        (setting::PUBLIC_URL, "https://orders.trading.example"),
    ]);
    let endpoints = load::<Endpoints>(&values).expect("they are complete");
    assert_eq!(endpoints.own.join("/orders"), "http://127.64.0.1:8080/orders");
    assert_eq!(endpoints.resolver, None);
}
