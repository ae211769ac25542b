//! A load balancer: connections go in turn to the servers whose health check answers 200, as those of an AWS target
//! group do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

const BETWEEN_CHECKS: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Target {
    address: SocketAddr,
    healthy: AtomicBool,
}

/// The load balancer. Dropping it ends it.
#[derive(Debug)]
pub struct LoadBalancer {
    address: SocketAddr,
    targets: Vec<Arc<Target>>,
    task: JoinHandle<()>,
}

impl LoadBalancer {
    /// Listens at a port of its own and asks every target for `health` all the time.
    pub async fn start(targets: Vec<SocketAddr>, health: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let target = |address| Arc::new(Target { address, healthy: AtomicBool::new(false) });
        let targets: Vec<_> = targets.into_iter().map(target).collect();
        let task = tokio::spawn(run(listener, targets.clone(), health.to_owned()));
        Ok(Self { address, targets, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends when connections go to every target.
    pub async fn until_healthy(&self) {
        while !self.targets.iter().all(|target| target.healthy.load(Ordering::SeqCst)) {
            tokio::time::sleep(BETWEEN_CHECKS).await;
        }
    }
}

impl Drop for LoadBalancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(listener: TcpListener, targets: Vec<Arc<Target>>, health: String) {
    let mut tasks = JoinSet::new();
    for target in &targets {
        tasks.spawn(check(target.clone(), health.clone()));
    }
    let turn = AtomicUsize::new(0);
    while let Ok((client, _)) = listener.accept().await {
        while tasks.try_join_next().is_some() {}
        let first = turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..targets.len()).map(|offset| targets[(first + offset) % targets.len()].clone());
        tasks.spawn(carry(client, in_turn.collect()));
    }
}

/// A connection without a healthy server behind it is closed.
async fn carry(mut client: TcpStream, targets: Vec<Arc<Target>>) {
    for target in targets.iter().filter(|target| target.healthy.load(Ordering::SeqCst)) {
        if let Ok(mut server) = TcpStream::connect(target.address).await {
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

async fn check(target: Arc<Target>, health: String) {
    loop {
        let answered = tokio::time::timeout(PATIENCE, is_healthy(target.address, &health)).await;
        target.healthy.store(matches!(answered, Ok(Ok(true))), Ordering::SeqCst);
        tokio::time::sleep(BETWEEN_CHECKS).await;
    }
}

async fn is_healthy(address: SocketAddr, health: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {health} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}
