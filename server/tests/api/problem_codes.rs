//! The table of problem codes against these tests: a code that nothing provokes is a code that nobody knows to work.

use std::fs;
use std::path::Path;

use faxdroid_contract::problem::ProblemCode;

#[test]
fn every_code_of_the_table_has_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api");
    let tests: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    // A code stands in a test as the variant, or behind the field it is about.
    let is_expected = |code: &ProblemCode| {
        let variant = format!("ProblemCode::{code:?}");
        let of_a_field = format!(" {}\"", code.as_str());
        tests.split(|c: char| !c.is_alphanumeric() && c != ':').any(|word| word == variant)
            || tests.contains(&of_a_field)
    };
    let untested: Vec<_> = ProblemCode::ALL.iter().filter(|code| !is_expected(code)).collect();
    assert!(untested.is_empty(), "no test expects {untested:?}");
}
