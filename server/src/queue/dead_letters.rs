//! Messages that were given up, explained for the operator: what they were about, and what has become of it since.

use std::fmt;

use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::ids::FaxId;

use super::{DeadLetter, Queue, QueueError, QueueName};
use crate::fax::Faxes;
use crate::store;

/// As many as a person reads.
const MOST: u32 = 100;

/// A message that was given up, and why it may be.
#[derive(Debug)]
pub struct Explained {
    pub queue: QueueName,
    pub letter: DeadLetter,
    pub why: Why,
}

/// What a look at its fax says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It names no fax: it was not sent by this program.
    Unreadable,
    /// There is no such fax.
    Unknown,
    /// The sweeper or another message has done since what it asked for.
    DoneSince { status: String },
    /// It still has to be done: no server could be reached, or each of them failed.
    StillDue { status: String },
}

/// What is done about a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It goes back where it came from.
    Redrive,
    /// It is deleted.
    Discard,
}

impl Why {
    /// What helps; the other one would lose work, or bring the letter back here.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::StillDue { .. } => Remedy::Redrive,
            Self::Unreadable | Self::Unknown | Self::DoneSince { .. } => Remedy::Discard,
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeadLetter { payload, receives, sent_at, .. } = &self.letter;
        let sent = sent_at.map(|sent| sent.to_string()).unwrap_or_default();
        write!(f, "{} {payload:?}, sent {sent}, received {receives} times: ", self.queue.as_str())?;
        match &self.why {
            Why::Unreadable => f.write_str("names no fax; discard it"),
            Why::Unknown => f.write_str("there is no such fax; discard it"),
            Why::DoneSince { status } => write!(f, "the fax is {status}; nothing is left to do, discard it"),
            Why::StillDue { status } => {
                write!(f, "the fax is still {status}; see the servers' logs of this fax, then redrive")
            }
        }
    }
}

/// The letters of every queue.
pub async fn explain(faxes: &Faxes, queue: &dyn Queue) -> Result<Vec<Explained>, QueueError> {
    let mut explained = Vec::new();
    for name in QueueName::ALL {
        for letter in queue.dead_letters(name, MOST).await? {
            let why = why(faxes, name, &letter.payload).await?;
            explained.push(Explained { queue: name, letter, why });
        }
    }
    Ok(explained)
}

async fn why(faxes: &Faxes, queue: QueueName, payload: &str) -> Result<Why, QueueError> {
    let Ok(id) = payload.parse::<FaxId>() else { return Ok(Why::Unreadable) };
    let Some(fax) = store::faxes::find(faxes.store.connection(), id.as_str()).await? else {
        return Ok(Why::Unknown);
    };
    let due = match queue {
        QueueName::Retries => FaxStatus::Retrying,
        QueueName::Refunds => FaxStatus::Failed,
    };
    Ok(if fax.status == due.as_str() {
        Why::StillDue { status: fax.status }
    } else {
        Why::DoneSince { status: fax.status }
    })
}

/// Does what helps, if it is one of `wanted`.
pub async fn mend(
    queue: &dyn Queue,
    explained: &Explained,
    wanted: &[Remedy],
) -> Result<Option<Remedy>, QueueError> {
    let remedy = explained.why.remedy();
    if !wanted.contains(&remedy) {
        return Ok(None);
    }
    match remedy {
        Remedy::Redrive => queue.redrive(explained.queue, &explained.letter).await?,
        Remedy::Discard => queue.discard(explained.queue, &explained.letter).await?,
    }
    Ok(Some(remedy))
}
