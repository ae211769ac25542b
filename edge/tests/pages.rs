//! What the renderer answers, over HTTP.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use faxdroid_app::routes::{self, Cache, Scripts};
use faxdroid_edge::{Crawlers, FORWARDED_HOST, Site, router};
use http_body_util::BodyExt;
use leptos::prelude::*;
use tower::ServiceExt;

const ORIGIN: &str = "https://www.faxdroid.com";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn site() -> Site {
    Site::new(include_str!("openapi.json"), Some(ORIGIN))
}

async fn ask(site: Site, request: Request<Body>) -> Answer {
    let (head, body) = router(site).oneshot(request).await.unwrap().into_parts();
    Answer {
        status: head.status,
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

async fn send(method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(site(), request.body(Body::empty()).unwrap()).await
}

async fn get(path: &str) -> Answer {
    send(Method::GET, path, &[]).await
}

/// One address for each page that can be asked for.
fn addresses() -> Vec<(&'static routes::Page, String)> {
    let id = |path: &str| match path {
        "/pay/{id}" => "chk_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
        "/inbox/{id}" => "rcv_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
        _ => "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
    };
    let pages = routes::PAGES.iter().filter(|page| !matches!(page.path, routes::NOT_FOUND | routes::ERROR));
    pages.map(|page| (page, page.path.replace("{id}", id(page.path)))).collect()
}

#[tokio::test]
async fn every_page_is_whole_html_and_kept_as_long_as_it_says() {
    for (page, address) in addresses() {
        let answer = get(&address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert!(
            answer.text().starts_with("<!DOCTYPE html>") && answer.text().ends_with("</html>"),
            "{address}"
        );
        let expected = match page.cache {
            Cache::Shared => {
                "public, max-age=300, s-maxage=86400, stale-while-revalidate=86400, stale-if-error=604800"
            }
            _ => "no-store",
        };
        assert_eq!(answer.header("cache-control"), expected, "{address}");
    }
}

#[tokio::test]
async fn cookies_credentials_languages_and_unknown_queries_change_no_byte() {
    let who = [
        ("cookie", "faxdroid_session=secret; faxdroid_signed_in=1"),
        ("authorization", "Bearer secret"),
        ("accept-language", "de"),
        ("user-agent", "another browser"),
        ("x-forwarded-for", "203.0.113.178"),
        ("x-forwarded-host", "evil.example"),
        ("host", "evil.example"),
    ];
    for (_, address) in addresses() {
        let plain = get(&address).await;
        let other =
            send(Method::GET, &format!("{address}?utm_source=mail&fbclid=1&%65mail=x&email[]=x"), &who).await;
        assert_eq!(other.text(), plain.text(), "{address}");
        assert_eq!(other.headers, plain.headers, "{address}");
    }
}

#[tokio::test]
async fn what_a_page_reads_of_its_query_reaches_it_and_keeps_it_out_of_caches() {
    let answer = get("/sign-in?utm_source=mail&email=ann%40example.com&error=email:email_invalid").await;
    assert!(answer.text().contains("value=\"ann@example.com\""));
    assert!(answer.text().contains("id=\"email-error\""));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(get("/pricing?country=MX&pages=5").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_unknown_path_is_a_page_with_status_404_that_is_forgotten_soon() {
    let answer = get("/no/such/page?email=x").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("There is no page at this address"));
    assert!(answer.header("cache-control").starts_with("public, max-age=0, s-maxage=60,"));
}

#[tokio::test]
async fn a_page_that_panics_is_a_page_for_errors_and_the_next_one_works() {
    fn panics(options: LeptosOptions) -> AnyView {
        let path = use_context::<leptos_router::location::RequestUrl>().unwrap();
        assert!(path.as_ref().contains(routes::ERROR), "on purpose");
        faxdroid_app::shell(options).into_any()
    }
    let broken = site().with_document(panics);
    let answer = ask(broken, Request::get("/pricing").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.text().contains("<main"), "{}", answer.text());
    assert_eq!(get("/pricing").await.status, StatusCode::OK);
}

#[tokio::test]
async fn when_even_the_page_for_errors_panics_there_is_still_an_answer() {
    let broken = site().with_document(|_| panic!("on purpose"));
    let answer = ask(broken, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().contains("Something went wrong"));
}

#[tokio::test]
async fn who_has_the_page_already_is_told_so() {
    let first = get("/pricing").await;
    let tag = first.header("etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    for condition in [tag, "*", &format!("\"other\", {tag}")] {
        let again = send(Method::GET, "/pricing", &[("if-none-match", condition)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{condition}");
        assert!(again.body.is_empty());
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
    }
    let another = send(Method::GET, "/faq", &[("if-none-match", tag)]).await;
    assert_eq!(another.status, StatusCode::OK);
}

#[tokio::test]
async fn head_is_get_without_the_page() {
    for path in ["/", "/no/such/page", "/pricing/"] {
        let (got, head) = (get(path).await, send(Method::HEAD, path, &[]).await);
        assert_eq!(head.status, got.status, "{path}");
        assert_eq!(head.headers, got.headers, "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn pages_take_no_posts() {
    let answer = send(Method::POST, "/send", &[]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn pages_are_compressed_as_the_browser_accepts() {
    let plain = get("/").await;
    for (accepted, coding) in
        [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0", ""), ("zstd", "")]
    {
        let answer = send(Method::GET, "/", &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.header("etag"), plain.header("etag"), "{accepted}");
        assert!(answer.header("vary").to_lowercase().contains("accept-encoding"), "{accepted}");
        assert_eq!(answer.body.len() < plain.body.len() / 2, !coding.is_empty(), "{accepted}");
    }
}

#[tokio::test]
async fn every_page_has_one_address() {
    for (asked, location) in [
        ("/pricing/", "/pricing"),
        ("/pricing/?pages=3&country=DE", "/pricing?pages=3&country=DE"),
        ("/login?next=/send", "/sign-in?next=/send"),
        ("//evil.example/", "/evil.example"),
    ] {
        let answer = get(asked).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{asked}");
        assert_eq!(answer.header("location"), location, "{asked}");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600", "{asked}");
    }
}

#[tokio::test]
async fn the_host_without_www_leads_to_the_one_with_it() {
    for name in ["host", FORWARDED_HOST] {
        let answer = send(Method::GET, "/login?next=/send", &[(name, "FaxDroid.com")]).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{name}");
        assert_eq!(answer.header("location"), "https://www.faxdroid.com/sign-in?next=/send", "{name}");
    }
    assert_eq!(send(Method::GET, "/", &[("host", "www.faxdroid.com")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn crawlers_are_told_where_the_pages_are_or_to_stay_away() {
    let robots = get("/robots.txt").await;
    assert_eq!(robots.header("content-type"), "text/plain; charset=utf-8");
    assert!(robots.text().contains("Disallow: /api/\n"));
    assert!(robots.text().ends_with("Sitemap: https://www.faxdroid.com/sitemap.xml\n"));

    let mut request = Request::get("/robots.txt").body(Body::empty()).unwrap();
    request.extensions_mut().insert(Crawlers::Refused);
    assert_eq!(ask(site(), request).await.text(), "User-agent: *\nDisallow: /\n");
}

#[tokio::test]
async fn every_address_of_the_sitemap_is_a_page_that_search_engines_may_read() {
    let (sitemap, robots) = (get("/sitemap.xml").await, get("/robots.txt").await);
    let listed: Vec<_> = sitemap
        .text()
        .split("<loc>")
        .skip(1)
        .map(|rest| rest.split("</loc>").next().unwrap().strip_prefix(ORIGIN).unwrap())
        .collect();
    assert!(
        listed.contains(&"/") && listed.contains(&"/pricing") && listed.contains(&"/developers"),
        "{listed:?}"
    );
    for path in listed {
        assert_eq!(get(path).await.status, StatusCode::OK, "{path}");
        let refused = robots.text().lines().filter_map(|line| line.strip_prefix("Disallow: "));
        assert!(!refused.into_iter().any(|refused| path.starts_with(refused)), "{path}");
    }
}

/// The grade of Mozilla's HTTP Observatory: 100 with the modifiers of its tests added, of which those above zero only
/// count when the rest leaves 90; A+ is 100 and more (mdn/mdn-http-observatory, `src/grader/charts.js`).
fn observatory_score(answer: &Answer) -> i32 {
    let policy = answer.header("content-security-policy");
    let directive = |name: &str| {
        policy
            .split(';')
            .map(str::trim)
            .find_map(|directive| directive.strip_prefix(name)?.strip_prefix(' '))
            .map(|sources| sources.split(' ').collect::<Vec<_>>())
    };
    let sources =
        |name: &str| directive(name).or_else(|| directive("default-src")).unwrap_or_else(|| vec!["*"]);
    let broad = |sources: &[&str]| {
        sources.iter().any(|source| ["*", "http:", "https:", "data:", "'unsafe-inline'"].contains(source))
    };
    let content_security_policy = if policy.is_empty() {
        -25
    } else if broad(&sources("script-src")) || broad(&sources("object-src")) {
        -20
    } else if sources("script-src").contains(&"'unsafe-eval'") {
        -10
    } else if broad(&sources("style-src")) {
        0
    } else if directive("default-src") == Some(vec!["'none'"]) {
        10
    } else {
        5
    };
    let scripts_from_elsewhere = answer
        .text()
        .split("<script")
        .skip(1)
        .any(|tag| tag.split('>').next().unwrap_or("").contains("src=\"http"));
    let transport = answer.header("strict-transport-security");
    let seconds =
        transport.split(';').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u32>().ok());
    let modifiers = [
        content_security_policy,
        // Cookies, and sharing with other origins: none on a page.
        if answer.headers.contains_key("set-cookie") { -20 } else { 0 },
        if answer.headers.contains_key("access-control-allow-origin") { -50 } else { 0 },
        match answer.header("referrer-policy") {
            "no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin" => 5,
            "" => 0,
            _ => -5,
        },
        if scripts_from_elsewhere { -5 } else { 0 },
        match seconds {
            None => -20,
            Some(seconds) if seconds < 15_552_000 => -10,
            Some(_) => 0,
        },
        if answer.header("x-content-type-options") == "nosniff" { 0 } else { -5 },
        match directive("frame-ancestors") {
            Some(ancestors) if !broad(&ancestors) => 5,
            _ if matches!(answer.header("x-frame-options"), "DENY" | "SAMEORIGIN") => 0,
            _ => -20,
        },
        match answer.header("cross-origin-resource-policy") {
            "same-origin" | "same-site" => 10,
            "cross-origin" => -5,
            _ => 0,
        },
    ];
    let losses = 100 + modifiers.iter().filter(|modifier| **modifier < 0).sum::<i32>();
    if losses < 90 {
        losses
    } else {
        losses + modifiers.iter().filter(|modifier| **modifier > 0).sum::<i32>()
    }
}

#[tokio::test]
async fn every_answer_would_be_graded_a_plus_by_the_http_observatory() {
    let others = ["/no/such/page", "/pricing/", "/robots.txt"].map(str::to_owned);
    for address in addresses().into_iter().map(|(_, address)| address).chain(others) {
        let answer = get(&address).await;
        assert!(observatory_score(&answer) >= 100, "{address}: {}", observatory_score(&answer));
    }
    let mut without = get("/").await;
    without.headers.remove("content-security-policy");
    assert!(observatory_score(&without) < 90);
}

#[tokio::test]
async fn every_inline_script_is_named_by_its_hash_and_no_other_may_run() {
    use base64::Engine;
    use sha2::Digest;
    for (page, address) in addresses() {
        let answer = get(&address).await;
        let policy = answer.header("content-security-policy");
        let scripts: Vec<_> = answer
            .text()
            .split("<script")
            .skip(1)
            .map(|rest| rest.split_once('>').unwrap().1.split("</script>").next().unwrap())
            .collect();
        assert_eq!(scripts.len(), if page.scripts == Scripts::Islands { 2 } else { 1 }, "{address}");
        for script in scripts {
            let hash = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(script));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{address}: {script}");
        }
        assert!(!policy.contains("unsafe-inline"), "{policy}");
    }
}

#[tokio::test]
async fn the_fallback_may_do_what_pages_may() {
    let fallback = include_str!("../../app/index.html");
    let (_, rest) = fallback.split_once("http-equiv=\"Content-Security-Policy\" content=\"").unwrap();
    let (of_fallback, _) = rest.split_once('"').unwrap();
    let of_page = get("/").await.header("content-security-policy").to_owned();
    let directives = |policy: &str| policy.split("; ").map(str::to_owned).collect::<Vec<_>>();
    for (page, fallback) in directives(&of_page).iter().zip(directives(of_fallback)) {
        // The script of islands is on pages alone.
        assert!(*page == fallback || page.starts_with(&fallback), "{page}: {fallback}");
    }
    // An element of the page cannot say who may frame it (CSP 3, 6.4.2).
    assert_eq!(directives(&of_page).len(), directives(of_fallback).len() + 1);
    assert!(of_page.ends_with("; frame-ancestors 'none'"));
}
