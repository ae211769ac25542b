//! The statement of account: every movement of a customer's money, newest first.

use faxdroid_contract::credits::{Transaction, TransactionKind};
use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::ProblemCode;

use crate::support::{Customer, TestApp};

const RECEIVES: &str = "+15005550001";
/// Does not exist: refunded after one call.
const UNALLOCATED: &str = "+15005550006";

async fn statement(customer: &Customer, query: &str) -> Page<Transaction> {
    customer.get(&format!("/transactions{query}")).await.json()
}

/// Kind, amount and balance of every line.
fn lines(page: &Page<Transaction>) -> Vec<(TransactionKind, i64, i64)> {
    page.data.iter().map(|line| (line.kind, line.amount.amount_minor, line.balance.amount_minor)).collect()
}

#[tokio::test]
async fn who_has_bought_nothing_has_an_empty_statement() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assert_eq!(statement(&ada, "").await, Page { data: Vec::new(), next_cursor: None });
    app.visitor().get("/transactions").await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn the_statement_tells_what_was_bought_charged_and_given_back() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let delivered = ada.fax_letter(RECEIVES).await;
    assert_eq!(ada.finished(&delivered.id).await.status, FaxStatus::Delivered);
    let refunded = ada.fax_letter(UNALLOCATED).await;
    assert_eq!(ada.finished(&refunded.id).await.status, FaxStatus::Refunded);

    let page = statement(&ada, "").await;
    assert_eq!(
        lines(&page),
        [
            (TransactionKind::Refund, 30, 2_070),
            (TransactionKind::Charge, -30, 2_040),
            (TransactionKind::Charge, -30, 2_070),
            (TransactionKind::Purchase, 2_100, 2_100),
        ]
    );
    let faxes: Vec<_> = page.data.iter().map(|line| line.fax_id.as_ref()).collect();
    assert_eq!(faxes, [Some(&refunded.id), Some(&refunded.id), Some(&delivered.id), None]);
    assert!(page.data[3].checkout_id.is_some());
    assert_eq!((page.next_cursor, ada.balance().await), (None, 2_070));
    app.end().await;
}

#[tokio::test]
async fn every_line_is_read_once_while_new_ones_arrive() {
    let app = TestApp::start().await;
    let mut ada = app.customer().await;
    for _ in 0..5 {
        ada = ada.with_credit().await;
    }
    let all = statement(&ada, "").await.data;
    let mut read = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = statement(&ada, &query).await;
        assert!(page.data.len() <= 2);
        read.extend(page.data);
        ada = ada.with_credit().await;
        let Some(cursor) = page.next_cursor else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(read, all);
    app.end().await;
}

#[tokio::test]
async fn a_page_that_ends_with_the_last_line_names_no_next_one() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await.with_credit().await;
    let page = statement(&ada, "?limit=2").await;
    assert_eq!((page.data.len(), page.next_cursor), (2, None));
    app.end().await;
}

#[tokio::test]
async fn what_is_no_page_of_the_statement_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for query in ["?limit=0", "?limit=101", "?limit=-1", "?limit=many"] {
        ada.get(&format!("/transactions{query}")).await.problem(ProblemCode::ParameterInvalid);
    }
    for cursor in ["x", "%00", "MTIz", "../.."] {
        let answer = ada.get(&format!("/transactions?cursor={cursor}")).await;
        answer.problem(ProblemCode::CursorInvalid);
    }
    app.end().await;
}

#[tokio::test]
async fn a_browser_without_scripts_reads_the_statement_page_by_page() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await.with_credit().await;
    let page = ada.get_html("/transactions?limit=1").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let text = page.text();
    for part in ["<html lang=\"en\">", "Credits bought", "$21.00", "$42.00", "Older lines"] {
        assert!(text.contains(part), "{part}");
    }
    let next = text.split_once("/api/v1/transactions?limit=1&amp;cursor=").unwrap().1.split('"').next();
    let older = format!("/transactions?limit=1&cursor={}", next.unwrap());
    let older = ada.get_html(&older).await.expect(200).text();
    assert!(!older.contains("Older lines") && older.contains("Credits bought"));
    app.end().await;
}
