//! temporary
use serde_json::json;
use crate::support::{TestApp, PASSWORD};

#[tokio::test]
async fn probe() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await; let f = ada.fax_letter("+15005550001").await; ada.finished(&f.id).await;
    for (i, email) in ["ä@example.org", "\"a b\"@example.org", "a@exämple.org", "😀@example.org", "a..b@example.org", "a@-x.org", "\"a\\\"b\"@example.org", "a@example.org.", "\"<script>\"@example.org", "a+b@example.org", "'@example.org", "a@b.c", "\"a@b\"@example.org", "\"\u{0}\"@example.org", "\"\r\n\"@example.org", "\"a\nBcc: x@y.z\"@example.org", "a\u{202e}b@example.org", "a@[127.0.0.1]", "a,b@example.org", "\"a,b\"@example.org", "(comment)a@example.org", "\" \"@example.org", "\u{a0}a@example.org", "a@xn--exmple-cua.org", "A@İstanbul.org"].iter().enumerate() {
        let r = ada.post("/accounts", &json!({"email": email, "password": PASSWORD})).await;
        println!("{i} {email:?} -> {} {}", r.status, String::from_utf8_lossy(&r.body));
    }
    for n in [1000, 49_000, 51_000, 60_000, 65_000] {
        let r = ada.get(&format!("/faxes?q={}", "a".repeat(n))).await;
        println!("q {n} -> {} {}", r.status, String::from_utf8_lossy(&r.body));
    }
    for p in ["/faxes?q=%00", "/faxes?q=%ff", "/faxes?q=a%25%25_", "/faxes?status=%00", "/faxes?cursor=LTkyMjMzNzIwMzY4NTQ3NzU4MDguYQ", "/faxes?created_after=-009999-01-01T00:00:00Z", "/faxes?created_after=9999-12-31T23:59:59Z", "/faxes?limit=1&limit=2", "/faxes?unknown=1", "/faxes?q=%F0%9F%98%80", "/documents/%00", "/documents/%ff/pages/1.png","/documents//pages/1.png", "/faxes/", "//me", "/faxes?q[]=1", "/faxes?limit=", "/transactions?cursor=&limit=", "/faxes?created_after=2026-01-01T00:00:00+01:00"] {
        let r = ada.get(p).await;
        println!("{p} -> {} {}", r.status, String::from_utf8_lossy(&r.body).chars().take(200).collect::<String>());
    }
    for b in [r#"{"email":"a","email":"b","password":"c"}"#, r#"{"email":"a","password":1e999}"#, r#"{"email":{"a":1},"password":"x"}"#, "\u{feff}{\"email\":\"a\",\"password\":\"b\"}", r#"{"email":"a\u0000","password":"b"}"#] {
        let r = ada.post_raw("/sessions", "application/json", b.to_owned()).await;
        println!("{b} -> {} {}", r.status, String::from_utf8_lossy(&r.body).chars().take(300).collect::<String>());
    }
    for b in ["email=%ff&password=x", "email&password", "email=a&email=b&password=c", "a=b", "", "email[]=a", &"a&".repeat(30_000)] {
        let r = ada.post_raw("/sessions", "application/x-www-form-urlencoded", b.to_owned()).await;
        println!("{} -> {} {:?}", &b[..b.len().min(50)], r.status, r.header("location").chars().take(200).collect::<String>());
    }
    for (n, v) in [("a\u{0}b", "+15005550001"), ("\u{202e}x\u{7}", ""), ("名前", "")] {
        let r = ada.post("/me", &json!({"sender_name": n, "sender_number": v})).await;
        println!("{n:?} -> {} {}", r.status, String::from_utf8_lossy(&r.body));
    }
    let r = ada.post_raw("/documents", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"files\"; filename*=UTF-8''%e2%82%ac.txt\r\n\r\nhello\r\n--x--\r\n").await;
    println!("{} {}", r.status, r.text());
    let long = "+1".to_owned() + &"2".repeat(60_000);
    let letter = ada.letter().await;
    let r = ada.form("/quotes", &[("document_id", letter.id.as_str()), ("to", &long)]).await;
    println!("{} {}", r.status, r.header("location").len());
    app.end().await;
}
