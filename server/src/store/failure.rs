//! What a failed statement means: whether it may have happened, and whether asking again can help.

use sea_orm::sqlx::{self, mysql::MySqlDatabaseError};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

/// How a statement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It did not happen, and may succeed when it is asked again.
    NotDone,
    /// The answer was lost; it may have happened.
    Unknown,
    /// Asking again answers the same.
    Lasting,
}

/// What MySQL and MariaDB say before or instead of doing what they were asked, and soon no longer say
/// (<https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>).
const PASSING: [u16; 14] = [
    1040, // too many connections
    1053, // the server is being shut down
    1152, 1158, 1159, 1160, 1161, // the connection broke
    1205, // a lock was waited for too long
    1213, // deadlock: this transaction was chosen to end
    1290, // the server runs with --read-only: it was the writer before
    1792, 1836, // read-only transaction, read-only mode
    1927, // the connection was killed (MariaDB)
    4031, // the connection was idle for too long
];

pub(super) fn of(error: &DbErr) -> Failure {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => of_driver(error),
        // It was waited for already, as long as patience lasts.
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => {
            Failure::Lasting
        }
        _ => Failure::Lasting,
    }
}

fn of_driver(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) if PASSING.contains(&error.number()) => Failure::NotDone,
            _ => Failure::Lasting,
        },
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
            Failure::Unknown
        }
        _ => Failure::Lasting,
    }
}

/// The database cannot be reached, however long one waits for this answer.
pub(super) fn is_outage(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_)) || of(error) != Failure::Lasting
}
