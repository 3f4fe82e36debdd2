//! The containers of this region, where there are any: enough of them, of one release, and reached by the
//! load balancer.
//!
//! Only this region's own are asked about: the peer's preflight asks about its own.

use recovery::preflight::{Check, Finding};

use super::Preflight;
use super::ask::{Answer, Gap, ask, from_check, judge};
use crate::fleet::Crew;
use crate::signed::Call;

/// No finding where functions run the application.
pub(super) async fn check(preflight: &Preflight) -> Vec<Finding> {
    let Some(fleet) = &preflight.fleet else { return Vec::new() };
    let mut crews = None;
    let services = ask(Check::Services, async {
        let found = crews.insert(fleet.look().await?);
        let short: Vec<String> =
            found.iter().filter(|crew| !crew.is_complete()).map(ToString::to_string).collect();
        judge(short.is_empty(), format!("{} services, none below its floor", found.len()), short.join("; "))
    });
    let services = services.await;
    let crews = crews.as_deref();
    let (deployments, targets) = tokio::join!(
        ask(Check::Deployments, async { deployments(from_check(crews, Check::Services)?) }),
        ask(Check::Targets, async { targets(preflight, from_check(crews, Check::Services)?).await }),
    );
    vec![services, deployments, targets]
}

fn deployments(crews: &[Crew]) -> Answer {
    let unsettled =
        crews.iter().filter_map(|crew| Some(format!("{}: {}", crew.service, crew.unsettled.as_ref()?)));
    let unsettled: Vec<String> = unsettled.collect();
    judge(unsettled.is_empty(), "every service has one deployment, and it is complete", unsettled.join("; "))
}

async fn targets(preflight: &Preflight, crews: &[Crew]) -> Answer {
    let (mut healthy, mut wrong) = (0, Vec::new());
    for crew in crews {
        for group in &crew.target_groups {
            let states = states(preflight, group).await?;
            let well = states.iter().filter(|state| *state == "healthy").count();
            healthy += well;
            let bad =
                states.iter().filter(|state| matches!(state.as_str(), "unhealthy" | "unavailable")).count();
            if well < usize::try_from(crew.floor).unwrap_or(usize::MAX) || bad > 0 {
                wrong.push(format!(
                    "{} has {well} healthy targets and {bad} unhealthy ones, its floor is {}",
                    crew.service, crew.floor
                ));
            }
        }
    }
    judge(
        wrong.is_empty() && healthy > 0,
        format!("{healthy} targets are healthy"),
        match &wrong[..] {
            [] => "no service is behind the load balancer".to_owned(),
            wrong => wrong.join("; "),
        },
    )
}

/// The state of every target of a group.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html>
async fn states(preflight: &Preflight, group: &str) -> Result<Vec<String>, Gap> {
    let region = preflight.regions.own.clone();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "DescribeTargetHealth")
        .append_pair("Version", "2015-12-01")
        .append_pair("TargetGroupArn", group)
        .finish();
    let call = Call {
        name: "elasticloadbalancing:DescribeTargetHealth",
        endpoint: format!("https://elasticloadbalancing.{region}.amazonaws.com"),
        service: "elasticloadbalancing",
        region,
        path: "/".to_owned(),
        form: Some(form),
    };
    let body = preflight.caller.send(&call).await?;
    Ok(named(&String::from_utf8_lossy(&body)))
}

/// The text of every `State` of an answer.
fn named(xml: &str) -> Vec<String> {
    xml.split("<State>").skip(1).filter_map(|rest| Some(rest.split_once("</State>")?.0.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    //! Goal: every target's state is read. Method: an answer as AWS documents it.

    use super::*;

    #[test]
    fn every_target_s_state_is_read() {
        let xml = "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>\
                   <member><HealthCheckPort>8080</HealthCheckPort><TargetHealth><State>healthy</State>\
                   </TargetHealth></member><member><TargetHealth><State>unhealthy</State>\
                   <Reason>Target.Timeout</Reason></TargetHealth></member></TargetHealthDescriptions>\
                   </DescribeTargetHealthResult></DescribeTargetHealthResponse>";
        assert_eq!(named(xml), ["healthy", "unhealthy"]);
        assert_eq!(named(""), Vec::<String>::new());
    }
}
