use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use faxdroid_local::listener::Listener;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::support::{HOST, World, stacks};

async fn listen(world: &World) -> Listener {
    let any = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    Listener::start(world.edge.clone(), any().await, any().await).unwrap()
}

async fn connect(to: SocketAddr, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

fn tls(listener: &Listener, protocol: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(listener.certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, target: &str) -> String {
    let request = format!("GET {target} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn its_certificate_is_for_the_names_of_the_site() {
    let world = World::start().await;
    let listener = listen(&world).await;
    for name in [HOST, "faxdroid.example"] {
        let stream = connect(listener.https, [127, 0, 0, 1]).await;
        let name = ServerName::try_from(name).unwrap();
        let stream = tls(&listener, "http/1.1").connect(name, stream).await.unwrap();
        assert!(ask(stream, "/").await.starts_with("HTTP/1.1 200 OK"));
    }
    let stream = connect(listener.https, [127, 0, 0, 1]).await;
    assert!(
        tls(&listener, "http/1.1")
            .connect(ServerName::try_from("other.example").unwrap(), stream)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let world = World::start().await;
    let listener = listen(&world).await;
    let stream = connect(listener.https, [127, 0, 0, 1]).await;
    let stream = tls(&listener, "h2").connect(ServerName::try_from(HOST).unwrap(), stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let task = tokio::spawn(connection);
    let request = Request::builder().uri(format!("https://{HOST}/pricing")).body(Body::empty()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    task.abort();
}

#[tokio::test]
async fn plain_http_is_led_to_the_port_of_https() {
    let world = World::with(&stacks(), Some(8443)).await;
    let listener = listen(&world).await;
    let answer = ask(connect(listener.http, [127, 0, 0, 1]).await, "/pricing").await;
    assert!(answer.starts_with("HTTP/1.1 301"), "{answer}");
    assert!(answer.contains("location: https://www.faxdroid.example:8443/pricing"), "{answer}");
}

#[tokio::test]
async fn a_viewer_is_known_by_the_address_that_he_connects_from() {
    let world = World::start().await;
    let listener = listen(&world).await;
    let from = async |address| ask(connect(listener.http, address).await, "/").await;
    assert!(from([127, 0, 0, 1]).await.starts_with("HTTP/1.1 301"));
    // One of the addresses that play a listed bot.
    assert!(from([127, 0, 66, 1]).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn paths_arrive_as_they_were_written() {
    let world = World::start().await;
    let listener = listen(&world).await;
    let answer = ask(connect(listener.http, [127, 0, 0, 1]).await, "//x/../api/v1/nothing").await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("no such endpoint"), "{answer}");
}
