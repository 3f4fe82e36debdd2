//! A keeper with a secret in the emulator, and a URL at which CloudFormation would take its answer.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use recovery::Region;
use serde_json::{Value, json};
use services::database_keeper::{Keeper, Settings, handle};
use services::settings::{self, Endpoint, Tls};

use crate::cloudformation::{request, url};
use crate::support::{config, emulator, home, standby};

/// What a keeper works with.
pub struct Stage {
    pub aws: SdkConfig,
    pub secret: String,
    pub settings: Settings,
}

impl Stage {
    /// The secret holds the login of `username`; the databases have this name and are at these places.
    pub async fn new(username: &str, password: &str, name: &str, places: [&Endpoint; 2]) -> Self {
        let aws = config(&home(), &emulator().await).await;
        let secret = format!("secret-database-{name}-{}", std::process::id());
        let login = json!({ "username": username, "password": password }).to_string();
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        secrets.create_secret().name(&secret).secret_string(login).send().await.expect("the secret is new");
        let [own, peer]: [Region; 2] = [home(), standby()];
        let settings = (
            settings::Regions { own: own.clone(), peer, home: own },
            settings::Database {
                endpoint: places[0].clone(),
                peer_endpoint: places[1].clone(),
                name: name.to_owned(),
                user: username.to_owned(),
                tls: Tls::Prefer,
                ca_file: None,
                connections: None,
            },
            settings::MasterSecret { name: secret.clone() },
        );
        Self { aws, secret, settings }
    }

    /// It looks for a writer for a second.
    pub fn keeper(&self) -> Arc<Keeper> {
        let keeper = Keeper::new(&self.aws, self.settings.clone()).expect("the settings are usable");
        Arc::new(keeper.with_patience(Duration::from_secs(1)))
    }

    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.aws)
    }

    /// A request of CloudFormation, and its answer.
    pub async fn ask(&self, request_type: &str, properties: Value) -> Value {
        let (url, answers) = url(0).await;
        let event = request(&url, request_type, properties);
        handle(&self.keeper(), &event).await.expect("CloudFormation is answered");
        let answers = answers.lock().expect("no test panics in here");
        assert_eq!(answers.len(), 1);
        answers[0].1.clone()
    }
}
