//! A running server: what `faxdroid-server serve` and every test start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::{Config, QueuesKind};
use crate::documents::StoredPages;
use crate::queue::outbox;
use crate::store::Store;
use crate::workers::place_calls::PlaceCalls;
use crate::workers::poller::{Messages, PolledBy};
use crate::workers::{Intervals, Workers};
use crate::{api, dev, internal};

/// Of the outbox at the end of a server.
const OUTBOX_PATIENCE: Duration = Duration::from_secs(5);
/// Requests that take longer at the end of a server are cut off.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);

/// A server that answers. Dropping it ends it at once; [`Server::stop`] ends it well.
pub struct Server {
    app: App,
    address: SocketAddr,
    internal_address: SocketAddr,
    workers: Workers,
    stop: CancellationToken,
    listeners: Vec<JoinHandle<std::io::Result<()>>>,
}

/// Opens the database of `config` and brings its schema up to this release.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let folder = &config.data_dir;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the data directory {} cannot be made", folder.display()))?;
    let database = &config.database;
    let store = match &database.url {
        Some(url) => {
            let reader = database.reader_url.as_ref().map(|url| url.expose());
            Store::open_mysql(url.expose(), reader, database.connections)
        }
        None => Store::open(&folder.join("faxdroid.sqlite")).await,
    };
    let store = store.context("the database cannot be opened")?;
    store.migrate().await.context("the database cannot be brought up to this release")?;
    Ok(store)
}

/// Starts everything: listeners first, then the workers. Port 0 takes any free port.
pub async fn start(config: Config) -> anyhow::Result<Server> {
    let store = open_store(&config).await?;
    let app = App::new(config, store).await?;
    let public = listen(app.config.listen).await?;
    let private = listen(app.config.internal_listen).await?;
    let (address, internal_address) = (public.local_addr()?, private.local_addr()?);
    let stop = CancellationToken::new();
    let listeners = vec![
        serve(public, public_router(&app)?, stop.clone()),
        serve(private, internal::router(app.faxes.clone(), app.draining.clone()), stop.clone()),
    ];
    let workers = Workers::start(calls(&app), messages(&app), intervals(&app.config));
    workers.keep_house(app.clone(), app.config.workers.sweep);
    tracing::info!(%address, %internal_address, "server_started");
    Ok(Server { app, address, internal_address, workers, stop, listeners })
}

impl Server {
    /// Where customers reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the poller reaches it.
    pub fn internal_address(&self) -> SocketAddr {
        self.internal_address
    }

    /// What it is made of.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Says that it is not ready, places no more calls and waits for those in flight, hands over what they have left in
    /// the outbox, then ends the requests in flight.
    pub async fn stop(mut self, patience: Duration) {
        tracing::info!("server_draining");
        self.app.draining.cancel();
        let notice = tokio::time::sleep(self.app.config.workers.notice);
        tokio::join!(self.workers.stop(patience), notice);
        self.app.line.close().await;
        let relayed = tokio::time::timeout(OUTBOX_PATIENCE, self.drain_outbox()).await;
        if relayed.is_err() {
            tracing::warn!("outbox_not_drained");
        }
        self.stop.cancel();
        for listener in &mut self.listeners {
            if tokio::time::timeout(REQUEST_PATIENCE, &mut *listener).await.is_err() {
                tracing::warn!("requests_cut_off");
                listener.abort();
            }
        }
        tracing::info!("server_stopped");
    }

    /// Another server hands over what is left behind; it only comes later.
    async fn drain_outbox(&self) {
        loop {
            match outbox::relay(&self.app.store, self.app.queue.as_ref(), None).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "outbox_not_drained");
                    return;
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("nothing can listen at {address}"))
}

fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> JoinHandle<std::io::Result<()>> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
    tokio::spawn(server.into_future())
}

fn public_router(app: &App) -> anyhow::Result<Router> {
    let router = api::router(app.clone()).merge(dev::router(app.clone()));
    #[cfg(feature = "site")]
    if app.config.site.serve {
        return Ok(router.fallback_service(crate::site::router(&app.config, &api::openapi_json()?)));
    }
    Ok(router)
}

fn calls(app: &App) -> PlaceCalls {
    PlaceCalls {
        faxes: app.faxes.clone(),
        line: app.line.clone(),
        pages: Arc::new(StoredPages::new(app.documents.clone())),
        instance: app.clock.new_ulid(),
        lease: app.config.workers.lease,
        concurrency: app.config.line.concurrency,
    }
}

fn messages(app: &App) -> Messages {
    let polled_by = match app.config.queues.kind {
        QueuesKind::Table => PolledBy::ThisServer,
        QueuesKind::Sqs => PolledBy::Lambda,
    };
    let (faxes, queue, locks) = (app.faxes.clone(), app.queue.clone(), app.locks.clone());
    Messages { faxes, queue, locks, polled_by }
}

fn intervals(config: &Config) -> Intervals {
    let workers = &config.workers;
    Intervals { poll: workers.poll, sweep: workers.sweep, lost_after: workers.lost_after }
}
