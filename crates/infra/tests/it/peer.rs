//! Goal: whoever adds a resource learns that the benchmark's TypeScript peer lacks it, without Node.
//! Method: the counts that the last recorded benchmark found on both sides, against today's templates. The benchmark
//! itself compares properties, which takes Node; here its comparison gets templates that differ in one thing each.

#[path = "../../benches/synth/counts.rs"]
mod counts;
#[path = "../../benches/synth/properties.rs"]
mod properties;

use serde_json::json;

use crate::trading;

#[test]
fn the_benchmarks_peer_has_the_same_resources() {
    let recorded = include_str!("../../../../benches/peers/cdk-typescript/counts.json");
    let recorded: counts::Counts = serde_json::from_str(recorded).expect("the benchmark wrote it");
    let templates = trading();
    let ours = counts::of(templates.iter().map(|template| (template.name.clone(), &template.json)));
    let differences = counts::differences(&ours, &recorded);
    assert!(
        differences.is_empty(),
        "the peer is out of date: add what is missing to benches/peers/cdk-typescript, whose README says how, and run \
         `cargo bench -p infra --bench synth -- --repeats 1 --record`:\n{}",
        differences.join("\n")
    );
}

#[test]
fn every_difference_between_two_assemblies_is_named() {
    let template = |kinds: &[&str]| {
        let resources = kinds.iter().enumerate().map(|(id, kind)| (id.to_string(), json!({ "Type": kind })));
        json!({ "Resources": resources.collect::<serde_json::Map<_, _>>() })
    };
    let [own, other] = [template(&["A", "A", "B"]), template(&["A", "C"])];
    let ours = counts::of([("One".to_owned(), &own), ("Two".to_owned(), &own)]);
    let theirs = counts::of([("One".to_owned(), &other), ("Three".to_owned(), &other)]);
    assert_eq!(
        counts::differences(&ours, &theirs),
        [
            "One: 2 of A, the peer 1",
            "One: 1 of B, the peer 0",
            "One: 0 of C, the peer 1",
            "Three: only the peer has it",
            "Two: the peer does not have it",
        ]
    );
    assert!(counts::differences(&ours, &ours).is_empty());
}

/// A template as one library writes it, and the same as another one would.
fn twins() -> [serde_json::Value; 2] {
    let digest = |letter: &str| letter.repeat(64);
    let [own, other] = ["1.0", "1"].map(|number| format!("{{ \"widgets\": [{number}] }}"));
    [
        json!({
            "Resources": {
                "Queue1": { "Type": "Queue", "Properties": { "Name": "one", "Tags": [{ "Key": "a" }, { "Key": "b" }] } },
                "Queue2": { "Type": "Queue", "Properties": { "Name": "two" }, "Metadata": { "path": "x" } },
                "Board": { "Type": "Board", "Properties": { "Body": own }, "DependsOn": ["Queue1", "Queue2"] },
                "Code": { "Type": "Code", "Properties": {
                    "Key": format!("{}.zip", digest("a")), "Of": { "Fn::Sub": "x-${Queue1.Arn}-${AWS::Region}" },
                    "To": { "Ref": "Queue1" },
                } },
            },
            "Outputs": { "Url": { "Value": { "Fn::GetAtt": ["Queue1", "Url"] } } },
        }),
        json!({
            "Resources": {
                "B": { "Type": "Board", "Properties": { "Body": other }, "DependsOn": ["Q2", "Q1"] },
                "C": { "Type": "Code", "Properties": {
                    "Key": format!("{}.zip", digest("b")), "To": { "Ref": "Q1" },
                    "Of": { "Fn::Sub": ["x-${q}-${AWS::Region}", { "q": { "Fn::GetAtt": ["Q1", "Arn"] } }] },
                } },
                "Q2": { "Type": "Queue", "Properties": { "Name": "two" } },
                "Q1": { "Type": "Queue", "Properties": { "Tags": [{ "Key": "b" }, { "Key": "a" }], "Name": "one" } },
            },
            "Outputs": { "Url": { "Value": { "Fn::GetAtt": ["Q1", "Url"] } } },
        }),
    ]
}

#[test]
fn whatever_the_ids_and_forms_what_says_the_same_is_the_same() {
    let [ours, theirs] = twins();
    assert_eq!(properties::differences(&ours, &theirs), Vec::<String>::new());
}

#[test]
fn every_property_that_differs_from_the_peer_s_is_named() {
    for (pointer, value, expected) in [
        (
            "/Resources/Q1/Properties/Name",
            json!("three"),
            ["Queue.Properties.Name: \"one\", the peer \"three\""],
        ),
        (
            "/Resources/Q1/Properties/Tags/0/Key",
            json!("c"),
            ["Queue.Properties.Tags[1].Key: \"b\", the peer \"c\""],
        ),
        ("/Resources/Q2/Properties", json!({}), ["Queue.Properties.Name: \"two\", the peer null"]),
        (
            "/Resources/B/DependsOn",
            json!("Q1"),
            ["Board.DependsOn: [\"<Queue>\",\"<Queue>\"], the peer [\"<Queue>\"]"],
        ),
        (
            "/Resources/C/Properties/Of/Fn::Sub/1/q/Fn::GetAtt/1",
            json!("Url"),
            [
                "Code.Properties.Of.Fn::Sub: \"x-${<Queue>.Arn}-${AWS::Region}\", the peer \"x-${<Queue>.Url}-${AWS::Region}\"",
            ],
        ),
        (
            "/Outputs/Url/Value/Fn::GetAtt/1",
            json!("Arn"),
            [".Outputs.Url.Value.Fn::GetAtt[1]: \"Url\", the peer \"Arn\""],
        ),
    ] {
        let [ours, mut theirs] = twins();
        *theirs.pointer_mut(pointer).expect("it is there") = value;
        assert_eq!(properties::differences(&ours, &theirs), expected, "{pointer}");
    }
    let [ours, mut theirs] = twins();
    theirs["Resources"]["C"]["Properties"]["To"]["Ref"] = json!("Q2");
    let found = properties::differences(&ours, &theirs);
    assert!(found.len() == 1 && found[0].ends_with("(it refers to something else)"), "{found:?}");
}
