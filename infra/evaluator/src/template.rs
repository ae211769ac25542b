//! A template as it is written: YAML with CloudFormation's tags, brought to the long form (`!Ref X` is `{"Ref": "X"}`).

use std::path::Path;

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

use crate::Error;

/// A template in its long form.
#[derive(Debug, Clone)]
pub struct Template {
    root: Value,
}

impl Template {
    /// # Errors
    ///
    /// When the file cannot be read or is no YAML.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Unreadable { path: shown.clone(), source })?;
        Self::parse(&shown, &text)
    }

    /// # Errors
    ///
    /// When `text` is no YAML, or has a tag that CloudFormation does not know.
    pub fn parse(path: &str, text: &str) -> Result<Self, Error> {
        let yaml =
            serde_norway::from_str(text).map_err(|source| Error::Yaml { path: path.to_owned(), source })?;
        Ok(Self { root: long_form(path, yaml)? })
    }

    /// The entries of a section such as `Resources`; none where there is no such section.
    pub fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.root.get(name).and_then(Value::as_object).into_iter().flatten()
    }

    /// The template as CloudFormation takes it too, in as few bytes as can be.
    pub fn to_json(&self) -> String {
        self.root.to_string()
    }

    pub fn entry(&self, section: &str, name: &str) -> Option<&Value> {
        self.root.get(section)?.get(name)
    }
}

/// YAML of parameters and layers, without tags.
pub(crate) fn plain(path: &Path) -> Result<Value, Error> {
    Ok(Template::read(path)?.root)
}

fn long_form(at: &str, yaml: Yaml) -> Result<Value, Error> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(real)) => json!(real),
            (None, None) => return Err(Error::invalid(at, format!("{number} is no number"))),
        },
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(|item| long_form(at, item)).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match long_form(at, key)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                let below = format!("{at}: {key}");
                object.insert(key, long_form(&below, value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let value = long_form(at, tagged.value)?;
            match name {
                "Ref" | "Condition" => json!({ name: value }),
                "GetAtt" => json!({ "Fn::GetAtt": attribute(at, value)? }),
                "And" | "Base64" | "Cidr" | "Equals" | "FindInMap" | "GetAZs" | "If" | "ImportValue"
                | "Join" | "Not" | "Or" | "Select" | "Split" | "Sub" => {
                    json!({ format!("Fn::{name}"): value })
                }
                _ => return Err(Error::invalid(at, format!("CloudFormation has no tag !{name}"))),
            }
        }
    })
}

fn attribute(at: &str, value: Value) -> Result<Value, Error> {
    match value {
        Value::String(path) => match path.split_once('.') {
            Some((resource, attribute)) => Ok(json!([resource, attribute])),
            None => Err(Error::invalid(at, format!("!GetAtt {path} names no attribute"))),
        },
        list => Ok(list),
    }
}
