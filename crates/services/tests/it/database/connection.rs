//! Goal: connections are bounded in time, live through broken ones, and give no secret away.
//! Method: real PostgreSQL, and servers that answer nothing, or only ask for the password.

use std::time::{Duration, Instant};

use services::database::{Database, DatabaseError, Target};
use services::settings::Endpoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::server::{aws, eventually, migrated};

async fn pid(database: &Database) -> i32 {
    let connection = database.connect().await.expect("the server accepts");
    connection.query_one("SELECT pg_backend_pid()", &[]).await.expect("it answers").get(0)
}

#[tokio::test]
async fn a_connection_is_kept_until_it_breaks_and_then_made_again() {
    let scratch = migrated().await;
    let database = scratch.database().await;
    let first = pid(&database).await;
    assert_eq!(pid(&database).await, first);

    let administrator = scratch.administrator().await;
    administrator.execute("SELECT pg_terminate_backend($1)", &[&first]).await.expect("it may");
    let second = pid(&database).await;
    assert_ne!(second, first);

    database.connect().await.expect("it is kept").discard();
    assert_ne!(pid(&database).await, second);
}

#[tokio::test]
async fn a_caller_that_gives_up_in_a_transaction_leaves_a_usable_database() {
    let scratch = migrated().await;
    let database = scratch.database().await;
    let abandoned = async {
        let mut connection = database.connect().await.expect("the server accepts");
        let transaction = connection.transaction().await.expect("a transaction starts");
        transaction.batch_execute("UPDATE fence SET epoch = 9").await.expect("the fence is there");
        transaction.batch_execute("SELECT pg_sleep(60)").await.expect("it is never waited for");
    };
    tokio::time::timeout(Duration::from_millis(300), abandoned).await.expect_err("it sleeps for longer");
    let connection = database.connect().await.expect("there is a connection, kept or new");
    let epoch: i64 = connection.query_one("SELECT epoch FROM fence", &[]).await.expect("it answers").get(0);
    assert_eq!(epoch, 1);
}

#[tokio::test]
async fn the_server_knows_the_application_and_its_limits() {
    let scratch = migrated().await;
    let database = scratch.database().await;
    let connection = database.connect().await.expect("the server accepts");
    let setting = async |name: &str| -> String {
        connection.query_one("SELECT current_setting($1)", &[&name]).await.expect("it answers").get(0)
    };
    assert_eq!(setting("application_name").await, "test");
    assert_eq!(setting("statement_timeout").await, "5s");
    assert_eq!(setting("lock_timeout").await, "4s");
    assert_eq!(setting("idle_in_transaction_session_timeout").await, "3s");
}

async fn database_at(address: std::net::SocketAddr, target: Target) -> Database {
    let endpoint = Endpoint { host: address.ip().to_string(), port: address.port() };
    Database::new(aws().await, Target { endpoint, ..target }).expect("the target is valid")
}

#[tokio::test]
async fn nobody_listening_is_an_error_at_once() {
    let scratch = migrated().await;
    let free =
        TcpListener::bind("127.0.0.1:0").await.expect("there is a port").local_addr().expect("it is bound");
    let database = database_at(free, scratch.target()).await;
    let begun = Instant::now();
    let Err(error) = database.connect().await else { panic!("nobody listens") };
    assert!(matches!(error, DatabaseError::Connect { .. }), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let scratch = migrated().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let database = database_at(silent.local_addr().expect("it is bound"), scratch.target()).await;
    let Err(error) = database.connect().await else { panic!("nobody answers") };
    assert!(matches!(error, DatabaseError::Silent { .. }), "{error:?}");
}

/// Speaks PostgreSQL as far as the password, and then refuses.
async fn password_sent_to(listener: &TcpListener) -> String {
    async fn message(stream: &mut TcpStream) -> Vec<u8> {
        let length = stream.read_u32().await.expect("a length") as usize;
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body).await.expect("a body");
        body
    }
    let (mut stream, _) = listener.accept().await.expect("somebody connects");
    message(&mut stream).await; // asks for TLS
    stream.write_all(b"N").await.expect("it listens");
    message(&mut stream).await; // names user and database
    stream.write_all(b"R\0\0\0\x08\0\0\0\x03").await.expect("it listens"); // a clear-text password
    assert_eq!(stream.read_u8().await.expect("a tag"), b'p');
    let password = message(&mut stream).await;
    let refusal = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0";
    stream.write_u8(b'E').await.expect("it listens");
    stream.write_u32(refusal.len() as u32 + 4).await.expect("it listens");
    stream.write_all(refusal).await.expect("it listens");
    String::from_utf8(password).expect("it is text").trim_end_matches('\0').to_owned()
}

#[tokio::test]
async fn the_password_is_a_token_for_that_database_and_stays_secret() {
    let scratch = migrated().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let database = database_at(address, scratch.target()).await;
    let (outcome, password) = tokio::join!(database.connect(), password_sent_to(&listener));

    assert!(password.starts_with(&format!("{address}/?Action=connect&DBUser=standfast&")), "{password}");
    assert!(password.contains("us-east-1%2Frds-db%2Faws4_request"), "{password}");
    assert!(password.contains("X-Amz-Expires=900"), "{password}");
    let (_, signature) = password.split_once("X-Amz-Signature=").expect("it is signed");
    let Err(error) = outcome else { panic!("the password was refused") };
    for told in [format!("{error}"), format!("{error:?}"), format!("{database:?}")] {
        assert!(!told.contains(signature) && !told.contains("AKIDTEST"), "{told}");
    }
}

#[tokio::test]
async fn names_that_would_break_a_token_are_refused() {
    let scratch = migrated().await;
    let bad_host = Endpoint { host: "host name".to_owned(), port: 1 };
    for target in [
        Target { endpoint: bad_host, ..scratch.target() },
        Target { user: "a&b".to_owned(), ..scratch.target() },
        Target { user: String::new(), ..scratch.target() },
    ] {
        let outcome = Database::new(aws().await, target);
        assert!(matches!(outcome, Err(DatabaseError::Name(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_closed_database_leaves_no_session_behind() {
    let scratch = migrated().await;
    let database = scratch.database().await;
    let pid = pid(&database).await;
    drop(database);
    let administrator = scratch.administrator().await;
    eventually("the session ends", async || {
        let gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";
        administrator.query_one(gone, &[&pid]).await.expect("it answers").get(0)
    })
    .await;
}
