//! Where viewers connect: HTTP and HTTPS, version 1.1 and 2, with a certificate of its own for the distribution's names.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::{EdgeLocation, Protocol, Viewer};

/// A listening edge location. Dropping it ends it, and every connection to it.
#[derive(Debug)]
pub struct Listener {
    pub http: SocketAddr,
    pub https: SocketAddr,
    /// For whoever is to trust it, as PEM.
    pub certificate: String,
    accepting: [JoinHandle<()>; 2],
}

impl Listener {
    /// # Errors
    ///
    /// When an address is taken, or no certificate can be made for the distribution's names.
    pub fn start(edge: Arc<EdgeLocation>, http: TcpListener, https: TcpListener) -> io::Result<Self> {
        let (tls, certificate) = certificate(edge.distribution.aliases.clone())?;
        let addresses = (http.local_addr()?, https.local_addr()?);
        Ok(Self {
            http: addresses.0,
            https: addresses.1,
            certificate,
            accepting: [
                tokio::spawn(accept_plain(edge.clone(), http)),
                tokio::spawn(accept_tls(edge, https, TlsAcceptor::from(Arc::new(tls)))),
            ],
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        for task in &self.accepting {
            task.abort();
        }
    }
}

fn certificate(names: Vec<String>) -> io::Result<(ServerConfig, String)> {
    let signed = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((config, signed.cert.pem()))
}

async fn accept_plain(edge: Arc<EdgeLocation>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let viewer = Viewer { address: peer.ip(), protocol: Protocol::Http };
        connections.spawn(serve(edge.clone(), viewer, stream));
    }
}

async fn accept_tls(edge: Arc<EdgeLocation>, listener: TcpListener, acceptor: TlsAcceptor) {
    let mut connections = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let viewer = Viewer { address: peer.ip(), protocol: Protocol::Https };
        let (edge, acceptor) = (edge.clone(), acceptor.clone());
        connections.spawn(async move {
            // Who speaks no TLS is not answered.
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(edge, viewer, stream).await;
            }
        });
    }
}

async fn serve(
    edge: Arc<EdgeLocation>,
    viewer: Viewer,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let edge = edge.clone();
        async move { Ok::<_, Infallible>(edge.answer(viewer, request.map(Body::new)).await) }
    });
    // A viewer that goes away in the middle is no failure of ours.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}
