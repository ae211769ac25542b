//! One stack: a template with its parameters and what earlier stacks export.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::{Error, Template};

/// A stack whose functions are resolved.
#[derive(Debug, Clone)]
pub struct Stack {
    pub name: String,
    pub region: String,
    pub parameters: BTreeMap<String, Value>,
    pub resources: BTreeMap<String, Resource>,
    pub outputs: BTreeMap<String, Value>,
    pub exports: BTreeMap<String, Value>,
    /// Exports of other stacks that this one asks for.
    pub imports: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct Resource {
    /// Such as `AWS::EC2::VPC`.
    pub kind: String,
    pub properties: Value,
    /// Everything beside the properties: policies, dependencies, metadata.
    pub attributes: Map<String, Value>,
}

/// Where a stack goes.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    pub stack: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

/// Resolves `template` with `given` parameters and the exports of earlier stacks of its region.
///
/// # Errors
///
/// When a parameter is missing or breaks its constraint, parameters break a rule, or something that is referred to does not
/// exist.
pub fn evaluate(
    template: &Template,
    place: &Place<'_>,
    given: &BTreeMap<String, Value>,
    exports: &BTreeMap<String, Value>,
) -> Result<Stack, Error> {
    let parameters = parameters(template, place, given)?;
    let mut scope = Scope { template, place, parameters: &parameters, exports, imports: BTreeSet::new() };
    for (name, rule) in template.section("Rules") {
        scope.keeps(&format!("{}: Rules: {name}", place.stack), rule)?;
    }
    let mut resources = BTreeMap::new();
    for (name, resource) in template.section("Resources") {
        let at = format!("{}: {name}", place.stack);
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !scope.condition(&at, condition)?
        {
            continue;
        }
        let kind = resource.get("Type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| Error::invalid(&at, "has no Type"))?.to_owned();
        let properties = resource.get("Properties").cloned().unwrap_or_else(|| json!({}));
        let properties = scope.value(&at, &properties)?.unwrap_or(Value::Null);
        let mut attributes = resource.as_object().cloned().unwrap_or_default();
        attributes.remove("Properties");
        attributes.remove("Type");
        resources.insert(name.clone(), Resource { kind, properties, attributes });
    }
    let (mut outputs, mut exported) = (BTreeMap::new(), BTreeMap::new());
    for (name, output) in template.section("Outputs") {
        let at = format!("{}: Outputs: {name}", place.stack);
        let value = output.get("Value").ok_or_else(|| Error::invalid(&at, "has no Value"))?;
        let value = scope.value(&at, value)?.unwrap_or(Value::Null);
        if let Some(export) = output.pointer("/Export/Name") {
            exported.insert(scope.text(&at, export)?, value.clone());
        }
        outputs.insert(name.clone(), value);
    }
    let imports = scope.imports;
    Ok(Stack {
        name: place.stack.to_owned(),
        region: place.region.to_owned(),
        parameters,
        resources,
        outputs,
        exports: exported,
        imports,
    })
}

fn parameters(
    template: &Template,
    place: &Place<'_>,
    given: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, Error> {
    let mut resolved = BTreeMap::new();
    for (name, declared) in template.section("Parameters") {
        let at = format!("{}: parameter {name}", place.stack);
        let value = given.get(name).or_else(|| declared.get("Default"));
        let value = value.ok_or_else(|| Error::invalid(&at, "has neither a value nor a default"))?;
        check(&at, declared, value)?;
        let kind = declared.get("Type").and_then(Value::as_str).unwrap_or_default();
        let value = if kind.starts_with("AWS::SSM::Parameter::Value") {
            json!(format!("<ssm:{}>", plain(value)))
        } else if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            json!(plain(value).split(',').map(str::trim).collect::<Vec<_>>())
        } else {
            json!(plain(value))
        };
        resolved.insert(name.clone(), value);
    }
    Ok(resolved)
}

fn check(at: &str, declared: &Value, value: &Value) -> Result<(), Error> {
    let text = plain(value);
    // What only AWS knows is checked by AWS.
    if text.starts_with('<') && text.ends_with('>') {
        return Ok(());
    }
    if let Some(allowed) = declared.get("AllowedValues").and_then(Value::as_array)
        && !allowed.iter().any(|allowed| plain(allowed) == text)
    {
        return Err(Error::invalid(at, format!("{text} is none of {}", json!(allowed))));
    }
    if let Some(pattern) = declared.get("AllowedPattern").and_then(Value::as_str) {
        let pattern =
            Regex::new(&format!("^(?:{pattern})$")).map_err(|error| Error::invalid(at, error.to_string()))?;
        if !pattern.is_match(&text) {
            return Err(Error::invalid(at, format!("{text:?} does not match {pattern}")));
        }
    }
    let bound = |key: &str| declared.get(key).and_then(|bound| plain(bound).parse::<f64>().ok());
    if declared.get("Type").and_then(Value::as_str) == Some("Number") {
        let number: f64 = text.parse().map_err(|_| Error::invalid(at, format!("{text} is no number")))?;
        if bound("MinValue").is_some_and(|least| number < least)
            || bound("MaxValue").is_some_and(|most| number > most)
        {
            return Err(Error::invalid(at, format!("{text} is out of range")));
        }
    }
    Ok(())
}

struct Scope<'a> {
    template: &'a Template,
    place: &'a Place<'a>,
    parameters: &'a BTreeMap<String, Value>,
    exports: &'a BTreeMap<String, Value>,
    imports: BTreeSet<String>,
}

impl Scope<'_> {
    /// `None` is `AWS::NoValue`: the property is not there.
    fn value(&mut self, at: &str, value: &Value) -> Result<Option<Value>, Error> {
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::new();
                for item in items {
                    resolved.extend(self.value(at, item)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(entries) => {
                if let (1, Some((function, argument))) = (entries.len(), entries.iter().next())
                    && (function == "Ref" || function.starts_with("Fn::"))
                {
                    return self.call(at, function, argument);
                }
                let mut resolved = Map::new();
                for (key, value) in entries {
                    if let Some(value) = self.value(&format!("{at}: {key}"), value)? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn call(&mut self, at: &str, function: &str, argument: &Value) -> Result<Option<Value>, Error> {
        let value = match function {
            "Ref" if argument == "AWS::NoValue" => return Ok(None),
            "Ref" => self.reference(at, &self.text_of(at, argument)?)?,
            "Fn::If" => {
                let [condition, yes, no] = self.arguments(at, function, argument)?;
                let condition = self.text_of(at, condition)?;
                let chosen = if self.condition(at, &condition)? { yes } else { no };
                return self.value(at, chosen);
            }
            "Fn::GetAtt" => {
                let [resource, attribute] = self.arguments(at, function, argument)?;
                let attribute = self.text(at, attribute)?;
                self.attribute(at, &self.text_of(at, resource)?, &attribute)?
            }
            "Fn::Sub" => self.substitute(at, argument)?,
            "Fn::Join" => {
                let [separator, list] = self.arguments(at, function, argument)?;
                let separator = self.text_of(at, separator)?;
                let items: Vec<String> = self.list(at, list)?.iter().map(plain).collect();
                json!(items.join(&separator))
            }
            "Fn::Split" => {
                let [separator, text] = self.arguments(at, function, argument)?;
                let separator = self.text_of(at, separator)?;
                json!(self.text(at, text)?.split(&separator).collect::<Vec<_>>())
            }
            "Fn::Select" => {
                let [index, list] = self.arguments(at, function, argument)?;
                let index: usize = self
                    .text(at, index)?
                    .parse()
                    .map_err(|_| Error::invalid(at, "Fn::Select wants a number"))?;
                let list = self.list(at, list)?;
                list.get(index).cloned().ok_or_else(|| Error::invalid(at, format!("has no item {index}")))?
            }
            "Fn::GetAZs" => {
                let region = match self.text(at, argument)? {
                    empty if empty.is_empty() => self.place.region.to_owned(),
                    region => region,
                };
                json!(["a", "b", "c"].map(|zone| format!("{region}{zone}")))
            }
            "Fn::Cidr" => {
                let [network, count, bits] = self.arguments(at, function, argument)?;
                let number = |text: String| {
                    text.parse::<u32>().map_err(|_| Error::invalid(at, "Fn::Cidr wants numbers"))
                };
                subnets(at, &self.text(at, network)?, number(plain(count))?, number(plain(bits))?)?
            }
            "Fn::FindInMap" => {
                let [map, first, second] = self.arguments(at, function, argument)?;
                let (map, first, second) =
                    (self.text(at, map)?, self.text(at, first)?, self.text(at, second)?);
                let found = self.template.entry("Mappings", &map);
                let found = found.and_then(|map| map.get(&first)?.get(&second)).cloned();
                found.ok_or_else(|| Error::invalid(at, format!("no mapping {map}.{first}.{second}")))?
            }
            "Fn::ImportValue" => {
                let name = self.text(at, argument)?;
                let value = self.exports.get(&name).cloned();
                let value = value.ok_or_else(|| {
                    Error::invalid(at, format!("no earlier stack of {} exports {name}", self.place.region))
                })?;
                self.imports.insert(name);
                value
            }
            // What is encoded is what tests want to read.
            "Fn::Base64" => return self.value(at, argument),
            unknown => return Err(Error::invalid(at, format!("{unknown} is not known here"))),
        };
        Ok(Some(value))
    }

    fn condition(&mut self, at: &str, name: &str) -> Result<bool, Error> {
        let template = self.template;
        let condition = template.entry("Conditions", name);
        let condition = condition.ok_or_else(|| Error::invalid(at, format!("no condition {name}")))?;
        self.holds(at, condition)
    }

    /// Whether the parameters keep a rule: where its condition holds, every assertion has to.
    fn keeps(&mut self, at: &str, rule: &Value) -> Result<(), Error> {
        if let Some(condition) = rule.get("RuleCondition")
            && !self.holds(at, condition)?
        {
            return Ok(());
        }
        let assertions = rule.get("Assertions").and_then(Value::as_array);
        for assertion in assertions.ok_or_else(|| Error::invalid(at, "has no Assertions"))? {
            let assert = assertion.get("Assert").ok_or_else(|| Error::invalid(at, "has no Assert"))?;
            if !self.holds(at, assert)? {
                let described = assertion.get("AssertDescription").and_then(Value::as_str);
                return Err(Error::invalid(at, described.unwrap_or("the rule is broken")));
            }
        }
        Ok(())
    }

    fn holds(&mut self, at: &str, condition: &Value) -> Result<bool, Error> {
        let Some((function, argument)) = condition.as_object().and_then(|object| object.iter().next()) else {
            return Err(Error::invalid(at, format!("{condition} is no condition")));
        };
        let several = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match function.as_str() {
            "Condition" => self.condition(at, &self.text_of(at, argument)?),
            "Fn::Equals" => {
                let [left, right] = self.arguments(at, function, argument)?;
                Ok(self.text(at, left)? == self.text(at, right)?)
            }
            "Fn::Not" => {
                let [inner] = self.arguments(at, function, argument)?;
                Ok(!self.holds(at, inner)?)
            }
            "Fn::And" => several.iter().try_fold(true, |all, one| Ok(all & self.holds(at, one)?)),
            "Fn::Or" => several.iter().try_fold(false, |any, one| Ok(any | self.holds(at, one)?)),
            unknown => Err(Error::invalid(at, format!("{unknown} is no condition"))),
        }
    }

    fn reference(&self, at: &str, name: &str) -> Result<Value, Error> {
        let place = self.place;
        Ok(match name {
            "AWS::Region" => json!(place.region),
            "AWS::AccountId" => json!(place.account),
            "AWS::Partition" => json!("aws"),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            "AWS::StackName" => json!(place.stack),
            "AWS::StackId" => json!(format!(
                "arn:aws:cloudformation:{}:{}:stack/{}/*",
                place.region, place.account, place.stack
            )),
            _ => match self.parameters.get(name) {
                Some(value) => value.clone(),
                None if self.template.entry("Resources", name).is_some() => {
                    json!(format!("<{}.{name}>", place.stack))
                }
                None => return Err(Error::invalid(at, format!("there is no {name} to refer to"))),
            },
        })
    }

    fn attribute(&self, at: &str, resource: &str, attribute: &str) -> Result<Value, Error> {
        match self.template.entry("Resources", resource) {
            Some(_) => Ok(json!(format!("<{}.{resource}.{attribute}>", self.place.stack))),
            None => Err(Error::invalid(at, format!("there is no resource {resource}"))),
        }
    }

    fn substitute(&mut self, at: &str, argument: &Value) -> Result<Value, Error> {
        let (text, variables) = match argument {
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(variables)] => (text, variables.clone()),
                _ => return Err(Error::invalid(at, "Fn::Sub wants a text and variables")),
            },
            Value::String(text) => (text, Map::new()),
            _ => return Err(Error::invalid(at, "Fn::Sub wants a text")),
        };
        let mut resolved = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            resolved.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(Error::invalid(at, "Fn::Sub has ${ without }"));
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                resolved.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let value = match (variables.get(name), name.split_once('.')) {
                (Some(variable), _) => self.value(at, variable)?.unwrap_or(Value::Null),
                (None, Some((resource, attribute))) => self.attribute(at, resource, attribute)?,
                (None, None) => self.reference(at, name)?,
            };
            resolved.push_str(&plain(&value));
        }
        resolved.push_str(rest);
        Ok(Value::String(resolved))
    }

    fn arguments<'v, const N: usize>(
        &self,
        at: &str,
        function: &str,
        argument: &'v Value,
    ) -> Result<[&'v Value; N], Error> {
        let list: Vec<&Value> = argument.as_array().into_iter().flatten().collect();
        list.try_into().map_err(|_| Error::invalid(at, format!("{function} wants {N} arguments")))
    }

    fn list(&mut self, at: &str, value: &Value) -> Result<Vec<Value>, Error> {
        match self.value(at, value)? {
            Some(Value::Array(items)) => Ok(items),
            // A list that only AWS knows, such as the name servers of a zone: one name stands for all of it.
            Some(Value::String(name)) if name.starts_with('<') && name.ends_with('>') => {
                Ok(vec![Value::String(name)])
            }
            other => Err(Error::invalid(at, format!("{} is no list", other.unwrap_or(Value::Null)))),
        }
    }

    fn text(&mut self, at: &str, value: &Value) -> Result<String, Error> {
        let value = self.value(at, value)?.unwrap_or(Value::Null);
        self.text_of(at, &value)
    }

    fn text_of(&self, at: &str, value: &Value) -> Result<String, Error> {
        match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(plain(value)),
            other => Err(Error::invalid(at, format!("{other} is no text"))),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn subnets(at: &str, network: &str, count: u32, bits: u32) -> Result<Value, Error> {
    let wrong =
        || Error::invalid(at, format!("{network} cannot be cut into {count} networks of {bits} bits"));
    let (address, prefix) = network.split_once('/').ok_or_else(wrong)?;
    let address: u32 = address.parse::<std::net::Ipv4Addr>().map_err(|_| wrong())?.into();
    let prefix: u32 = prefix.parse().map_err(|_| wrong())?;
    let free = 32_u32.checked_sub(prefix).and_then(|free| free.checked_sub(bits)).ok_or_else(wrong)?;
    if u64::from(count) > 1_u64 << free {
        return Err(wrong());
    }
    let nth = |n: u32| std::net::Ipv4Addr::from(address + (n << bits));
    Ok(json!((0..count).map(|n| format!("{}/{}", nth(n), 32 - bits)).collect::<Vec<_>>()))
}
