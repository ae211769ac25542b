//! The API reference: the OpenAPI document as a list of operations by tag.

use std::sync::Arc;

use serde_json::{Map, Value};

/// The API's OpenAPI document as JSON. The renderer provides it as a context for the developers' page.
#[derive(Debug, Clone)]
pub struct OpenApi(pub Arc<str>);

/// The operations of one tag, in the document's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// For links.
    pub anchor: String,
    /// In capitals.
    pub method: String,
    pub path: String,
    pub summary: String,
    pub description: String,
    pub parameters: Vec<Field>,
    /// Media type and fields of the body; empty when there is none.
    pub bodies: Vec<Body>,
    pub answers: Vec<Answer>,
}

/// A parameter, or a field of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// `path`, `query` or `header` for a parameter; empty for a field.
    pub place: String,
    pub kind: String,
    pub presence: Presence,
    pub description: String,
}

/// Whether something must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
}

impl Presence {
    fn of(required: bool) -> Self {
        if required { Self::Required } else { Self::Optional }
    }
}

/// A request body of one media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub media_type: String,
    pub kind: String,
    pub fields: Vec<Field>,
}

/// An answer by its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: String,
    pub description: String,
    /// The type of its body; empty when it has none.
    pub kind: String,
    pub fields: Vec<Field>,
}

/// Reads an OpenAPI 3.1 document; what it does not know of the format it leaves out. `None` when it is not JSON.
pub fn read(document: &str) -> Option<Vec<Group>> {
    let document: Value = serde_json::from_str(document).ok()?;
    let mut groups: Vec<Group> = items(&document, "tags")
        .map(|tag| Group { name: text(tag, "name"), operations: Vec::new() })
        .collect();
    for (path, methods) in members(document.get("paths")) {
        for (method, operation) in members(Some(methods)) {
            if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                continue;
            }
            let tag = items(operation, "tags").find_map(Value::as_str).unwrap_or("Other").to_owned();
            let read = read_operation(&document, path, method, methods, operation);
            match groups.iter_mut().find(|group| group.name == tag) {
                Some(group) => group.operations.push(read),
                None => groups.push(Group { name: tag, operations: vec![read] }),
            }
        }
    }
    groups.retain(|group| !group.operations.is_empty());
    Some(groups)
}

fn read_operation(document: &Value, path: &str, method: &str, item: &Value, operation: &Value) -> Operation {
    let parameters = items(item, "parameters")
        .chain(items(operation, "parameters"))
        .map(|parameter| resolve(document, parameter))
        .map(|parameter| Field {
            name: text(parameter, "name"),
            place: text(parameter, "in"),
            kind: parameter.get("schema").map(kind).unwrap_or_default(),
            presence: Presence::of(parameter.get("required").and_then(Value::as_bool) == Some(true)),
            description: text(parameter, "description"),
        })
        .collect();
    let body = operation.get("requestBody").map(|body| resolve(document, body));
    let bodies = members(body.and_then(|body| body.get("content")))
        .map(|(media_type, content)| {
            let schema = content.get("schema").unwrap_or(&Value::Null);
            Body { media_type: media_type.clone(), kind: kind(schema), fields: fields(document, schema) }
        })
        .collect();
    let answers = members(operation.get("responses"))
        .map(|(status, answer)| {
            let answer = resolve(document, answer);
            let schema = members(answer.get("content")).find_map(|(_, content)| content.get("schema"));
            Answer {
                status: status.clone(),
                description: text(answer, "description"),
                kind: schema.map(kind).unwrap_or_default(),
                fields: schema
                    .filter(|_| status.starts_with('2'))
                    .map(|schema| fields(document, schema))
                    .unwrap_or_default(),
            }
        })
        .collect();
    Operation {
        anchor: anchor(method, path),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "summary"),
        description: text(operation, "description"),
        parameters,
        bodies,
        answers,
    }
}

/// `get-api-v1-faxes-id`
fn anchor(method: &str, path: &str) -> String {
    let words: Vec<&str> =
        path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("{method}-{}", words.join("-"))
}

/// The fields of an object's schema.
fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolve(document, schema);
    let required: Vec<&str> = items(schema, "required").filter_map(Value::as_str).collect();
    members(schema.get("properties"))
        .map(|(name, property)| Field {
            name: name.clone(),
            place: String::new(),
            kind: kind(property),
            presence: Presence::of(required.contains(&name.as_str())),
            description: match text(property, "description") {
                empty if empty.is_empty() => text(resolve(document, property), "description"),
                own => own,
            },
        })
        .collect()
}

/// The type of a schema in a word: `string`, `Fax`, `list of Attempt`.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for combination in ["oneOf", "anyOf", "allOf"] {
        let kinds: Vec<String> =
            items(schema, combination).map(kind).filter(|kind| !kind.is_empty() && kind != "null").collect();
        if !kinds.is_empty() {
            return kinds.join(" or ");
        }
    }
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            let names: Vec<&str> =
                names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect();
            names.join(" or ")
        }
        _ => String::new(),
    };
    match (name.as_str(), schema.get("items")) {
        ("array", Some(item)) => format!("list of {}", kind(item)),
        _ => name,
    }
}

/// What a `$ref` inside the document stands for.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r##"{
        "tags": [{"name": "Faxes"}, {"name": "Unused"}],
        "paths": {
            "/api/v1/faxes/{id}": {
                "get": {
                    "tags": ["Faxes"], "summary": "Read one fax.",
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                    "responses": {
                        "200": {"description": "The fax.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fax"}}}},
                        "404": {"$ref": "#/components/responses/NotFound"}
                    }
                }
            },
            "/api/v1/health": {"get": {"responses": {}}}
        },
        "components": {
            "responses": {"NotFound": {"description": "There is none."}},
            "schemas": {
                "Attempt": {"type": "object"},
                "Fax": {
                    "type": "object", "required": ["id"],
                    "properties": {
                        "id": {"type": "string", "description": "Its name."},
                        "attempts": {"type": "array", "items": {"$ref": "#/components/schemas/Attempt"}},
                        "completed_at": {"type": ["string", "null"]},
                        "price": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Money"}]}
                    }
                }
            }
        }
    }"##;

    #[test]
    fn operations_stand_under_their_tag_with_what_they_take_and_answer() {
        let groups = read(DOCUMENT).unwrap();
        assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["Faxes", "Other"]);
        let operation = &groups[0].operations[0];
        assert_eq!((operation.method.as_str(), operation.anchor.as_str()), ("GET", "get-api-v1-faxes-id"));
        assert_eq!(operation.parameters[0].presence, Presence::Required);
        assert_eq!(operation.answers[0].kind, "Fax");
        assert_eq!(operation.answers[1].description, "There is none.");
    }

    #[test]
    fn the_fields_of_an_answer_are_named_with_their_types() {
        let groups = read(DOCUMENT).unwrap();
        let fields = &groups[0].operations[0].answers[0].fields;
        let mut kinds: Vec<_> =
            fields.iter().map(|field| (field.name.as_str(), field.kind.as_str())).collect();
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            [
                ("attempts", "list of Attempt"),
                ("completed_at", "string"),
                ("id", "string"),
                ("price", "Money")
            ]
        );
    }

    #[test]
    fn what_is_not_json_is_no_reference() {
        assert_eq!(read("openapi: 3.1"), None);
        assert_eq!(read("{}"), Some(Vec::new()));
    }
}
