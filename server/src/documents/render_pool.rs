//! Conversions in processes of their own.
//!
//! A worker is this very program in its role `render`: it gives up files, network and processes, takes one job, and
//! ends. Workers wait ready for their job, so that a conversion does not wait for a process. What goes wrong in one, be
//! it a crash, a runaway or a bomb, costs that one conversion a clear error; the next job finds another worker. The environment
//! of the server, with its secrets, does not reach them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faxdroid_document::worker::{Job, JobFile, MAX_REPLY_BYTES, Reply};
use faxdroid_document::{ConvertedPage, CoverPage, DocumentError, FaxWriter, Limits, Resolution};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, mpsc};

use super::uploads::{UploadedFile, Uploads};
use crate::config::Documents as Settings;

/// The file that runs, even when another has been put in its place since (proc(5)): both sides speak the same language.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// What is started to do a part of a conversion.
pub(super) fn own_program(settings: &Settings) -> PathBuf {
    let this = settings.renderer.as_os_str().is_empty();
    if this { PathBuf::from(THIS_PROGRAM) } else { settings.renderer.clone() }
}

/// Why a conversion gave no pages.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The conversion asked for more time or memory than one is given.
    #[error("the document is too complex: {reason}")]
    TooComplex { reason: &'static str },
    /// The worker fell over the document.
    #[error("the worker ended with {status}")]
    Crashed { status: ExitStatus },
    #[error("no worker could be started")]
    NoWorker(#[source] io::Error),
    #[error("the pages could not be kept")]
    NotKept(#[source] io::Error),
}

/// Pages that were made and not yet written. A page of the worst pixels has some megabytes.
const PAGES_WAITING: usize = 2;

/// The pages of a conversion.
#[derive(Debug)]
pub struct Converted {
    /// As documents are kept; see [`FaxWriter`].
    pub tiff: File,
    pub pages: u32,
    /// Bytes of T.6 of all pages.
    pub fine_bytes: u64,
    pub standard_bytes: u64,
}

/// The workers of a server.
#[derive(Clone)]
pub struct RenderPool {
    program: PathBuf,
    arguments: [String; 5],
    time_limit: Duration,
    turns: Arc<Semaphore>,
    ready: Arc<Mutex<Vec<Child>>>,
}

impl RenderPool {
    /// Workers of the program and with the limits that the settings name.
    pub fn new(settings: &Settings) -> Self {
        Self {
            program: own_program(settings),
            arguments: [
                "render".to_owned(),
                "--memory-mib".to_owned(),
                settings.memory_mib.to_string(),
                "--cpu-seconds".to_owned(),
                settings.cpu_limit.as_secs().max(1).to_string(),
            ],
            time_limit: settings.time_limit,
            turns: Arc::new(Semaphore::new(settings.conversions)),
            ready: Arc::default(),
        }
    }

    /// Converts `files` to one fax, `cover` before it. The pages are kept among `uploads` as they come, so that memory does not
    /// grow with them.
    pub async fn convert(
        &self,
        files: &mut [UploadedFile],
        cover: Option<&CoverPage>,
        limits: Limits,
        uploads: &Uploads,
    ) -> Result<Converted, RenderError> {
        let tiff = uploads.unnamed().await.map_err(RenderError::NotKept)?;
        let (pages, made) = mpsc::channel(PAGES_WAITING);
        let writing = tokio::task::spawn_blocking(move || write(made, tiff));
        self.make(files, cover, limits, pages).await?;
        writing.await.map_err(io::Error::other).flatten().map_err(RenderError::NotKept)
    }

    async fn make(
        &self,
        files: &mut [UploadedFile],
        cover: Option<&CoverPage>,
        limits: Limits,
        pages: mpsc::Sender<ConvertedPage>,
    ) -> Result<(), RenderError> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        let names = files.iter();
        let names = names.map(|file| JobFile { name: file.name.clone(), bytes: file.bytes() });
        let job = Job { files: names.collect(), limits, cover: cover.cloned() };
        let opening = job.message().map_err(RenderError::NoWorker)?;
        let mut worker = self.worker()?;
        // Another one for whoever comes next, also when this conversion is given up.
        let conversion = self.run(&mut worker, &opening, files, (limits, pages));
        let result = tokio::time::timeout(self.time_limit, conversion).await;
        self.prepare();
        match result {
            Ok(result) => result,
            Err(_elapsed) => {
                // The drop kills it too; this waits until its memory is free.
                let _ended = worker.kill().await;
                Err(RenderError::TooComplex { reason: "time" })
            }
        }
    }

    async fn run(
        &self,
        worker: &mut Child,
        opening: &[u8],
        files: &mut [UploadedFile],
        (limits, pages): (Limits, mpsc::Sender<ConvertedPage>),
    ) -> Result<(), RenderError> {
        let missing = || RenderError::NoWorker(io::Error::other("a worker without pipes"));
        let mut input = worker.stdin.take().ok_or_else(missing)?;
        let mut output = worker.stdout.take().ok_or_else(missing)?;
        if let Err(error) = say(&mut input, opening, files).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "render_job_not_taken");
            return Err(died(worker).await);
        }
        drop(input);
        let mut made = 0;
        loop {
            match hear(&mut output).await {
                Ok(Reply::Page(page)) => {
                    made += 1;
                    // The worker counts too, without the cover page; this one is not in the hands of a decoder.
                    if made > limits.max_pages + 1 {
                        return Err(DocumentError::TooManyPages { limit: limits.max_pages }.into());
                    }
                    if pages.send(page).await.is_err() {
                        // Whoever writes them says why he stopped.
                        return Ok(());
                    }
                }
                Ok(Reply::Refused(error)) => return Err(error.into()),
                Ok(Reply::Done) => return Ok(()),
                Err(_broken) => return Err(died(worker).await),
            }
        }
    }

    fn worker(&self) -> Result<Child, RenderError> {
        loop {
            let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut worker) = ready else { return self.start().map_err(RenderError::NoWorker) };
            // One that died while it waited is let go.
            if let Ok(None) = worker.try_wait() {
                return Ok(worker);
            }
        }
    }

    fn prepare(&self) {
        match self.start() {
            Ok(worker) => self.ready.lock().unwrap_or_else(PoisonError::into_inner).push(worker),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "render_worker_not_started")
            }
        }
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Writes pages as they come, until no more come.
fn write(mut made: mpsc::Receiver<ConvertedPage>, tiff: File) -> io::Result<Converted> {
    let (mut pages, mut fine_bytes, mut standard_bytes) = (0, 0, 0);
    let mut output = BufWriter::new(&tiff);
    let mut writer = FaxWriter::new(&mut output, Resolution::Fine)?;
    while let Some(ConvertedPage { page, standard_bytes: standard }) = made.blocking_recv() {
        writer.add(&page)?;
        pages += 1;
        fine_bytes += page.encoded_len() as u64;
        standard_bytes += u64::from(standard);
    }
    output.flush()?;
    drop(output);
    Ok(Converted { tiff, pages, fine_bytes, standard_bytes })
}

async fn say(
    input: &mut (impl AsyncWriteExt + Unpin),
    opening: &[u8],
    files: &mut [UploadedFile],
) -> io::Result<()> {
    input.write_all(opening).await?;
    for file in files {
        file.copy_to(input).await?;
    }
    input.flush().await
}

async fn hear(output: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Reply> {
    let length = output.read_u32().await? as usize;
    if length > MAX_REPLY_BYTES {
        return Err(io::Error::other("a message too long"));
    }
    let mut message = vec![0; length];
    output.read_exact(&mut message).await?;
    Reply::read(&message)
}

/// A worker that stopped in the middle of a sentence.
async fn died(worker: &mut Child) -> RenderError {
    // It may have said nonsense and live on.
    let _killed = worker.start_kill();
    match worker.wait().await {
        Ok(status) => match status.signal() {
            // The kernel ends what used up its time. Rust aborts when memory is refused and when a stack is full.
            Some(libc::SIGXCPU | libc::SIGKILL) => RenderError::TooComplex { reason: "processor time" },
            Some(libc::SIGABRT) => RenderError::TooComplex { reason: "memory" },
            _ => RenderError::Crashed { status },
        },
        Err(error) => RenderError::NoWorker(error),
    }
}
