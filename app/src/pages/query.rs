//! What a page knows of its request: the query and the `{id}` of its path. Nothing else reaches it.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use leptos_router::location::RequestUrl;
use url::form_urlencoded;

use crate::forms::FormState;

/// The query, as the answer to a form. The router's own map decodes values twice, which makes a space of a plus.
pub(super) fn form_state() -> FormState {
    let url = use_context::<RequestUrl>().unwrap_or_default();
    let query = url.as_ref().split_once('?').map_or("", |(_, query)| query);
    FormState::from_pairs(form_urlencoded::parse(query.as_bytes()).into_owned())
}

/// A query of those `pairs` that have a value.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
}

/// What the query says of `names`, as the field `draft` of a form: a form that fails leads back to its page with them.
pub(super) fn draft(form: &FormState, names: &[&str]) -> String {
    let values: Vec<_> = names.iter().map(|name| form.value(name)).collect();
    let pairs: Vec<_> = names.iter().copied().zip(values.iter().map(String::as_str)).collect();
    query(&pairs)
}

/// The `{id}` of the path, when it parses; an identifier that does not parse names nothing.
pub(super) fn path_id<Id: std::str::FromStr>() -> Option<Id> {
    use_params_map().get_untracked().get_str("id")?.parse().ok()
}
