//! A TCP proxy that behaves like a bad network: it delays, resets, swallows, and refuses.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the network does to connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Faults {
    #[default]
    None,
    /// Every piece of data arrives so much later.
    Latency(Duration),
    /// Connections are accepted and stay open, and nothing passes.
    HalfOpen,
    /// Connections are reset, those that exist and those that are made.
    Reset,
}

/// The proxy. Dropping it closes every connection.
#[derive(Debug)]
pub struct FaultyProxy {
    address: SocketAddr,
    faults: watch::Sender<Faults>,
    target: Arc<Mutex<SocketAddr>>,
    accepting: JoinHandle<()>,
}

impl FaultyProxy {
    /// Listens at a port of its own and passes on to `target`.
    pub async fn start(target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (faults, seen) = watch::channel(Faults::None);
        let target = Arc::new(Mutex::new(target));
        let accepting = tokio::spawn(accept(listener, target.clone(), seen));
        Ok(Self { address, faults, target, accepting })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, faults: Faults) {
        self.faults.send_replace(faults);
    }

    /// New connections go there from now on.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.faults.send_replace(Faults::Reset);
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: Arc<Mutex<SocketAddr>>, faults: watch::Receiver<Faults>) {
    // Connections end with the proxy.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if *faults.borrow() == Faults::Reset {
            reset(&client);
            continue;
        }
        let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
        connections.spawn(carry(client, target, faults.clone()));
    }
}

async fn carry(client: TcpStream, target: SocketAddr, faults: watch::Receiver<Faults>) {
    let Ok(server) = TcpStream::connect(target).await else {
        reset(&client);
        return;
    };
    reset_on_close(&client);
    let mut broken = faults.clone();
    let (client, server) = (client.into_split(), server.into_split());
    tokio::select! {
        () = pass(client.0, server.1, faults.clone()) => {}
        () = pass(server.0, client.1, faults) => {}
        _ = broken.wait_for(|faults| *faults == Faults::Reset) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut faults: watch::Receiver<Faults>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = *faults.borrow();
        match now {
            Faults::Latency(delay) => tokio::time::sleep(delay).await,
            // What was swallowed is lost: the connection never recovers.
            Faults::HalfOpen => {
                let _ = faults.wait_for(|faults| *faults != Faults::HalfOpen).await;
                return;
            }
            Faults::None | Faults::Reset => {}
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

fn reset_on_close(stream: &TcpStream) {
    // Closing without lingering is what sends RST instead of FIN.
    let _ = stream.set_zero_linger();
}

fn reset(stream: &TcpStream) {
    reset_on_close(stream);
}
