//! The stacks of an environment in AWS: planned by change sets, deployed in order, deleted one at a time.
//!
//! A stack is only ever changed by executing a change set, so that a deployment does what a plan says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use aws_sdk_cloudformation::error::DisplayErrorContext;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, Parameter, ResourceChange, Stack, StackStatus,
};
use aws_sdk_cloudformation::{Client, error::ProvideErrorMetadata};
use faxdroid_evaluator::{Environment, Layer};
use serde_json::Value;

use crate::aws::{self, Role};
use crate::words;

const POLL: Duration = Duration::from_secs(2);
/// A distribution is changed within some minutes.
const SETTLES_WITHIN: Duration = Duration::from_secs(30 * 60);
/// "AWS CloudFormation quotas": a template in a request.
const LARGEST_TEMPLATE: usize = 51_200;

/// The role that is taken where none is named.
pub(crate) fn deployer(environment: &Environment) -> String {
    format!("arn:aws:iam::{}:role/faxdroid-{}-deployer", environment.account, environment.name)
}

/// Whether a deployment may replace or remove what a protected stack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replacement {
    Refused,
    Allowed,
}

#[derive(Clone)]
pub(crate) struct Deployment {
    environment: Environment,
    role: Option<Role>,
}

struct ChangeSet {
    id: String,
    changes: Vec<ResourceChange>,
    creates: bool,
}

impl Deployment {
    pub(crate) fn new(environment: Environment, role: Option<String>) -> Self {
        let external_id = environment.parameters.get("DeployerExternalId").map(text).unwrap_or_default();
        Self { role: role.map(|arn| Role { arn, external_id }), environment }
    }

    pub(crate) fn role(&self) -> Option<&Role> {
        self.role.as_ref()
    }

    /// The names of the stacks, in the order in which they are deployed.
    pub(crate) fn stacks(&self) -> Vec<String> {
        self.environment.layers.iter().map(|layer| layer.name.clone()).collect()
    }

    pub(crate) fn region(&self, stack: &str) -> anyhow::Result<&str> {
        Ok(&self.layers(Some(stack))?.remove(0).region)
    }

    /// The same with these parameters.
    pub(crate) fn with(&self, parameters: &BTreeMap<String, String>) -> Self {
        let mut with = self.clone();
        let given = parameters.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
        with.environment.parameters.extend(given);
        with
    }

    pub(crate) async fn exists(&self, layer: &str) -> anyhow::Result<bool> {
        let layer = self.layers(Some(layer))?.remove(0);
        let stack = describe(&self.client(layer).await, &self.environment.stack_name(&layer.name)).await?;
        Ok(stack.is_some_and(|stack| stack.stack_status() != Some(&StackStatus::ReviewInProgress)))
    }

