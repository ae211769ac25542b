//! A change set in words.

use aws_sdk_cloudformation::types::{ChangeAction, Replacement, ResourceChange};

/// One line for one resource; what would be replaced shouts, because its data and its address go with it.
pub(crate) fn line(change: &ResourceChange) -> String {
    let name = change.logical_resource_id().unwrap_or("?");
    let kind = change.resource_type().unwrap_or("?");
    let properties = properties(change);
    match (change.action(), change.replacement()) {
        (Some(ChangeAction::Add), _) => format!("  + add      {name} ({kind})"),
        (Some(ChangeAction::Remove), _) => format!("  - REMOVE   {name} ({kind})"),
        (Some(ChangeAction::Import), _) => format!("  < import   {name} ({kind})"),
        (Some(ChangeAction::Modify), Some(Replacement::True)) => {
            format!("  ! REPLACE  {name} ({kind}){properties}")
        }
        (Some(ChangeAction::Modify), Some(Replacement::Conditional)) => {
            format!("  ? MAY REPLACE  {name} ({kind}){properties}")
        }
        (Some(ChangeAction::Modify), _) => format!("  ~ change   {name} ({kind}){properties}"),
        (action, _) => format!("  {action:?} {name} ({kind})"),
    }
}

/// Whether what the resource holds goes with it.
pub(crate) fn loses(change: &ResourceChange) -> bool {
    match change.action() {
        Some(ChangeAction::Remove) => true,
        Some(ChangeAction::Modify) => {
            matches!(change.replacement(), Some(Replacement::True | Replacement::Conditional))
        }
        _ => false,
    }
}

/// What can be done about a stack that ended as nobody wanted ("Stack status codes").
pub(crate) fn what_now(status: &str) -> &'static str {
    match status {
        "ROLLBACK_COMPLETE" => {
            "What it had created is gone again: mend that, delete the stack with destroy, deploy again"
        }
        "UPDATE_ROLLBACK_COMPLETE" => "The stack is as it was before: mend that, deploy again",
        "UPDATE_ROLLBACK_FAILED" => {
            "It is neither old nor new: mend that, then aws cloudformation continue-update-rollback"
        }
        "DELETE_FAILED" => "What is left is still there: mend that, then destroy it again",
        _ => "See the events above",
    }
}

fn properties(change: &ResourceChange) -> String {
    let mut names: Vec<&str> = change.details().iter().filter_map(|detail| detail.target()?.name()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::{ResourceChangeDetail, ResourceTargetDefinition};

    #[test]
    fn a_replacement_shouts_and_says_which_property_causes_it() {
        let detail = ResourceChangeDetail::builder()
            .target(ResourceTargetDefinition::builder().name("Name").build())
            .build();
        let change = ResourceChange::builder()
            .action(ChangeAction::Modify)
            .replacement(Replacement::True)
            .logical_resource_id("DatabaseCluster")
            .resource_type("AWS::RDS::DBCluster")
            .details(detail)
            .build();
        assert_eq!(line(&change), "  ! REPLACE  DatabaseCluster (AWS::RDS::DBCluster): Name");
        assert!(loses(&change));
    }

    #[test]
    fn what_may_be_replaced_counts_as_lost_and_what_is_added_does_not() {
        let change = |action, replacement| {
            ResourceChange::builder().action(action).set_replacement(replacement).build()
        };
        assert!(loses(&change(ChangeAction::Modify, Some(Replacement::Conditional))));
        assert!(loses(&change(ChangeAction::Remove, None)));
        assert!(!loses(&change(ChangeAction::Modify, Some(Replacement::False))));
        assert!(!loses(&change(ChangeAction::Add, None)));
    }
}
