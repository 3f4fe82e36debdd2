//! R9: Standfast acts as soon as it is deployed, and people can stop it in either region.

use crate::{everywhere, one};

#[test]
fn each_region_s_switch_is_on_to_begin_with_and_takes_two_words() {
    for (templates, region) in everywhere() {
        let name = "/standfast/production/automation";
        let switch = one(templates, region, "AWS::SSM::Parameter", "Name", name);
        assert_eq!(switch["Value"], "on", "{region}");
        assert_eq!(switch["AllowedPattern"], "^(on|off)$", "{region}");
    }
}
