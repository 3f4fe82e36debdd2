//! Goal: the database's control plane and its connections go where the stand-in is.
//! Method: servers that say which one they are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use drill::gateway::{DatabaseApi, Fault};
use recovery::Region;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::pair::{Pair, call, home, standby};

struct Api;

#[async_trait::async_trait]
impl DatabaseApi for Api {
    async fn call(&self, region: &Region, form: &[u8]) -> (u16, String) {
        (200, format!("<{region}>{}", String::from_utf8_lossy(form)))
    }
}

#[tokio::test]
async fn database_calls_go_to_the_stand_in() {
    let pair = Pair::echoing(61).await;
    let at = pair.at(2, pair.ports.aws);
    let form = "Action=DescribeGlobalClusters";
    assert_eq!(call(at, &standby(), "rds", "", form).await.expect("an answer").0, 503);
    pair.gateway.answer_database_calls(Arc::new(Api));
    let answer = call(at, &standby(), "rds", "", form).await.expect("an answer");
    assert_eq!(answer, (200, format!("<us-east-2>{form}")));
}

/// A server that answers every byte with its own, and that byte.
async fn database(own: u8) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while let Ok(byte) = stream.read_u8().await {
                    if stream.write_all(&[own, byte]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, serving)
}

#[tokio::test]
async fn the_database_face_leads_where_it_is_told_and_freezes() {
    let pair = Pair::echoing(62).await;
    let at = pair.at(1, pair.ports.db);
    let mut nowhere = TcpStream::connect(at).await.expect("the region lives");
    assert!(nowhere.read_u8().await.is_err(), "it leads nowhere yet");
    let ((first, serving_first), (second, serving_second)) = (database(b'1').await, database(b'2').await);
    let exchange = async |stream: &mut TcpStream| {
        stream.write_all(b"x").await?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await.map(|_| answer[0])
    };
    pair.gateway.lead_database(&home(), Some(first));
    let mut stream = TcpStream::connect(at).await.expect("the region lives");
    assert_eq!(exchange(&mut stream).await.expect("an answer"), b'1');

    pair.faults.inject(&Fault::Freeze { region: home() });
    let held = tokio::time::timeout(Duration::from_millis(300), exchange(&mut stream)).await;
    assert!(held.is_err(), "a frozen region must not answer");
    pair.faults.lift(&Fault::Freeze { region: home() });
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.expect("what was held arrives");

    pair.gateway.lead_database(&home(), Some(second));
    assert!(stream.read_u8().await.is_err(), "a connection to the old server must not live on");
    let mut stream = TcpStream::connect(pair.at(2, pair.ports.peer_db)).await.expect("standby lives");
    assert_eq!(exchange(&mut stream).await.expect("an answer"), b'2');
    serving_first.abort();
    serving_second.abort();
}
