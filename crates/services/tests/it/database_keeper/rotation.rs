//! Goal: a rotation ends with a new password in the secret and in the database, the old one worth nothing,
//! and no password in any log; broken off anywhere, the next one mends it. Method: Secrets Manager's four
//! steps, on a real PostgreSQL that asks for passwords and logs every statement.

use drill::environment::Environment;
use drill::postgres::{DATABASE, Server, USER};
use serde_json::{Value, json};
use services::database_keeper::{KeeperError, handle};
use services::settings::Endpoint;
use tokio_postgres::NoTls;

use super::stage::Stage;

const FIRST_PASSWORD: &str = "TheFirstPasswordOfAll1";
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

struct Scene {
    server: Server,
    stage: Stage,
}

impl Scene {
    async fn new() -> Self {
        let environment = tokio::task::spawn_blocking(|| Environment::for_tests(env!("CARGO_TARGET_TMPDIR")));
        let environment = environment.await.expect("it does not panic").expect("PostgreSQL can be installed");
        let server = Server::start_temporary(&environment).await.expect("it starts");
        ask_for_passwords(&server).await;
        let at = server.address();
        let endpoint = Endpoint { host: at.ip().to_string(), port: at.port() };
        let mut stage =
            Stage::new(USER, FIRST_PASSWORD, &format!("rotation{}", at.port()), [&endpoint; 2]).await;
        stage.settings.1.name = DATABASE.to_owned();
        Self { server, stage }
    }

    async fn step(&self, step: &str, token: &str) -> Result<(), KeeperError> {
        let event = json!({ "Step": step, "SecretId": self.stage.secret, "ClientRequestToken": token });
        handle(&self.stage.keeper(), &event).await
    }

    async fn rotate(&self, token: &str) {
        for step in STEPS {
            self.step(step, token).await.expect(step);
        }
    }

    /// Begins a rotation as Secrets Manager does: with a pending version that holds nothing yet.
    async fn begin(&self, token: &str) {
        let put = self.stage.secrets().put_secret_value().secret_id(&self.stage.secret);
        let put = put.client_request_token(token).version_stages("AWSPENDING");
        put.send().await.expect("it is written");
    }

    async fn password(&self, stage: &str) -> String {
        let get = self.stage.secrets().get_secret_value().secret_id(&self.stage.secret).version_stage(stage);
        let text = get.send().await.expect("it is there").secret_string.expect("it is text");
        let login: Value = serde_json::from_str(&text).expect("it is JSON");
        login["password"].as_str().expect("a password").to_owned()
    }

    async fn opens(&self, password: &str) -> bool {
        let text = format!("{} password={password}", self.server.connect_string());
        tokio_postgres::connect(&text, NoTls).await.is_ok()
    }
}

/// The master user needs its password from now on, and the log holds every statement.
async fn ask_for_passwords(server: &Server) {
    let text = server.connect_string().replace(&format!("user={USER}"), "user=postgres");
    let (client, driver) = tokio_postgres::connect(&text, NoTls).await.expect("it accepts");
    tokio::spawn(driver);
    let rules: String = client.query_one("SHOW hba_file", &[]).await.expect("it answers").get(0);
    let sql = format!(
        "ALTER ROLE {USER} PASSWORD '{FIRST_PASSWORD}'; ALTER SYSTEM SET log_statement = 'all';
         COPY (VALUES ('host all {USER} all scram-sha-256'), ('host all postgres all trust')) TO '{rules}'"
    );
    for statement in sql.split("; ").flat_map(|part| part.split(";\n")) {
        client.batch_execute(statement).await.expect(statement);
    }
    client.batch_execute("SELECT pg_reload_conf()").await.expect("it reads its rules again");
    while tokio_postgres::connect(&server.connect_string(), NoTls).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn token(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02}")
}

#[tokio::test]
async fn a_rotation_ends_with_a_new_password_that_no_log_holds() {
    let scene = Scene::new().await;
    let one = token(1);
    scene.begin(&one).await;
    scene.rotate(&one).await;
    let new = scene.password("AWSCURRENT").await;
    assert!(
        new.len() == 48 && new.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{} characters",
        new.len()
    );
    assert_eq!(scene.password("AWSPREVIOUS").await, FIRST_PASSWORD);
    assert!(scene.opens(&new).await && !scene.opens(FIRST_PASSWORD).await);
    for step in STEPS {
        scene.step(step, &one).await.expect("a step that comes again changes nothing");
    }
    assert_eq!(scene.password("AWSCURRENT").await, new);
    let log = std::fs::read_to_string(scene.server.log_file()).expect("a log");
    assert!(log.contains("ALTER ROLE CURRENT_USER PASSWORD"), "the log holds every statement");
    assert!(!log.contains(&new), "and never the password");
}

#[tokio::test]
async fn a_rotation_that_broke_off_after_the_database_took_the_password_is_mended_by_the_next() {
    let scene = Scene::new().await;
    let (one, two) = (token(1), token(2));
    scene.begin(&one).await;
    for step in &STEPS[..2] {
        scene.step(step, &one).await.expect(step);
    }
    scene.step("setSecret", &one).await.expect("it is set already");
    let abandoned = scene.password("AWSPENDING").await;
    assert!(scene.opens(&abandoned).await);
    scene.step("finishSecret", &one).await.expect("it ends late");
    scene.begin(&two).await;
    scene.rotate(&two).await;
    let new = scene.password("AWSCURRENT").await;
    assert!(scene.opens(&new).await && !scene.opens(&abandoned).await);
}

#[tokio::test]
async fn a_password_that_does_not_open_the_database_is_never_put_in_use() {
    let scene = Scene::new().await;
    let one = token(1);
    scene.begin(&one).await;
    scene.step("createSecret", &one).await.expect("a new password");
    let error = scene.step("testSecret", &one).await.expect_err("the database has not taken it");
    assert!(matches!(error, KeeperError::NoWriter(_)), "{error}");
    assert_eq!(scene.password("AWSCURRENT").await, FIRST_PASSWORD);
}

/// As Secrets Manager does when a rotation is set that does not begin at once.
#[tokio::test]
async fn a_configuration_is_tested_without_a_new_password_and_changes_nothing() {
    let scene = Scene::new().await;
    let one = token(1);
    scene.begin(&one).await;
    scene.step("testSecret", &one).await.expect("the password in use opens the database");
    for step in ["setSecret", "finishSecret"] {
        let error = scene.step(step, &one).await.expect_err("there is no new password");
        assert!(error.to_string().contains("has no password yet"), "{step}: {error}");
    }
    assert_eq!(scene.password("AWSCURRENT").await, FIRST_PASSWORD);
    assert!(scene.opens(FIRST_PASSWORD).await);
}

#[tokio::test]
async fn other_secrets_and_versions_are_refused() {
    let scene = Scene::new().await;
    let error = scene.step("setSecret", &token(9)).await.expect_err("nobody began it");
    assert!(matches!(error, KeeperError::Version { .. }), "{error}");
    for other in ["secret-of-others", &format!("{}-and-more", scene.stage.secret)] {
        let event = json!({ "Step": "createSecret", "SecretId": other, "ClientRequestToken": token(1) });
        let error = handle(&scene.stage.keeper(), &event).await.expect_err("it is not ours");
        assert!(matches!(error, KeeperError::OtherSecret { .. }), "{error}");
    }
    let error = handle(&scene.stage.keeper(), &json!({ "hello": 1 })).await.expect_err("it is nothing");
    assert!(matches!(error, KeeperError::Event), "{error}");
}
