//! `faxdroid`: what an operator and Jenkins deploy an environment with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use faxdroid_evaluator::{Environment, allow_list};

mod aws;
mod delivery;
mod release;
mod stacks;
mod words;

use delivery::Packages;
use release::content::Built;
use release::run::Site;
use stacks::{Deployment, Replacement};

/// Plans and deploys the stacks of FaxDroid. Templates and parameters are in infra/.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder with templates/ and parameters/.
    #[arg(long, global = true, default_value = "infra")]
    infra: PathBuf,
    /// Take this role instead of the environment's deployer.
    #[arg(long, global = true, value_name = "ARN")]
    role: Option<String>,
    /// Use the credentials at hand instead of taking a role: for the layer access, and for tests.
    #[arg(long, global = true, conflicts_with = "role")]
    as_myself: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what a deployment would change; what is replaced is loud. Changes nothing.
    Plan(Target),
    /// Deploys every stack in order, or one.
    Deploy {
        #[command(flatten)]
        target: Target,
        /// Replace and remove resources of protected stacks too: their data and their addresses go with them.
        #[arg(long)]
        allow_replacement: bool,
        /// What script/package has made there: the packages are uploaded, and after the stacks the site is released. Where
        /// anything fails, all is as it was before.
        #[arg(long, value_name = "FOLDER", conflicts_with_all = ["stack", "set"])]
        packages: Option<PathBuf>,
        /// Run this when all is deployed; where it fails, every stack gets back what it had.
        #[arg(long, value_name = "COMMAND")]
        check: Option<String>,
    },
    /// Says how every stack is.
    Status { environment: String },
    /// Deletes one stack, for ever. Databases leave a snapshot, buckets stay.
    Destroy {
        environment: String,
        stack: String,
        /// The stack's full name, so that nobody deletes by mistake.
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
    /// Resolves all templates and lists the resources; needs no AWS.
    Resolve(Target),
    /// Releases the site: uploads what is new, has it rendered, and lets the caches forget what changed.
    Release {
        environment: String,
        /// The release's name, such as 1.2.3; the same name for the same content.
        id: String,
        #[command(flatten)]
        built: BuiltArguments,
        /// Says what would be done, and does nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Lists the releases that can be rolled back to.
    Releases { environment: String },
    /// Serves an earlier release again: the one named, or the one before this one.
    Rollback { environment: String, id: Option<String> },
    /// Deletes releases that are older than a set time, and files that no other release needs.
    Prune {
        environment: String,
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        older_than: u64,
        /// Says what would be deleted, and deletes nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Writes the supported endpoints of an OpenAPI document into templates/edge.yaml.
    AllowList { openapi: PathBuf },
}

/// Where the builds are.
#[derive(Debug, clap::Args)]
struct BuiltArguments {
    /// Where Cargo builds: what is not named below is looked for there.
    #[arg(long, env = "CARGO_TARGET_DIR", default_value = "target")]
    target: PathBuf,
    /// What cargo leptos has made.
    #[arg(long, default_value = "target/site")]
    site: PathBuf,
    /// What script/fallback has made.
    #[arg(long)]
    fallback: Option<PathBuf>,
    /// The renderer's package.
    #[arg(long)]
    package: Option<PathBuf>,
    /// The pages that were rendered with it.
    #[arg(long)]
    pages: Option<PathBuf>,
}

impl BuiltArguments {
    fn built(&self) -> Built {
        let named = |path: &Option<PathBuf>, usual| path.clone().unwrap_or_else(|| self.target.join(usual));
        Built {
            site: self.site.clone(),
            fallback: named(&self.fallback, "fallback"),
            package: named(&self.package, "edge/faxdroid-edge.zip"),
            pages: named(&self.pages, "edge/pages.json"),
        }
    }
}

#[derive(Debug, clap::Args)]
struct Target {
    /// qa, prod or ci.
    environment: String,
    /// One layer, such as services; all of them when it is left out.
    stack: Option<String>,
    /// What the release is made of: Release=1.2.3, ServerPackageSha256=… Left out, a stack keeps what it has.
    #[arg(long = "set", value_name = "PARAMETER=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("wants PARAMETER=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faxdroid: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let read = |name: &str, set: &[(String, String)]| {
        let set: BTreeMap<String, String> = set.iter().cloned().collect();
        Environment::read(&arguments.infra, name, &set)
    };
    let deployment = |environment: Environment| {
        let role = match (&arguments.role, arguments.as_myself) {
            (_, true) => None,
            (Some(role), _) => Some(role.clone()),
            (None, false) => Some(stacks::deployer(&environment)),
        };
        Deployment::new(environment, role)
    };
    match &arguments.command {
        Command::Plan(target) => {
            deployment(read(&target.environment, &target.set)?).plan(target.stack.as_deref()).await
        }
        Command::Deploy { target, packages, allow_replacement, check } => {
            let allowed = if *allow_replacement { Replacement::Allowed } else { Replacement::Refused };
            let deployment = deployment(read(&target.environment, &target.set)?);
            match packages {
                Some(folder) => {
                    delivery::deliver(deployment, &Packages::read(folder)?, allowed, check.as_deref()).await
                }
                None => deployment.deploy(target.stack.as_deref(), allowed, check.as_deref()).await,
            }
        }
        Command::Status { environment } => deployment(read(environment, &[])?).status().await,
        Command::Destroy { environment, stack, confirm } => {
            deployment(read(environment, &[])?).destroy(stack, confirm).await
        }
        Command::Resolve(target) => {
            resolve(&read(&target.environment, &target.set)?, target.stack.as_deref())
        }
        Command::Release { environment, id, built, dry_run } => {
            let built = built.built();
            let deployment = deployment(read(environment, &[])?);
            if *dry_run {
                return Site::of(deployment).await?.plan(id, &built).await;
            }
            Site::found(deployment, id, &built).await?.release(id, &built).await
        }
        Command::Releases { environment } => {
            Site::of(deployment(read(environment, &[])?)).await?.list().await
        }
        Command::Rollback { environment, id } => {
            Site::of(deployment(read(environment, &[])?)).await?.roll_back(id.as_deref()).await
        }
        Command::Prune { environment, older_than, dry_run } => {
            let age = Duration::from_secs(older_than * 24 * 60 * 60);
            Site::of(deployment(read(environment, &[])?)).await?.prune(age, !dry_run).await
        }
        Command::AllowList { openapi } => write_allow_list(&arguments.infra, openapi),
    }
}

fn resolve(environment: &Environment, only: Option<&str>) -> anyhow::Result<()> {
    for stack in environment.evaluate()? {
        if only.is_some_and(|only| only != stack.name) {
            continue;
        }
        println!("{} ({})", environment.stack_name(&stack.name), stack.region);
        for (name, resource) in &stack.resources {
            println!("  {name}: {}\n    {}", resource.kind, resource.properties);
        }
    }
    Ok(())
}

fn write_allow_list(infra: &std::path::Path, openapi: &std::path::Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(openapi).with_context(|| format!("{}", openapi.display()))?;
    let document =
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", openapi.display()))?;
    let path = infra.join("templates/edge.yaml");
    let template = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let (begin, end) = ("  # allow-list begins\n", "  # allow-list ends\n");
    let Some((before, (_, after))) =
        template.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?)))
    else {
        bail!("{} has no lines \"# allow-list begins\" and \"# allow-list ends\"", path.display());
    };
    let resources = allow_list::resources(&document)?;
    std::fs::write(&path, format!("{before}{begin}{resources}{end}{after}"))
        .with_context(|| format!("{}", path.display()))
}
