//! What customers are written, from the fact that causes it until a mail server has taken it.
//!
//! A row says who is to be written what. Its text, and with it the secret of a link, is made when it is sent. So a mail is
//! not lost while the mail server is away, nobody waits for that server, and the time an answer takes does not tell who has
//! an account. A mail may be sent twice, when a server dies just after sending it.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::received_faxes::{ReceivedFax, ReceptionStatus};
use tokio::sync::Notify;

use super::{Mail, MailError, Message};
use crate::accounts::Token;
use crate::clock::{Clock, after};
use crate::config::Config;
use crate::fax::number::display;
use crate::inbox;
use crate::store::accounts::Account;
use crate::store::outgoing_mail::OutgoingMailRow;
use crate::store::received_faxes::ReceivedFaxRow;
use crate::store::sessions::MailedToken;
use crate::store::{self, Store, StoreError, Try};

/// Mails sent at once; the rest waits for the next time.
const BATCH: u64 = 20;
/// Whoever takes a mail has so long to send it.
const LEASE: Duration = Duration::from_secs(120);
/// Before the second try; each further one waits twice as long.
const FIRST_DELAY: Duration = Duration::from_secs(15);
/// About four hours of a mail server that is away.
const TRIES: i32 = 10;

/// What a customer is written about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    ConfirmEmail,
    ResetPassword,
    /// A fax that came in, or did not.
    FaxReceived,
}

impl Letter {
    const ALL: [Self; 3] = [Self::ConfirmEmail, Self::ResetPassword, Self::FaxReceived];

    /// Also the purpose of the token in its link, if it has one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::ResetPassword => "reset_password",
            Self::FaxReceived => "fax_received",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|letter| letter.as_str() == text)
    }
}

/// The way out.
pub struct OutgoingMail {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub mail: Arc<dyn Mail>,
    pub config: Arc<Config>,
    pub written: Notify,
}

impl OutgoingMail {
    /// Writes to a customer, soon.
    pub async fn write(&self, account: &Account, letter: Letter) -> Result<(), StoreError> {
        store::outgoing_mail::insert(self.store.connection(), self.row(&account.id, letter)).await?;
        self.written.notify_one();
        Ok(())
    }

    /// Opens an account, and records with it that its address is to be confirmed. A duplicate (see
    /// [`StoreError::is_duplicate`]) when the address is taken.
    pub async fn welcome(&self, account: &Account) -> Result<(), StoreError> {
        let mail = self.row(&account.id, Letter::ConfirmEmail);
        self.store.patiently(|which| self.try_welcome(account, &mail, which)).await?;
        self.written.notify_one();
        Ok(())
    }

