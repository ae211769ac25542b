//! Payments without money: test cards decide, as those of payment providers do.

use faxdroid_contract::credits::{SandboxAnswer, TEST_CARDS, TestCardBehavior};

use super::{Decision, Disputed, PaymentError};

/// What the card decides.
pub fn pay(card_number: &str) -> Result<Decision, PaymentError> {
    let digits: String = card_number.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let card = TEST_CARDS.iter().find(|(number, ..)| *number == digits).ok_or(PaymentError::NoTestCard)?;
    Ok(match card.1 {
        TestCardBehavior::Succeeds => Decision::Succeeded { disputed_later: Disputed::Never },
        TestCardBehavior::DisputedLater => Decision::Succeeded { disputed_later: Disputed::Later },
        TestCardBehavior::Declined => Decision::Declined,
        TestCardBehavior::RequiresAction => Decision::RequiresAction,
    })
}

/// What the bank decides when the customer has answered.
pub fn confirm(answer: SandboxAnswer) -> Decision {
    match answer {
        SandboxAnswer::Approve => Decision::Succeeded { disputed_later: Disputed::Never },
        SandboxAnswer::Reject => Decision::Declined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_card_does_what_its_description_says() {
        let decisions: Vec<_> = TEST_CARDS.iter().map(|(number, ..)| pay(number).ok()).collect();
        assert_eq!(
            decisions,
            [
                Some(Decision::Succeeded { disputed_later: Disputed::Never }),
                Some(Decision::Declined),
                Some(Decision::RequiresAction),
                Some(Decision::Succeeded { disputed_later: Disputed::Later }),
            ]
        );
    }

    #[test]
    fn a_card_is_read_as_it_is_typed_and_a_real_one_is_refused() {
        assert!(pay("4242 4242-4242 4242").is_ok());
        assert!(matches!(pay("5555555555554444"), Err(PaymentError::NoTestCard)));
    }
}
