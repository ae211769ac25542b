//! Office documents become PDF in LibreOffice, before the renderer takes them.
//!
//! It is started for every document anew, by this very program in its role `office`, which gives up what a customer's file has
//! no business with and then becomes LibreOffice. The folder that it may write in goes with it, and its PDF is as hostile
//! as the document was.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use faxdroid_document::OfficeFormat;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::render_pool::own_program;
use super::uploads::{UploadedFile, Uploads};
use crate::config::Documents as Settings;

/// LibreOffice's own name for `start me again`: it has made its profile.
const START_AGAIN: i32 = 81;
const STARTS: u32 = 2;
const PROFILE: &str = "profile";
/// No macro runs, and no address in a document is asked.
const PROFILE_SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"#;
const CHUNK: usize = 64 * 1024;

/// Why an office document did not become a PDF.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// There is no LibreOffice on this machine.
    #[error("{} is not installed", .program.display())]
    Missing { program: PathBuf },
    /// It took more time, memory or disk than one document is given.
    #[error("the office document is too complex: {reason}")]
    TooComplex { reason: &'static str },
    /// LibreOffice could make nothing of it.
    #[error("the office document became no PDF: {status}")]
    Unreadable { status: ExitStatus },
    #[error("LibreOffice could not be started")]
    NotStarted(#[from] io::Error),
}

/// The office program of a server.
#[derive(Debug, Clone)]
pub struct Office {
    launcher: PathBuf,
    program: PathBuf,
    memory_mib: u64,
    cpu_limit: Duration,
    time_limit: Duration,
    turns: Arc<Semaphore>,
}

impl Office {
    pub fn new(settings: &Settings) -> Self {
        Self {
            launcher: own_program(settings),
            program: settings.office.clone(),
            memory_mib: settings.memory_mib,
            cpu_limit: settings.cpu_limit,
            time_limit: settings.time_limit,
            turns: Arc::new(Semaphore::new(settings.conversions)),
        }
    }

    /// Makes a PDF of `file`, among `uploads` and of the same name.
    pub async fn pdf(
        &self,
        file: &mut UploadedFile,
        format: OfficeFormat,
        uploads: &Uploads,
    ) -> Result<UploadedFile, OfficeError> {
        if !tokio::fs::try_exists(&self.program).await? {
            return Err(OfficeError::Missing { program: self.program.clone() });
        }
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        let folder = uploads.folder().await?;
        let document = folder.path().join("document").with_extension(format.extension());
        let mut copy = File::create(&document).await?;
        file.copy_to(&mut copy).await?;
        copy.flush().await?;
        let profile = folder.path().join(PROFILE).join("user");
        tokio::fs::create_dir_all(&profile).await?;
        tokio::fs::write(profile.join("registrymodifications.xcu"), PROFILE_SETTINGS).await?;

        let status = self.run(folder.path(), &document).await?;
        match self.taken(&document.with_extension("pdf"), &file.name, uploads).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(reason(status)),
            taken => Ok(taken?),
        }
    }

    async fn run(&self, folder: &Path, document: &Path) -> Result<ExitStatus, OfficeError> {
        let deadline = Instant::now() + self.time_limit;
        let mut starts = 0;
        loop {
            let mut office = self.command(folder, document).spawn()?;
            let Ok(ended) = timeout_at(deadline, office.wait()).await else {
                // It has to be gone before its folder is.
                office.kill().await?;
                return Err(OfficeError::TooComplex { reason: "time" });
            };
            let status = ended?;
            starts += 1;
            if status.code() != Some(START_AGAIN) || starts == STARTS {
                return Ok(status);
            }
        }
    }

    fn command(&self, folder: &Path, document: &Path) -> Command {
        let mut command = Command::new(&self.launcher);
        command
            .arg("office")
            .args(["--memory-mib", &self.memory_mib.to_string()])
            .args(["--cpu-seconds", &self.cpu_limit.as_secs().max(1).to_string()])
            .arg(&self.program)
            .arg(folder)
            .arg(document)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The PDF as if it had been uploaded. It is no link to anything else, whatever became of the program that wrote it.
    async fn taken(&self, pdf: &Path, name: &str, uploads: &Uploads) -> io::Result<UploadedFile> {
        let mut pdf = File::from_std(OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(pdf)?);
        if !pdf.metadata().await?.is_file() {
            return Err(io::Error::other("no file"));
        }
        let mut file = uploads.begin(name.to_owned()).await?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = pdf.read(&mut chunk).await?;
            if length == 0 {
                return Ok(file);
            }
            file.append(&chunk[..length]).await?;
        }
    }
}

/// Becomes `program`, which makes a PDF of `document` beside it; to be called in a process that is confined.
pub fn become_office(program: &Path, folder: &Path, document: &Path) -> io::Error {
    std::process::Command::new(program)
        .args(["--headless", "--norestore", "--nologo"])
        .arg(format!("-env:UserInstallation=file://{}", folder.join(PROFILE).display()))
        .args(["--convert-to", "pdf", "--outdir"])
        .arg(folder)
        .arg(document)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("LC_ALL", "C.UTF-8")
        .env("SAL_USE_VCLPLUGIN", "svp")
        .exec()
}

fn reason(status: ExitStatus) -> OfficeError {
    match status.signal() {
        Some(libc::SIGXCPU | libc::SIGKILL) => OfficeError::TooComplex { reason: "processor time" },
        Some(libc::SIGXFSZ) => OfficeError::TooComplex { reason: "disk" },
        _ => OfficeError::Unreadable { status },
    }
}
