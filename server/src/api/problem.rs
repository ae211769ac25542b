//! Errors as problem details. The domain's errors know no HTTP; this is the only place that maps them.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use faxdroid_contract::problem::{FieldProblem, ProblemCode};
use faxdroid_document::DocumentError;

use crate::documents::UploadError;
use crate::documents::office::OfficeError;
use crate::documents::render_pool::RenderError;
use crate::fax::number::NumberError;
use crate::fax::{CancelError, CreateFaxError, ResendError};
use crate::files::FilesError;
use crate::ledger::LedgerError;
use crate::payments::PaymentError;
use crate::store::StoreError;

/// A failed request, before the envelope gives it an identifier and its final form.
#[derive(Debug, Clone)]
pub(crate) struct ApiProblem {
    pub(crate) code: ProblemCode,
    /// What is wrong this time; the code's title when there is nothing more to say.
    pub(crate) detail: Option<String>,
    pub(crate) fields: Vec<FieldProblem>,
}

impl ApiProblem {
    pub(crate) fn of(code: ProblemCode) -> Self {
        Self { code, detail: None, fields: Vec::new() }
    }

    pub(crate) fn not_found() -> Self {
        Self::of(ProblemCode::NotFound)
    }

    pub(crate) fn internal() -> Self {
        Self::of(ProblemCode::Internal)
    }

    /// One field is wrong; the problem is called after it.
    pub(crate) fn field(pointer: &str, code: ProblemCode) -> Self {
        Self { code, detail: None, fields: vec![field(pointer, code)] }
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Logged here and told to nobody.
    fn failure(code: ProblemCode, error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "request_failed");
        Self::of(code)
    }
}

pub(crate) fn field(pointer: &str, code: ProblemCode) -> FieldProblem {
    FieldProblem {
        pointer: pointer.to_owned(),
        code: code.as_str().to_owned(),
        detail: code.title().to_owned(),
    }
}

/// Collects what is wrong with a form, so that all of it is said at once.
#[derive(Debug, Default)]
pub(crate) struct Validation(Vec<FieldProblem>);

impl Validation {
    pub(crate) fn expect(&mut self, holds: bool, pointer: &str, code: ProblemCode) {
        if !holds && !self.0.iter().any(|problem| problem.pointer == pointer) {
            self.0.push(field(pointer, code));
        }
    }

    pub(crate) fn finish(self) -> Result<(), ApiProblem> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(ApiProblem { code: ProblemCode::ValidationFailed, detail: None, fields: self.0 })
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        let code = if error.is_outage() { ProblemCode::Unavailable } else { ProblemCode::Internal };
        Self::failure(code, &error)
    }
}

impl From<FilesError> for ApiProblem {
    fn from(error: FilesError) -> Self {
        Self::failure(ProblemCode::Internal, &error)
    }
}

impl From<LedgerError> for ApiProblem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Insufficient => Self::of(ProblemCode::CreditInsufficient),
            LedgerError::AlreadyPosted => Self::of(ProblemCode::CheckoutNotPayable),
            LedgerError::Store(error) => error.into(),
        }
    }
}

impl From<NumberError> for ApiProblem {
    fn from(error: NumberError) -> Self {
        Self::field("/to", error.code())
    }
}

impl From<CreateFaxError> for ApiProblem {
    fn from(error: CreateFaxError) -> Self {
        match error {
            CreateFaxError::QuoteNotFound => Self::not_found(),
            CreateFaxError::QuoteExpired => Self::of(ProblemCode::QuoteExpired),
            CreateFaxError::CreditInsufficient => Self::of(ProblemCode::CreditInsufficient),
            CreateFaxError::EmailUnconfirmed => Self::of(ProblemCode::EmailUnconfirmed),
            CreateFaxError::Store(error) => error.into(),
        }
    }
}

impl From<ResendError> for ApiProblem {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::NotFound => Self::not_found(),
            ResendError::NotFinished => Self::of(ProblemCode::FaxNotFinished),
            ResendError::DestinationUnsupported => Self::of(ProblemCode::DestinationUnsupported),
            ResendError::CreditInsufficient => Self::of(ProblemCode::CreditInsufficient),
            ResendError::EmailUnconfirmed => Self::of(ProblemCode::EmailUnconfirmed),
            ResendError::Store(error) => error.into(),
        }
    }
}

impl From<CancelError> for ApiProblem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::not_found(),
            CancelError::NotCancelable => Self::of(ProblemCode::FaxNotCancelable),
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<UploadError> for ApiProblem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Document(error) => error.into(),
            UploadError::Uploads(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "upload_not_kept");
                Self::of(ProblemCode::Unavailable)
            }
            UploadError::Render(error) => error.into(),
            UploadError::Office(error) => error.into(),
            UploadError::Files(error) => error.into(),
            UploadError::Store(error) => error.into(),
        }
    }
}

impl From<RenderError> for ApiProblem {
    fn from(error: RenderError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "conversion_failed");
        match error {
            RenderError::Document(error) => error.into(),
            RenderError::TooComplex { .. } => Self::field("/files", ProblemCode::DocumentTooComplex),
            RenderError::Crashed { .. } => Self::field("/files", ProblemCode::DocumentUnreadable),
            RenderError::NoWorker(_) | RenderError::NotKept(_) => Self::of(ProblemCode::Unavailable),
        }
    }
}

impl From<OfficeError> for ApiProblem {
    fn from(error: OfficeError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "office_conversion_failed");
        match error {
            OfficeError::Missing { .. } => Self::field("/files", ProblemCode::DocumentTypeUnavailable),
            OfficeError::TooComplex { .. } => Self::field("/files", ProblemCode::DocumentTooComplex),
            OfficeError::Unreadable { .. } => Self::field("/files", ProblemCode::DocumentUnreadable),
            OfficeError::NotStarted(_) => Self::of(ProblemCode::Unavailable),
        }
    }
}

impl From<DocumentError> for ApiProblem {
    fn from(error: DocumentError) -> Self {
        let code = match error {
            DocumentError::Empty => ProblemCode::DocumentEmpty,
            DocumentError::TooLarge { .. } => ProblemCode::DocumentTooLarge,
            DocumentError::TooManyFiles { .. } => ProblemCode::DocumentTooManyFiles,
            DocumentError::TooManyPages { .. } => ProblemCode::DocumentTooManyPages,
            DocumentError::NoPages => ProblemCode::DocumentNoPages,
            DocumentError::Encrypted => ProblemCode::DocumentEncrypted,
            DocumentError::Unreadable { .. } => ProblemCode::DocumentUnreadable,
            // Office documents have become PDF by now.
            DocumentError::UnsupportedType { .. } | DocumentError::Office { .. } => {
                ProblemCode::DocumentTypeUnsupported
            }
            DocumentError::ImageTooLarge { .. } => ProblemCode::DocumentImageTooLarge,
        };
        Self::field("/files", code)
    }
}

impl From<PaymentError> for ApiProblem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::NotPayable => Self::of(ProblemCode::CheckoutNotPayable),
            PaymentError::NoTestCard => Self::field("/card_number", ProblemCode::CardInvalid),
            PaymentError::Stripe(error) => Self::failure(ProblemCode::PaymentUnavailable, &error),
            PaymentError::Ledger(error) => error.into(),
            PaymentError::Store(error) => error.into(),
        }
    }
}
