//! What a client asks of Asterisk.

/// An action and its fields, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    fields: Vec<(String, String)>,
}

/// A field that would end before its value does, and begin another that nobody meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field {name} has a line break in it")]
pub struct FieldError {
    /// The name of the field.
    pub name: String,
}

impl Action {
    /// An action of this name; names are ours and never come from outside.
    pub fn new(name: &'static str) -> Self {
        Self { fields: vec![("Action".to_owned(), name.to_owned())] }
    }

    /// Adds a field. A name may come more than once (`Variable`).
    ///
    /// # Errors
    ///
    /// When the value has a line break or a NUL in it, with which it could say more than one field.
    pub fn field(mut self, name: &'static str, value: impl Into<String>) -> Result<Self, FieldError> {
        let value = value.into();
        if value.contains(['\r', '\n', '\0']) {
            return Err(FieldError { name: name.to_owned() });
        }
        self.fields.push((name.to_owned(), value));
        Ok(self)
    }

    /// The name of the action.
    pub fn name(&self) -> &str {
        self.fields.first().map_or("", |(_, name)| name)
    }

    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    pub(crate) fn with_id(mut self, id: &str) -> Self {
        self.fields.push(("ActionID".to_owned(), id.to_owned()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_cannot_smuggle_in_a_field() {
        for value in ["a\r\nAction: Command", "a\nb", "a\rb", "a\0b"] {
            let refused = Action::new("Originate").field("CallerID", value);
            assert_eq!(refused, Err(FieldError { name: "CallerID".to_owned() }));
        }
    }
}
