//! What a page knows of its request: the query and the `{id}` of its path. Nothing else reaches it.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::forms::FormState;

/// The query, as the answer to a form.
pub(super) fn form_state() -> FormState {
    let query = use_query_map().get_untracked();
    FormState::from_pairs(query.into_iter().map(|(name, value)| (name.into_owned(), value)))
}

/// The `{id}` of the path, when it parses; an identifier that does not parse names nothing.
pub(super) fn path_id<Id: std::str::FromStr>() -> Option<Id> {
    use_params_map().get_untracked().get_str("id")?.parse().ok()
}
