//! The role in the peer region through which this region looks at it, and reads only.
//!
//! Recovery assumes no foreign role: what it needs of the other region lies in the strongly
//! consistent table, and a role that must be had from somewhere would be one more thing to fail.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use recovery::preflight::{Check, Finding};

use super::ask::{Gap, ask};
use super::{Preflight, SERVICE};
use crate::aws::CallFailed;

/// Seconds the credentials last: the least STS gives, and more than one run.
const SESSION_S: i32 = 900;

/// How the peer's AWS is asked. STS is this region's own, never the global endpoint, which is in
/// us-east-1.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html>
pub(super) async fn assume(preflight: &Preflight) -> (Finding, Option<SdkConfig>) {
    let mut peer = None;
    let role = &preflight.settings.observer_role;
    let finding = ask(Check::Observer, async {
        const CALL: &str = "sts:AssumeRole";
        let client = aws_sdk_sts::Client::new(&preflight.aws);
        let answer = client
            .assume_role()
            .role_arn(role)
            .role_session_name(format!("{SERVICE}-{}", preflight.regions.own))
            .external_id(&preflight.settings.observer_external_id)
            .duration_seconds(SESSION_S)
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        let given = answer.credentials.ok_or_else(|| Gap::Unknown("STS gave no credentials".to_owned()))?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            SERVICE,
        );
        let as_observer = preflight.aws.clone().into_builder();
        let region = aws_config::Region::new(preflight.regions.peer.to_string());
        let provider = SharedCredentialsProvider::new(credentials);
        peer = Some(as_observer.region(region).credentials_provider(provider).build());
        Ok(format!("{role} was assumed"))
    });
    let finding = finding.await;
    (finding, peer)
}

#[cfg(test)]
mod tests {
    //! Goal: STS is asked in the own region. Method: the SDK's own resolver of endpoints.

    use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    #[tokio::test]
    async fn sts_is_asked_in_the_own_region() {
        for region in ["us-east-1", "us-east-2"] {
            let parameters = Params::builder().region(region).build().expect("a region is enough");
            let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await.expect("there is one");
            assert_eq!(endpoint.url(), format!("https://sts.{region}.amazonaws.com"));
        }
    }
}
