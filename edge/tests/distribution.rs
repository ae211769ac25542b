//! What the distribution's template and the renderer have to agree on.

use std::collections::BTreeSet;

use faxdroid_app::routes;
use faxdroid_edge::{FORWARDED_HOST, cloudfront};

const TEMPLATE: &str = include_str!("../../infra/templates/edge.yaml");

#[test]
fn the_distribution_lets_through_of_a_query_what_pages_read_and_nothing_else() {
    let (_, rest) = TEMPLATE.split_once("const QUERY = [").unwrap();
    let (names, _) = rest.split_once("];").unwrap();
    let names: BTreeSet<_> = names.split('\'').skip(1).step_by(2).collect();
    assert_eq!(names, routes::query_names().into_iter().collect());
}

#[test]
fn the_distribution_sends_the_headers_that_the_renderer_reads() {
    for header in [cloudfront::PUBLIC_URL, cloudfront::ROBOTS, cloudfront::FALLBACK] {
        assert!(TEMPLATE.contains(&format!("HeaderName: {header}, ")), "{header}");
    }
    assert!(TEMPLATE.contains(&format!("headers['{FORWARDED_HOST}'] =")));
    assert!(TEMPLATE.contains(&format!("HeaderBehavior: whitelist, Headers: [{FORWARDED_HOST}]")));
}
