//! R12: what differs by region stands in that region's Parameter Store.

use crate::{one, peer_of, shipped};

#[test]
fn each_region_s_parameters_say_what_it_is_who_its_peer_is_and_where_it_answers() {
    for (deployment, templates) in shipped() {
        let zone = match deployment.name.as_str() {
            "trading" => "trading.example",
            "finance-west" => "west.finance.example",
            "finance-east" => "east.finance.example",
            other => panic!("which zone has {other}?"),
        };
        let [home, standby] = deployment.pair().map(|region| region.as_str());
        for (region, role) in [(home, "home"), (standby, "standby")] {
            let url = format!("https://{region}.orders.{zone}");
            for (name, value) in [("role", role), ("peer", peer_of(templates, region)), ("url", &url)] {
                let name = format!("/standfast/production/region/{name}");
                let parameter = one(templates, region, "AWS::SSM::Parameter", "Name", &name);
                assert_eq!(parameter["Value"], value, "{name} in {region} of {}", deployment.name);
            }
        }
        assert_eq!(peer_of(templates, home), standby);
    }
}
