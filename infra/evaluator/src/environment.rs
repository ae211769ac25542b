//! All stacks of an environment: `parameters/layers.yaml` says their order, `parameters/<environment>.yaml` what is
//! particular to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::evaluate::{Place, evaluate};
use crate::{Error, Stack, Template, template};

/// A stack that is to be: which template, where, and what it is told.
#[derive(Debug, Clone)]
pub struct Layer {
    pub name: String,
    pub region: String,
    pub template_path: PathBuf,
    pub template: Template,
    /// Parameter → (stack, output): handed over from another region.
    pub from: BTreeMap<String, (String, String)>,
    /// Whether its stack refuses to be deleted.
    pub protected: bool,
}

/// An environment before its stacks are resolved.
#[derive(Debug, Clone)]
pub struct Environment {
    pub name: String,
    pub account: String,
    pub region: String,
    pub parameters: BTreeMap<String, Value>,
    pub layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentFile {
    layers: String,
    account: String,
    region: String,
    parameters: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerLine {
    name: String,
    region: String,
    #[serde(default)]
    from: BTreeMap<String, String>,
    #[serde(default)]
    protected: bool,
}

impl Environment {
    /// Reads the environment `name` from the folder `infra`; `release` are parameters that no file knows.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is wrong, or a parameter belongs to no template.
    pub fn read(infra: &Path, name: &str, release: &BTreeMap<String, String>) -> Result<Self, Error> {
        let path = infra.join("parameters").join(format!("{name}.yaml"));
        let file: EnvironmentFile = parse(&path)?;
        let layers_path = infra.join("parameters/layers.yaml");
        let mut layers: BTreeMap<String, Vec<LayerLine>> = parse(&layers_path)?;
        let lines = layers.remove(&file.layers);
        let at = path.display().to_string();
        let lines =
            lines.ok_or_else(|| Error::invalid(&at, format!("there are no layers {}", file.layers)))?;
        let mut parameters = file.parameters;
        parameters.extend(release.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))));
        let layers = lines
            .into_iter()
            .map(|line| Layer::read(infra, &file.region, line))
            .collect::<Result<Vec<_>, _>>()?;
        for parameter in parameters.keys() {
            if !layers.iter().any(|layer| layer.template.entry("Parameters", parameter).is_some()) {
                return Err(Error::invalid(&at, format!("no template has the parameter {parameter}")));
            }
        }
        Ok(Self { name: name.to_owned(), account: file.account, region: file.region, parameters, layers })
    }

    /// The name of a layer's stack in AWS.
    pub fn stack_name(&self, layer: &str) -> String {
        format!("faxdroid-{}-{layer}", self.name)
    }

    /// Resolves every stack, in order; a stack sees the exports of those before it in its own region only.
    ///
    /// # Errors
    ///
    /// When a template asks for what no earlier stack has.
    pub fn evaluate(&self) -> Result<Vec<Stack>, Error> {
        let mut stacks: Vec<Stack> = Vec::new();
        for layer in &self.layers {
            let mut given = self.parameters.clone();
            for (parameter, (from, output)) in &layer.from {
                let value = stacks.iter().find(|stack| &stack.name == from);
                let value = value.and_then(|stack| stack.outputs.get(output));
                let value = value.ok_or_else(|| {
                    Error::invalid(&layer.name, format!("no earlier stack has the output {from}.{output}"))
                })?;
                given.insert(parameter.clone(), value.clone());
            }
            let mut exports = BTreeMap::new();
            for stack in stacks.iter().filter(|stack| stack.region == layer.region) {
                exports.extend(stack.exports.clone());
            }
            let place = Place { stack: &layer.name, region: &layer.region, account: &self.account };
            let stack = evaluate(&layer.template, &place, &given, &exports)?;
            let before: BTreeSet<&String> = stacks.iter().flat_map(|stack| stack.exports.keys()).collect();
            if let Some(twice) = stack.exports.keys().find(|name| before.contains(name)) {
                return Err(Error::invalid(&layer.name, format!("{twice} is exported twice")));
            }
            stacks.push(stack);
        }
        Ok(stacks)
    }
}

impl Layer {
    fn read(infra: &Path, home: &str, line: LayerLine) -> Result<Self, Error> {
        let template_path = infra.join("templates").join(format!("{}.yaml", line.name));
        let mut from = BTreeMap::new();
        for (parameter, source) in line.from {
            let (stack, output) = source.split_once('.').ok_or_else(|| {
                Error::invalid(&line.name, format!("{source} is no output of the form stack.Output"))
            })?;
            from.insert(parameter, (stack.to_owned(), output.to_owned()));
        }
        Ok(Self {
            template: Template::read(&template_path)?,
            template_path,
            region: if line.region == "home" { home.to_owned() } else { line.region },
            name: line.name,
            from,
            protected: line.protected,
        })
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_value(template::plain(path)?)
        .map_err(|error| Error::invalid(&path.display().to_string(), error.to_string()))
}
