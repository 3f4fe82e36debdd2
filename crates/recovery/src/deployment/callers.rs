//! Who may call the load balancers of the profile `containers`: from where, and with which token.

// `core` has the type, and nothing that could send or listen.
use core::net::Ipv4Addr;

use super::Deployment;
use super::reader::{Reader, Section};

/// Who may place orders and read sessions. The health routes stay open to everybody: those who check them have
/// no address that is known before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callers {
    /// Ranges of IPv4 addresses, such as `203.0.113.0/24`; the range `0.0.0.0/0` is everybody.
    pub ranges: Vec<String>,
    /// The token that a caller has to show as well; `None`: none.
    pub token: Option<Token>,
}

/// A JSON Web Token that the load balancer verifies: signed by RS256, not expired, and with these claims.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Who issued it: the claim `iss`.
    pub issuer: String,
    /// Where the issuer's keys are: a URL with HTTPS.
    pub keys_url: String,
    /// Whom it is for: the claim `aud`.
    pub audience: String,
}

/// The range of all addresses.
pub const EVERYBODY: &str = "0.0.0.0/0";
/// Fields of the section that say it.
pub(super) const FIELDS: [&str; 2] = ["allowed_ranges", "jwt"];
const RANGES: &str = "containers.allowed_ranges";
const KEYS_URL: &str = "containers.jwt.jwks_url";

impl Callers {
    /// Whether some addresses are let in and others not.
    pub fn by_address(&self) -> bool {
        !self.ranges.iter().any(|range| range == EVERYBODY)
    }
}

pub(super) fn read<'t>(section: &Section<'_, 't>, reader: &mut Reader<'t>) -> Callers {
    let ranges = "a list of ranges, such as [\"203.0.113.0/24\"]; \"0.0.0.0/0\" lets everybody in";
    Callers {
        ranges: reader.texts(section, FIELDS[0], ranges),
        token: reader.has(section, FIELDS[1]).then(|| token(section, reader)),
    }
}

fn token<'t>(section: &Section<'_, 't>, reader: &mut Reader<'t>) -> Token {
    let fields = ["issuer", "jwks_url", "audience"];
    let token = reader.inner(section, ("jwt", "containers.jwt"), &fields);
    Token {
        issuer: reader.text(&token, "issuer", "a text: the claim `iss` of its tokens"),
        keys_url: reader.text(&token, "jwks_url", "the URL of the issuer's key set"),
        audience: reader.text(&token, "audience", "a text: the claim `aud` of its tokens"),
    }
}

/// Rules on ranges that are ranges, and on keys that nobody can change on the way.
pub(super) fn check(deployment: &Deployment, reader: &mut Reader<'_>) {
    let Some(callers) = deployment.containers.as_ref().map(|containers| &containers.callers) else { return };
    let hint = "write \"0.0.0.0/0\" to let everybody in, or the ranges of your clients";
    reader.refuse_if(callers.ranges.is_empty(), &[RANGES], "nobody may call".to_owned(), hint);
    for range in callers.ranges.iter().filter(|range| !is_range(range)) {
        let reason =
            format!("{:?} is no range of IPv4 addresses", range.chars().take(80).collect::<String>());
        let hint = "write the first address and the bits that count, such as \"203.0.113.0/24\"";
        reader.refuse(&[RANGES], reason, hint);
    }
    let mixed = !callers.by_address() && callers.ranges.len() > 1;
    let reason = format!("{EVERYBODY} is everybody, beside other ranges");
    reader.refuse_if(mixed, &[RANGES], reason, "leave out one or the other");
    if let Some(token) = &callers.token {
        let reason =
            format!("{:?} is no URL with HTTPS", token.keys_url.chars().take(80).collect::<String>());
        let broken = !token.keys_url.starts_with("https://") || token.keys_url.contains(char::is_whitespace);
        reader.refuse_if(broken, &[KEYS_URL], reason, "whoever changes the keys on the way issues tokens");
    }
}

/// First address and prefix, with no bit set beyond it. AWS WAF takes every prefix but 0, which is [`EVERYBODY`].
fn is_range(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(bits)) = (address.parse::<Ipv4Addr>(), bits.parse::<u32>()) else { return false };
    let beyond = u32::MAX.checked_shr(bits).unwrap_or(0);
    text == EVERYBODY || ((1..=32).contains(&bits) && u32::from(address) & beyond == 0)
}

#[cfg(test)]
mod tests {
    //! Goal: whoever is let in is written down, and what is none of it is refused. Method: the shipped file with
    //! other ranges and tokens.

    use crate::deployment::Deployment;

    const WEST: &str = include_str!("../../../../deployments/finance-west.toml");

    fn with(ranges: &str, token: &str) -> String {
        let kept = WEST.lines().filter(|line| !line.starts_with("allowed_ranges"));
        let text: Vec<&str> = kept.collect();
        text.join("\n").replacen(
            "[containers] ",
            &format!("[containers]\nallowed_ranges = {ranges}\n{token}\n"),
            1,
        )
    }

    #[test]
    fn ranges_and_tokens_are_read() {
        let token = r#"jwt = { issuer = "https://id.example", jwks_url = "https://id.example/keys", audience = "orders" }"#;
        let read = Deployment::parse(&with(r#"["203.0.113.0/24", "198.51.100.7/32"]"#, token), "f");
        let callers = read.unwrap_or_else(|found| panic!("{found}")).containers.expect("it has them").callers;
        assert_eq!(callers.ranges, ["203.0.113.0/24", "198.51.100.7/32"]);
        assert!(callers.by_address());
        assert_eq!(callers.token.expect("it is there").audience, "orders");
        let open = Deployment::parse(&with(r#"["0.0.0.0/0"]"#, ""), "f").expect("everybody may be let in");
        let callers = open.containers.expect("it has them").callers;
        assert!(!callers.by_address() && callers.token.is_none());
        assert!(
            Deployment::parse(WEST, "f")
                .expect("valid")
                .containers
                .expect("it has them")
                .callers
                .by_address()
        );
    }

    #[test]
    fn what_lets_in_nobody_or_anything_is_refused() {
        let token = |url: &str| format!("jwt = {{ issuer = \"i\", jwks_url = {url:?}, audience = \"a\" }}");
        let cases = [
            ("[]", String::new(), "nobody may call"),
            (r#"["203.0.113.0"]"#, String::new(), "\"203.0.113.0\" is no range of IPv4 addresses"),
            (r#"["203.0.113.1/24"]"#, String::new(), "\"203.0.113.1/24\" is no range"),
            (r#"["203.0.113.0/33"]"#, String::new(), "\"203.0.113.0/33\" is no range"),
            (r#"["1.0.0.0/0"]"#, String::new(), "\"1.0.0.0/0\" is no range"),
            (r#"["2001:db8::/32"]"#, String::new(), "\"2001:db8::/32\" is no range"),
            (
                r#"["0.0.0.0/0", "203.0.113.0/24"]"#,
                String::new(),
                "0.0.0.0/0 is everybody, beside other ranges",
            ),
            (r#"["203.0.113.0/24"]"#, token("http://id.example/keys"), "is no URL with HTTPS"),
            (r#"["203.0.113.0/24"]"#, "jwt = {}".to_owned(), "field `containers.jwt.issuer` is missing"),
        ];
        for (ranges, token, expected) in cases {
            let found = Deployment::parse(&with(ranges, &token), "f").expect_err(expected).to_string();
            assert!(found.contains(expected), "expected {expected:?}, found\n{found}");
        }
    }
}