    /// Returns when nothing changes the stack any more. CloudFormation goes on when whoever asked it has died.
    async fn settled(&self, layer: &str) -> anyhow::Result<()> {
        let layer = self.layers(Some(layer))?.remove(0);
        let (client, name) = (self.client(layer).await, self.environment.stack_name(&layer.name));
        let begin = Instant::now();
        while let Some(stack) = describe(&client, &name).await?
            && let Some(status) = stack.stack_status()
            && status.as_str().ends_with("_IN_PROGRESS")
            && status != &StackStatus::ReviewInProgress
        {
            if begin.elapsed() > SETTLES_WITHIN {
                bail!("{name} is still {} after {SETTLES_WITHIN:?}", status.as_str());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Has the distribution run the package of this release, after whatever an earlier run has begun.
    pub(crate) async fn deploy_renderer(&self, release: &str, sha256: &str) -> anyhow::Result<()> {
        self.settled("edge").await?;
        let package = [("Release", release), ("EdgePackageSha256", sha256)];
        let package = package.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.with(&package.into()).deploy(Some("edge"), Replacement::Refused, None).await
    }

    pub(crate) async fn plan(&self, only: Option<&str>) -> anyhow::Result<()> {
        let mut to_be_created = Vec::new();
        for layer in self.layers(only)? {
            let client = self.client(layer).await;
            let name = self.environment.stack_name(&layer.name);
            match self.change_set(&client, layer).await {
                Ok(Some(set)) => {
                    println!("{name}: {}", if set.creates { "to be created" } else { "to be changed" });
                    set.changes.iter().for_each(|change| println!("{}", words::line(change)));
                    self.discard(&client, &name, &set).await?;
                    if set.creates {
                        to_be_created.push(name);
                    }
                }
                Ok(None) => println!("{name}: nothing to change"),
                // It may ask for what a stack before it will export.
                Err(error) if !to_be_created.is_empty() => {
                    println!("{name}: can be planned after {} is there: {error:#}", to_be_created.join(", "));
                }
                Err(error) => return Err(error.context(name)),
            }
        }
        Ok(())
    }

    /// Where the `command` that [checks](check) the deployed environment fails, every stack gets back what it had.
    pub(crate) async fn deploy(
        &self,
        only: Option<&str>,
        allowed: Replacement,
        command: Option<&str>,
    ) -> anyhow::Result<()> {
        let mut changed = Vec::new();
        self.change(only, allowed, &mut changed).await?;
        let Some(command) = command else { return Ok(()) };
        let Err(failure) = check(command).await else { return Ok(()) };
        self.put_back(changed).await?;
        bail!("{failure:#}: what was changed is as it was before")
    }

    /// Replaces or removes resources of a protected stack only when it is `allowed` to: their data goes with them. What was
    /// changed is in `changed`, also when a later stack fails.
    pub(crate) async fn change(
        &self,
        only: Option<&str>,
        allowed: Replacement,
        changed: &mut Vec<Changed>,
    ) -> anyhow::Result<()> {
        for layer in self.layers(only)? {
            let client = self.client(layer).await;
            let name = self.environment.stack_name(&layer.name);
            let before = Before::of(&client, &name).await?;
            let Some(set) = self.change_set(&client, layer).await.with_context(|| name.clone())? else {
                println!("{name}: nothing to change");
                continue;
            };
            println!("{name}: {}", if set.creates { "creating" } else { "changing" });
            set.changes.iter().for_each(|change| println!("{}", words::line(change)));
            if layer.protected && allowed == Replacement::Refused && set.changes.iter().any(words::loses) {
                self.discard(&client, &name, &set).await?;
                bail!(
                    "{name} was not changed: it is protected, and this would replace or remove what is in it. \
                     --allow-replacement does it all the same"
                );
            }
            execute(&client, &name, &set).await?;
            if layer.protected {
                let protect = client.update_termination_protection().stack_name(&name);
                protect.enable_termination_protection(true).send().await.map_err(explained)?;
            }
            changed.extend(before.map(|before| Changed { client, name, before }));
        }
        Ok(())
    }

    /// Gives stacks back what they had, the last one first.
    pub(crate) async fn put_back(&self, changed: Vec<Changed>) -> anyhow::Result<()> {
        for Changed { client, name, before } in changed.into_iter().rev() {
            println!("{name}: rolling back");
            let stack = describe(&client, &name).await?;
            let set = self.create(&client, &name, stack.as_ref(), before.template, before.parameters).await?;
            if let Some(set) = set {
                set.changes.iter().for_each(|change| println!("{}", words::line(change)));
                execute(&client, &name, &set).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn status(&self) -> anyhow::Result<()> {
        for layer in &self.environment.layers {
            let name = self.environment.stack_name(&layer.name);
            match describe(&self.client(layer).await, &name).await? {
                Some(stack) if stack.stack_status() != Some(&StackStatus::ReviewInProgress) => {
                    let status = stack.stack_status().map_or("?", StackStatus::as_str);
                    println!("{name} ({}): {status}", layer.region);
                    for output in stack.outputs() {
                        let (key, value) = (output.output_key(), output.output_value());
                        println!("  {} = {}", key.unwrap_or("?"), value.unwrap_or("?"));
                    }
                }
                _ => println!("{name} ({}): not there", layer.region),
            }
        }
        Ok(())
    }

    pub(crate) async fn destroy(&self, layer: &str, confirm: &str) -> anyhow::Result<()> {
        let layer = self.layers(Some(layer))?.remove(0);
        let name = self.environment.stack_name(&layer.name);
        if confirm != name {
            bail!("nothing was deleted: --confirm must say {name}");
        }
        let client = self.client(layer).await;
        let Some(stack) = describe(&client, &name).await? else {
            bail!("there is no stack {name}");
        };
        if stack.enable_termination_protection() == Some(true) {
            bail!(
                "nothing was deleted: {name} is protected; an administrator takes the protection off first"
            );
        }
        let seen =
            events(&client, &name, &BTreeSet::new()).await?.into_iter().map(|event| event.id).collect();
        // By its identifier: a stack that is gone has no name any more.
        let id = stack.stack_id().unwrap_or(&name).to_owned();
        client.delete_stack().stack_name(&id).send().await.map_err(explained)?;
        follow(&client, &id, seen).await
    }

    fn layers(&self, only: Option<&str>) -> anyhow::Result<Vec<&Layer>> {
        let layers: Vec<&Layer> = self
            .environment
            .layers
            .iter()
            .filter(|layer| only.is_none_or(|only| only == layer.name))
            .collect();
        if layers.is_empty() {
            let known: Vec<&str> = self.environment.layers.iter().map(|layer| layer.name.as_str()).collect();
            bail!("{} has the stacks {}", self.environment.name, known.join(", "));
        }
        Ok(layers)
    }

    async fn client(&self, layer: &Layer) -> Client {
        aws::client(&layer.region, self.role.as_ref()).await
    }

    /// What would change; `None` where nothing would.
    async fn change_set(&self, client: &Client, layer: &Layer) -> anyhow::Result<Option<ChangeSet>> {
        let name = self.environment.stack_name(&layer.name);
        let existing = describe(client, &name).await?;
        let existing = existing.filter(|stack| stack.stack_status() != Some(&StackStatus::ReviewInProgress));
        match existing.as_ref().and_then(Stack::stack_status) {
            Some(StackStatus::RollbackComplete) => {
                bail!("its creation failed and was rolled back: delete it with destroy, then deploy again")
            }
            Some(status) if status.as_str().ends_with("IN_PROGRESS") => {
                bail!("it is {}: somebody else is at it, wait until that has ended", status.as_str())
            }
            _ => {}
        }
        let parameters = self.parameters(layer, existing.as_ref()).await?;
        self.create(client, &name, existing.as_ref(), layer.template.to_json(), parameters).await
    }

    /// `existing` is the stack that is there; without one it is created.
    async fn create(
        &self,
        client: &Client,
        name: &str,
        existing: Option<&Stack>,
        template: String,
        parameters: Vec<Parameter>,
    ) -> anyhow::Result<Option<ChangeSet>> {
        if template.len() > LARGEST_TEMPLATE {
            bail!("the template has {} bytes; CloudFormation takes {LARGEST_TEMPLATE}", template.len());
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut request = client
            .create_change_set()
            .stack_name(name)
            .change_set_name(format!("faxdroid-{since}"))
            .change_set_type(if existing.is_some() { ChangeSetType::Update } else { ChangeSetType::Create })
            .template_body(template)
            .capabilities(Capability::CapabilityNamedIam)
            .set_parameters(Some(parameters));
        if self.role.is_some() {
            let (account, environment) = (&self.environment.account, &self.environment.name);
            request = request
                .role_arn(format!("arn:aws:iam::{account}:role/faxdroid-{environment}-cloudformation"));
        }
        let created = match request.send().await {
            Ok(created) => created,
            Err(error) if error.message().is_some_and(|message| message.contains("No updates")) => {
                return Ok(None);
            }
            Err(error) => return Err(explained(error)),
        };
        let id = created.id().context("CloudFormation gave the change set no identifier")?.to_owned();
        let mut set = ChangeSet { id, changes: Vec::new(), creates: existing.is_none() };
        let mut next = None;
        loop {
            let described = client
                .describe_change_set()
                .change_set_name(&set.id)
                .stack_name(name)
                .set_next_token(next)
                .send()
                .await
                .map_err(explained)?;
            match described.status() {
                Some(ChangeSetStatus::CreateComplete) => {}
                Some(ChangeSetStatus::Failed) => {
                    let reason = described.status_reason().unwrap_or("no reason is given").to_owned();
                    self.discard(client, name, &set).await?;
                    if reason.contains("didn't contain changes") || reason.contains("No updates") {
                        return Ok(None);
                    }
                    bail!("the change set failed: {reason}");
                }
                _ => {
                    tokio::time::sleep(POLL).await;
                    next = None;
                    continue;
                }
            }
            set.changes.extend(described.changes().iter().filter_map(|one| one.resource_change()).cloned());
            next = described.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        // A set without resources is one too: outputs may change alone.
        Ok(Some(set))
    }

    async fn discard(&self, client: &Client, name: &str, set: &ChangeSet) -> anyhow::Result<()> {
        client
            .delete_change_set()
            .change_set_name(&set.id)
            .stack_name(name)
            .send()
            .await
            .map_err(explained)?;
        // A plan of a stack that is not there leaves an empty one behind.
        let left = describe(client, name).await?;
        if left.is_some_and(|stack| stack.stack_status() == Some(&StackStatus::ReviewInProgress)) {
            match client.delete_stack().stack_name(name).send().await {
                // The deployer may delete no stack; an empty one does no harm.
                Err(error) if error.code() != Some("AccessDenied") => return Err(explained(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Values from the environment's file and the command line, outputs of other regions; what is not given stays as it is.
    async fn parameters(&self, layer: &Layer, existing: Option<&Stack>) -> anyhow::Result<Vec<Parameter>> {
        let mut given: BTreeMap<String, String> =
            self.environment.parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        for (parameter, (from, output)) in &layer.from {
            given.insert(parameter.clone(), self.output(from, output).await?);
        }
        let mut parameters = Vec::new();
        for (name, declared) in layer.template.section("Parameters") {
            let has = |stack: &Stack| stack.parameters().iter().any(|p| p.parameter_key() == Some(name));
            let parameter = Parameter::builder().parameter_key(name);
            if let Some(value) = given.get(name) {
                parameters.push(parameter.parameter_value(value).build());
            } else if existing.is_some_and(has) {
                parameters.push(parameter.use_previous_value(true).build());
            } else if declared.get("Default").is_none() {
                bail!("the parameter {name} has no value: give --set {name}=…");
            }
        }
        Ok(parameters)
    }

    /// What a stack says of itself.
    pub(crate) async fn output(&self, stack: &str, output: &str) -> anyhow::Result<String> {
        let name = self.environment.stack_name(stack);
        let layer = self.layers(Some(stack))?.remove(0);
        let found = describe(&self.client(layer).await, &name).await?;
        let outputs = found.as_ref().map(Stack::outputs).unwrap_or_default();
        let value = outputs.iter().find(|one| one.output_key() == Some(output));
        let value = value.and_then(|one| one.output_value());
        value
            .map(str::to_owned)
            .with_context(|| format!("{name} has no output {output} yet: deploy it first"))
    }
}

/// Runs a command for the shell that says whether what is served works.
pub(crate) async fn check(command: &str) -> anyhow::Result<()> {
    println!("checking: {command}");
    let ended = tokio::process::Command::new("sh").args(["-c", command]).status().await?;
    ensure!(ended.success(), "{command} failed ({ended})");
    Ok(())
}

/// A stack that was changed.
pub(crate) struct Changed {
    client: Client,
    name: String,
    before: Before,
}

/// What a stack was made of, to make it so again.
struct Before {
    template: String,
    parameters: Vec<Parameter>,
}

impl Before {
    async fn of(client: &Client, name: &str) -> anyhow::Result<Option<Self>> {
        let stack = describe(client, name).await?;
        let works = |stack: &Stack| stack.stack_status() != Some(&StackStatus::ReviewInProgress);
        let Some(stack) = stack.filter(works) else { return Ok(None) };
        let template = client.get_template().stack_name(name).send().await.map_err(explained)?;
        let template = template.template_body.context("CloudFormation gave no template")?;
        let parameters = stack.parameters().iter().map(|one| {
            let parameter = Parameter::builder().set_parameter_key(one.parameter_key.clone());
            parameter.set_parameter_value(one.parameter_value.clone()).build()
        });
        Ok(Some(Self { template, parameters: parameters.collect() }))
    }
}

/// Prints what happens until it is done.
async fn execute(client: &Client, name: &str, set: &ChangeSet) -> anyhow::Result<()> {
    let seen = events(client, name, &BTreeSet::new()).await?.into_iter().map(|event| event.id).collect();
    let execute = client.execute_change_set().change_set_name(&set.id).stack_name(name);
    execute.send().await.map_err(explained)?;
    follow(client, name, seen).await
}

async fn describe(client: &Client, name: &str) -> anyhow::Result<Option<Stack>> {
    match client.describe_stacks().stack_name(name).send().await {
        Ok(answer) => Ok(answer.stacks.and_then(|stacks| stacks.into_iter().next())),
        // CloudFormation has no code of its own for a stack that is not there.
        Err(error)
            if error.code() == Some("ValidationError")
                && error.message().is_some_and(|message| message.contains("does not exist")) =>
        {
            Ok(None)
        }
        Err(error) => Err(explained(error)),
    }
}

struct Event {
    id: String,
    line: String,
    failed: bool,
    /// Of the stack itself, not of one of its resources: what it is now.
    stack_is: Option<String>,
}

/// From the first to the last of those that came after the `seen` ones.
async fn events(client: &Client, name: &str, seen: &BTreeSet<String>) -> anyhow::Result<Vec<Event>> {
    let (mut events, mut next) = (Vec::new(), None);
    // The newest come first, some hundred at a time.
    loop {
        let page = match client.describe_stack_events().stack_name(name).set_next_token(next).send().await {
            Ok(page) => page,
            Err(error) if error.code() == Some("ValidationError") => return Ok(Vec::new()),
            Err(error) => return Err(explained(error)),
        };
        for event in page.stack_events() {
            let id = event.event_id().unwrap_or_default();
            if seen.contains(id) {
                events.reverse();
                return Ok(events);
            }
            let status = event.resource_status().map_or("?", |status| status.as_str());
            let resource = event.logical_resource_id().unwrap_or("?");
            let reason = event.resource_status_reason().map(|why| format!(": {why}")).unwrap_or_default();
            let of_stack = event.physical_resource_id() == event.stack_id();
            events.push(Event {
                id: id.to_owned(),
                line: format!("  {status:<28} {resource}{reason}"),
                failed: !of_stack && status.ends_with("FAILED") && !reason.contains("cancelled"),
                stack_is: of_stack.then(|| status.to_owned()),
            });
        }
        next = page.next_token;
        if next.is_none() {
            events.reverse();
            return Ok(events);
        }
    }
}

/// Prints what happens until the stack has said that it is done. Its status alone would not do: it may still be that of the
/// last deployment.
async fn follow(client: &Client, name: &str, mut seen: BTreeSet<String>) -> anyhow::Result<()> {
    let mut failures = Vec::new();
    loop {
        for event in events(client, name, &seen).await? {
            println!("{}", event.line);
            if event.failed {
                failures.push(event.line.trim().to_owned());
            }
            seen.insert(event.id);
            match event.stack_is.as_deref() {
                Some("CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE") => return Ok(()),
                // A stack of which some is still being made, cleared away or taken back.
                None => {}
                Some(status) if status.ends_with("IN_PROGRESS") => {}
                Some(status) => {
                    let began = failures.first().map(|first| format!(" It began with: {first}."));
                    bail!("{name} is {status}.{} {}", began.unwrap_or_default(), words::what_now(status));
                }
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn explained<E: std::error::Error + ProvideErrorMetadata>(error: E) -> anyhow::Error {
    match error.message() {
        Some(message) => anyhow::anyhow!("{message}"),
        None => anyhow::anyhow!("{}", DisplayErrorContext(error)),
    }
}
