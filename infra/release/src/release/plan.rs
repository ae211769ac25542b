//! What a release changes, decided before anything is touched.

use std::collections::BTreeSet;

use super::Manifest;
use super::storage::Releases;

pub(crate) const EVERYTHING: &str = "/*";

/// What the caches have to forget when `to` is served after `from`: a page whose HTML changed, with and without a query
/// (CloudFront keeps each apart), and a file that was replaced. `/*` is one path and forgets all, so it is for the case that
/// every page changed.
pub(crate) fn invalidations(from: &Manifest, to: &Manifest) -> Vec<String> {
    let pages: BTreeSet<&String> = from.pages.keys().chain(to.pages.keys()).collect();
    let changed: Vec<&String> =
        pages.iter().copied().filter(|page| from.pages.get(*page) != to.pages.get(*page)).collect();
    if !changed.is_empty() && changed.len() == pages.len() {
        return vec![EVERYTHING.to_owned()];
    }
    let entries: BTreeSet<&String> = from.entries.keys().chain(to.entries.keys()).collect();
    let replaced = entries.into_iter().filter(|key| from.entries.get(*key) != to.entries.get(*key));
    let mut paths: Vec<String> = replaced.map(|key| format!("/{key}")).collect();
    for page in changed {
        paths.extend([page.clone(), format!("{page}?*")]);
    }
    paths
}

/// Keys of the static bucket that nothing needs: neither a living release, nor pages that may still be open.
pub(crate) fn prunable<'k>(
    keys: impl IntoIterator<Item = (&'k str, bool)>,
    living: &[Manifest],
) -> Vec<&'k str> {
    let needed = living.iter().flat_map(|release| release.assets.keys().chain(release.entries.keys()));
    old_and_unneeded(keys, &needed.cloned().collect())
}

/// Keys of the content of files that keep their names, which no living release has.
pub(crate) fn prunable_entries<'k>(
    keys: impl IntoIterator<Item = (&'k str, bool)>,
    living: &[Manifest],
) -> Vec<&'k str> {
    let entries = living.iter().flat_map(|release| release.entries.values());
    old_and_unneeded(keys, &entries.map(|entry| Releases::entry_key(&entry.sha256)).collect())
}

/// Of `keys`, each with whether it is old.
fn old_and_unneeded<'k>(
    keys: impl IntoIterator<Item = (&'k str, bool)>,
    needed: &BTreeSet<String>,
) -> Vec<&'k str> {
    let unneeded = keys.into_iter().filter(|(key, is_old)| *is_old && !needed.contains(*key));
    unneeded.map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::*;

    fn release(pages: &[(&str, &str)], entries: &[(&str, &str)], assets: &[&str]) -> Manifest {
        let entry = |sha256: &str| Entry {
            sha256: sha256.to_owned(),
            content_type: "image/svg+xml".to_owned(),
            cache_control: "no-cache".to_owned(),
        };
        Manifest {
            id: "1".to_owned(),
            created_at: "2026-11-25T10:00:00Z".to_owned(),
            package: String::new(),
            assets: assets.iter().map(|key| ((*key).to_owned(), "0".to_owned())).collect(),
            entries: entries.iter().map(|(key, sha256)| ((*key).to_owned(), entry(sha256))).collect(),
            pages: pages.iter().map(|(path, sha256)| ((*path).to_owned(), (*sha256).to_owned())).collect(),
        }
    }

    #[test]
    fn exactly_the_pages_that_changed_are_forgotten() {
        let from = release(
            &[("/", "1"), ("/faq", "1"), ("/old", "1"), ("/pricing", "1")],
            &[("favicon.svg", "1")],
            &[],
        );
        let to = release(
            &[("/", "1"), ("/faq", "2"), ("/new", "1"), ("/pricing", "1")],
            &[("favicon.svg", "2")],
            &[],
        );
        let expected = ["/favicon.svg", "/faq", "/faq?*", "/new", "/new?*", "/old", "/old?*"];
        assert_eq!(invalidations(&from, &to), expected);
        assert_eq!(invalidations(&to, &to), Vec::<String>::new());
    }

    #[test]
    fn everything_is_one_path_when_every_page_changed() {
        let (from, to) = (
            release(&[("/", "1"), ("/faq", "1")], &[], &[]),
            release(&[("/", "2"), ("/faq", "2")], &[], &[]),
        );
        assert_eq!(invalidations(&from, &to), ["/*"]);
    }

    #[test]
    fn only_what_is_old_and_in_no_living_release_is_deleted() {
        let living = [release(&[], &[("favicon.svg", "1")], &["pkg/a.js"])];
        let keys = [("pkg/a.js", true), ("pkg/b.js", true), ("pkg/c.js", false), ("favicon.svg", true)];
        assert_eq!(prunable(keys, &living), ["pkg/b.js"]);
    }

    #[test]
    fn what_a_living_release_would_put_back_is_kept() {
        let living = [release(&[], &[("favicon.svg", "1")], &[])];
        let keys = [("entries/1", true), ("entries/2", true), ("entries/3", false)];
        assert_eq!(prunable_entries(keys, &living), ["entries/2"]);
    }
}