    async fn try_welcome(
        &self,
        account: &Account,
        mail: &OutgoingMailRow,
        which: Try,
    ) -> Result<(), StoreError> {
        let transaction = self.store.begin().await?;
        if let Err(error) = store::accounts::insert(&transaction, account.clone()).await {
            drop(transaction);
            let opened_before = error.is_duplicate()
                && which == Try::Again
                && store::accounts::find(self.store.connection(), &account.id).await?.is_some();
            return if opened_before { Ok(()) } else { Err(error) };
        }
        store::outgoing_mail::insert(&transaction, mail.clone()).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Records a fax that came in, and with it that its account is written to.
    pub async fn announce(&self, fax: ReceivedFaxRow) -> Result<(), StoreError> {
        let mail = OutgoingMailRow {
            received_fax_id: Some(fax.id.clone()),
            ..self.row(&fax.account_id, Letter::FaxReceived)
        };
        let transaction = self.store.begin().await?;
        store::received_faxes::insert(&transaction, fax).await?;
        store::outgoing_mail::insert(&transaction, mail).await?;
        transaction.commit().await?;
        self.written.notify_one();
        Ok(())
    }

    fn row(&self, account: &str, letter: Letter) -> OutgoingMailRow {
        OutgoingMailRow {
            id: format!("mail_{}", self.clock.new_ulid()),
            account_id: account.to_owned(),
            letter: letter.as_str().to_owned(),
            received_fax_id: None,
            tries: 0,
            due_at: self.clock.now().as_millisecond(),
        }
    }

    /// Sends what is due; answers whether more may be.
    pub async fn send_due(&self) -> Result<bool, StoreError> {
        let now = self.clock.now().as_millisecond();
        let due = store::outgoing_mail::due(self.store.connection(), now, BATCH).await?;
        for row in &due {
            if store::outgoing_mail::take(self.store.connection(), row, after(now, LEASE)).await? {
                self.send(row).await?;
            }
        }
        Ok(!due.is_empty())
    }

    async fn send(&self, row: &OutgoingMailRow) -> Result<(), StoreError> {
        let db = self.store.connection();
        let Some(message) = self.message(row).await? else {
            return store::outgoing_mail::delete(db, &row.id).await;
        };
        let tries = row.tries + 1;
        match self.mail.send(message).await {
            Ok(()) => tracing::info!(mail_id = row.id, letter = row.letter, tries, "mail_sent"),
            Err(error @ MailError::Failed(_)) if tries < TRIES => {
                tracing::warn!(
                    mail_id = row.id,
                    tries,
                    error = &error as &dyn std::error::Error,
                    "mail_failed"
                );
                let due_at = after(self.clock.now().as_millisecond(), delay(tries));
                return store::outgoing_mail::postpone(db, &row.id, due_at).await;
            }
            Err(error) => {
                tracing::error!(
                    mail_id = row.id,
                    tries,
                    error = &error as &dyn std::error::Error,
                    "mail_given_up"
                );
            }
        }
        store::outgoing_mail::delete(db, &row.id).await
    }

    /// `None` when nobody has to be told any more.
    async fn message(&self, row: &OutgoingMailRow) -> Result<Option<Message>, StoreError> {
        let corrupt = || StoreError::Corrupt { table: "outgoing_mail", id: row.id.clone() };
        let letter = Letter::parse(&row.letter).ok_or_else(corrupt)?;
        let Some(account) = store::accounts::find(self.store.connection(), &row.account_id).await? else {
            return Ok(None);
        };
        let (subject, text) = match letter {
            Letter::ConfirmEmail if account.email_confirmed_at.is_some() => return Ok(None),
            Letter::ConfirmEmail => {
                let link = self.link("confirm-email", &account, letter).await?;
                let text = format!(
                    "Welcome to FaxDroid.\n\nPlease confirm your e-mail address:\n{link}\n\n\
                     After that you can send faxes.\n"
                );
                ("Confirm your e-mail address".to_owned(), text)
            }
            Letter::ResetPassword => {
                let link = self.link("reset-password", &account, letter).await?;
                let text = format!(
                    "Somebody, probably you, asked for a new password for FaxDroid.\n\nSet it here:\n{link}\n\n\
                     The link works once. If it was not you, nothing needs to be done.\n"
                );
                ("Set a new password".to_owned(), text)
            }
            Letter::FaxReceived => {
                let id = row.received_fax_id.as_deref().ok_or_else(corrupt)?;
                let db = self.store.connection();
                // It may have been deleted since.
                let fax = store::received_faxes::find_of_account(db, &account.id, id).await?;
                let Some(fax) = fax else { return Ok(None) };
                self.of_received(&inbox::shown(fax)?)
            }
        };
        Ok(Some(Message { to: account.email, subject, text }))
    }

    fn of_received(&self, fax: &ReceivedFax) -> (String, String) {
        let from = fax.from.as_deref().map_or_else(|| fax.sender().to_owned(), display);
        let pages = if fax.pages == 1 { "1 page".to_owned() } else { format!("{} pages", fax.pages) };
        let subject = match fax.status {
            ReceptionStatus::Received | ReceptionStatus::Partial => format!("A fax from {from}, {pages}"),
            ReceptionStatus::Failed => format!("A fax from {from} did not arrive"),
        };
        let text = format!(
            "{}\n\nFrom: {from}\nTo: {}\nPages: {}\n\nRead it in your inbox:\n{}\n",
            fax.status.explanation(),
            fax.to_display,
            fax.pages,
            self.config.public(&format!("/inbox/{}", fax.id))
        );
        (subject, text)
    }

    /// The address of `page` with a token that works once.
    async fn link(&self, page: &str, account: &Account, letter: Letter) -> Result<String, StoreError> {
        let token = Token::new(self.clock.as_ref());
        let row = MailedToken {
            token_hash: token.hash(),
            account_id: account.id.clone(),
            purpose: letter.as_str().to_owned(),
            expires_at: after(self.clock.now().as_millisecond(), self.config.accounts.token_lifetime),
        };
        store::sessions::insert_token(self.store.connection(), row).await?;
        Ok(self.config.public(&format!("/{page}?token={}", token.as_str())))
    }
}

fn delay(tries: i32) -> Duration {
    FIRST_DELAY * 2_u32.pow(u32::try_from(tries - 1).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_may_be_away_for_hours() {
        let waits: Duration = (1..TRIES).map(delay).sum();
        assert!(
            waits > Duration::from_secs(2 * 3_600) && waits < Duration::from_secs(6 * 3_600),
            "{waits:?}"
        );
    }

    #[test]
    fn every_letter_is_found_by_its_name() {
        for letter in Letter::ALL {
            assert_eq!(Letter::parse(letter.as_str()), Some(letter));
        }
    }
}
