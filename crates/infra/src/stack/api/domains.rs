//! The two names of a region's API, their certificate, and the region's own record.

use cdk::{Handle, Scope};
use cfn::route53::record_set::AliasTarget;
use cfn::{apigateway, certificatemanager, route53};

use crate::place::{Place, parameter as key};
use crate::stack::parameter;

/// Adds the public name and the region's own, both leading to the stage.
pub(super) fn new(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle, stage: &Handle) {
    let certificate = certificate(root, place);
    let names = place.names();
    let (public, own) = (names.public_host(), names.region_host(place.region));
    domain(&mut root.scope("PublicDomain"), &public, &certificate, api, stage);
    let domain = domain(&mut root.scope("RegionDomain"), &own, &certificate, api, stage);
    let target =
        AliasTarget::new(domain.attribute("RegionalDomainName"), domain.attribute("RegionalHostedZoneId"));
    region_record(root, place, target);
}

/// One certificate for both names, proven by records in the hosted zone, and the parameter with its ARN.
pub(in crate::stack) fn certificate(root: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    use certificatemanager::certificate::DomainValidationOption;
    let names = place.names();
    let hosts = [names.public_host(), names.region_host(place.region)];
    let proofs = hosts.clone().map(|host| {
        DomainValidationOption::new().domain_name(host).hosted_zone_id(place.parameter(key::HOSTED_ZONE))
    });
    let certificate = root.add(
        "Certificate",
        certificatemanager::Certificate::new(hosts[0].clone())
            .subject_alternative_names([hosts[1].clone()])
            .validation_method("DNS")
            .domain_validation_options(proofs),
    );
    parameter(root, place, "CertificateParameter", key::CERTIFICATE, certificate.reference());
    certificate
}

fn domain(scope: &mut Scope<'_>, host: &str, certificate: &Handle, api: &Handle, stage: &Handle) -> Handle {
    let endpoint = apigateway::domain_name::EndpointConfiguration::new().types(["REGIONAL"]);
    let domain = scope.add(
        "Domain",
        apigateway::DomainName::new()
            .domain_name(host)
            .regional_certificate_arn(certificate.reference())
            .security_policy("TLS_1_2")
            .endpoint_configuration(endpoint),
    );
    scope.add(
        "Mapping",
        apigateway::BasePathMapping::new(domain.reference())
            .rest_api_id(api.reference())
            .stage(stage.reference()),
    );
    domain
}

/// The name that always means this region.
pub(in crate::stack) fn region_record(root: &mut Scope<'_>, place: &Place<'_>, target: AliasTarget) {
    root.add(
        "RegionRecord",
        route53::RecordSet::new(format!("{}.", place.names().region_host(place.region)), "A")
            .hosted_zone_id(place.parameter(key::HOSTED_ZONE))
            .alias_target(target.evaluate_target_health(false)),
    );
}
