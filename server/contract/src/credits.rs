//! Credits: what is bought, and the statement of account.

use serde::{Deserialize, Serialize};

use crate::ids::{CheckoutId, FaxId, TransactionId};
use crate::money::Money;

/// A package of credits as it is sold. Larger packages carry a bonus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditPackage {
    pub id: &'static str,
    pub name: &'static str,
    pub price: Money,
    /// What the balance grows by.
    pub credits: Money,
}

/// Everything that can be bought.
pub const PACKAGES: [CreditPackage; 4] = [
    CreditPackage { id: "starter", name: "Starter", price: Money::usd(500), credits: Money::usd(500) },
    CreditPackage { id: "regular", name: "Regular", price: Money::usd(2_000), credits: Money::usd(2_100) },
    CreditPackage { id: "office", name: "Office", price: Money::usd(5_000), credits: Money::usd(5_500) },
    CreditPackage { id: "clinic", name: "Clinic", price: Money::usd(10_000), credits: Money::usd(11_500) },
];

/// The package that is sold under `id`.
pub fn package(id: &str) -> Option<&'static CreditPackage> {
    PACKAGES.iter().find(|package| package.id == id)
}

/// `POST /api/v1/checkouts`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateCheckout {
    /// The `id` of a package.
    #[cfg_attr(feature = "openapi", schema(example = "regular"))]
    pub package: String,
}

/// Where a purchase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// Waiting for the customer on the payment page.
    Open,
    /// The bank wants the customer to confirm.
    RequiresAction,
    Succeeded,
    /// The customer can try again with another card.
    Declined,
    /// Paid, and later taken back by the card's owner through his bank.
    Disputed,
}

impl CheckoutStatus {
    pub const ALL: [Self; 5] =
        [Self::Open, Self::RequiresAction, Self::Succeeded, Self::Declined, Self::Disputed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Declined => "declined",
            Self::Disputed => "disputed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// `GET /api/v1/checkouts/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checkout {
    pub id: CheckoutId,
    pub status: CheckoutStatus,
    pub package: String,
    pub price: Money,
    pub credits: Money,
    /// Where the customer pays: a page of the payment provider.
    pub payment_url: String,
    pub created_at: String,
}

/// `POST /api/v1/sandbox/checkouts/{id}/pay`: only in the payment sandbox, where no money moves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SandboxPayment {
    /// One of [`TEST_CARDS`].
    #[cfg_attr(feature = "openapi", schema(example = "4242 4242 4242 4242"))]
    pub card_number: String,
}

/// `POST /api/v1/sandbox/checkouts/{id}/confirm`: what the customer answers his bank.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SandboxConfirmation {
    pub answer: SandboxAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SandboxAnswer {
    Approve,
    Reject,
}

/// What a test card does. The numbers are those that payment providers publish for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestCardBehavior {
    Succeeds,
    Declined,
    RequiresAction,
    /// Succeeds, and is disputed a while later.
    DisputedLater,
}

/// The cards that the payment sandbox knows.
pub const TEST_CARDS: [(&str, TestCardBehavior, &str); 4] = [
    ("4242424242424242", TestCardBehavior::Succeeds, "The payment succeeds."),
    ("4000000000000002", TestCardBehavior::Declined, "The card is declined."),
    ("4000002500003155", TestCardBehavior::RequiresAction, "The bank asks the customer to confirm."),
    ("4000000000000259", TestCardBehavior::DisputedLater, "The payment succeeds and is disputed later."),
];

/// Why a line stands on the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// Credits were bought.
    Purchase,
    /// A fax was accepted and its price set aside.
    Charge,
    /// A fax failed or was canceled and its whole price came back.
    Refund,
    /// A purchase was disputed and its credits were taken back.
    Dispute,
}

impl TransactionKind {
    pub const ALL: [Self; 4] = [Self::Purchase, Self::Charge, Self::Refund, Self::Dispute];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
        }
    }

    /// In a few words, for the customer.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Purchase => "Credits bought",
            Self::Charge => "Charge for a fax",
            Self::Refund => "Refund of a fax",
            Self::Dispute => "Payment disputed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A line of the statement, `GET /api/v1/transactions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transaction {
    pub id: TransactionId,
    pub kind: TransactionKind,
    /// What the balance changed by.
    pub amount: Money,
    /// The balance after this line.
    pub balance: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fax_id: Option<FaxId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_id: Option<CheckoutId>,
    pub created_at: String,
}
