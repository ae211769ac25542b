//! The one table of pages, and the router that shows them.
//!
//! The renderer reads from the table what a page needs (scripts or none) and how long it may be kept; the
//! router runs on the server only, because links between pages are plain links.

use faxdroid_contract::ids::{CheckoutId, FaxId, ReceivedFaxId};
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::path;

use crate::components::{SiteFooter, SiteHeader};
use crate::pages;

/// How long a rendered page may be kept by browsers and the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// The page is the same for everybody until the next release, which invalidates it at the edge.
    Shared,
    /// There is nothing at the address, which may change with the next release.
    Brief,
    /// Its query may carry a token or what somebody typed, so it is not kept.
    Never,
}

/// How long a page may be kept, in seconds (RFC 9111).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// `max-age`: by the browser, which no release can reach.
    pub browser: u32,
    /// `s-maxage`: by the edge, where a release invalidates.
    pub edge: u32,
}

impl Cache {
    /// `None` where the page must not be stored.
    pub const fn lifetime(self) -> Option<Lifetime> {
        match self {
            Self::Shared => Some(Lifetime { browser: 300, edge: 86_400 }),
            Self::Brief => Some(Lifetime { browser: 0, edge: 60 }),
            Self::Never => None,
        }
    }
}

/// Whether a page loads the WebAssembly module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// HTML and CSS only.
    None,
    /// Something on the page hydrates.
    Islands,
}

/// One page of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The path, with `{id}` for a segment that varies.
    pub path: &'static str,
    /// The title without the site's name.
    pub title: &'static str,
    /// What search results and shared links say of it.
    pub description: &'static str,
    pub scripts: Scripts,
    pub cache: Cache,
    query: &'static [&'static str],
}

impl Page {
    /// The title with the site's name.
    pub fn document_title(&self) -> String {
        if self.path == "/" {
            format!("FaxDroid: {}", self.title)
        } else {
            format!("{} · FaxDroid", self.title)
        }
    }

    /// Whether the page reads this part of the query. The renderer drops every other one, so that it can neither
    /// change a byte nor fill the cache with copies.
    pub fn reads(&self, name: &str) -> bool {
        QUERY_OF_FORMS.contains(&name) || self.query.contains(&name)
    }
}

/// What every page shows: the answer to a form (see `forms`).
pub const QUERY_OF_FORMS: [&str; 2] = ["error", "notice"];

/// Every name that some page reads, once each and in order: what a cache in front has to tell apart.
pub fn query_names() -> Vec<&'static str> {
    let own = PAGES.iter().flat_map(|page| page.query);
    let mut names: Vec<_> = QUERY_OF_FORMS.iter().chain(own).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

const fn page(
    path: &'static str,
    title: &'static str,
    description: &'static str,
    scripts: Scripts,
    cache: Cache,
    query: &'static [&'static str],
) -> Page {
    Page { path, title, description, scripts, cache, query }
}

/// Every page. A test renders each of them.
pub const PAGES: [Page; 21] = [
    page(
        "/",
        "Send a fax from your browser",
        "Upload a document, see every page as it will print, pay per page and watch it being delivered. \
         Not delivered, not charged.",
        Scripts::None,
        Cache::Shared,
        &[],
    ),
    page(
        "/pricing",
        "Pricing",
        "What a fax costs: ten cents a page to most countries, with a calculator and the table of all destinations.",
        Scripts::Islands,
        Cache::Shared,
        &["country", "pages"],
    ),
    page(
        "/send",
        "Send a fax",
        "Upload a document, check the preview and the price, and send it to any fax machine we reach.",
        Scripts::Islands,
        Cache::Shared,
        &["calling_hours", "document", "pages", "quote", "resolution", "to"],
    ),
    page(
        "/faxes",
        "My faxes",
        "Every fax you have sent, with its status.",
        Scripts::Islands,
        Cache::Shared,
        &["q", "status"],
    ),
    page(
        "/faxes/{id}",
        "Fax",
        "The status of one fax and every attempt to deliver it.",
        Scripts::Islands,
        Cache::Never,
        &[],
    ),
    page("/inbox", "Inbox", "Every fax that came in on your numbers.", Scripts::None, Cache::Shared, &[]),
    page(
        "/inbox/{id}",
        "Received fax",
        "The pages of one fax that came in.",
        Scripts::None,
        Cache::Never,
        &[],
    ),
    page(
        "/credits",
        "Credits",
        "Buy credits and read your statement of account.",
        Scripts::Islands,
        Cache::Shared,
        &["next"],
    ),
    page(
        "/pay/{id}",
        "Sandbox payment",
        "The payment page of the sandbox, where no money moves.",
        Scripts::Islands,
        Cache::Never,
        &["next", "step"],
    ),
    page("/sign-up", "Sign up", "Open a FaxDroid account.", Scripts::None, Cache::Never, &["email"]),
    page("/sign-in", "Sign in", "Sign in to FaxDroid.", Scripts::None, Cache::Never, &["email", "next"]),
    page(
        "/forgot-password",
        "Forgot your password?",
        "Ask for a link that sets a new password.",
        Scripts::None,
        Cache::Never,
        &["email"],
    ),
    page(
        "/reset-password",
        "Set a new password",
        "Set a new password for your account.",
        Scripts::None,
        Cache::Never,
        &["token"],
    ),
    page(
        "/confirm-email",
        "Confirm your e-mail address",
        "Confirm the e-mail address of your account.",
        Scripts::None,
        Cache::Never,
        &["token"],
    ),
    page(
        "/account",
        "Account",
        "Your sender line, your password and your session.",
        Scripts::Islands,
        Cache::Shared,
        &["sender_name", "sender_number"],
    ),
    page(
        "/faq",
        "Questions and answers",
        "How faxing with FaxDroid works: files, numbers, retries, refunds and what is stored.",
        Scripts::None,
        Cache::Shared,
        &[],
    ),
    page(
        "/developers",
        "Developers",
        "The REST API: authentication, idempotency, cursors, events, every operation, every problem code, test numbers.",
        Scripts::None,
        Cache::Shared,
        &[],
    ),
    page(
        "/terms",
        "Terms of service",
        "The terms on which FaxDroid sends your faxes.",
        Scripts::None,
        Cache::Shared,
        &[],
    ),
    page(
        "/privacy",
        "Privacy",
        "What FaxDroid stores, why, and for how long.",
        Scripts::None,
        Cache::Shared,
        &[],
    ),
    page("/404", "Page not found", "There is no page at this address.", Scripts::None, Cache::Brief, &[]),
    page("/error", "Something went wrong", "The page could not be shown.", Scripts::None, Cache::Never, &[]),
];

/// The page shown, with status 404, where [`find`] finds nothing.
pub const NOT_FOUND: &str = "/404";
/// The page shown, with status 500, when a page could not be rendered.
pub const ERROR: &str = "/error";

/// The page at `path` (without query); `None` is a 404.
pub fn find(path: &str) -> Option<&'static Page> {
    row(path).filter(|page| page.path != NOT_FOUND && page.path != ERROR)
}

/// The page that is shown for `path`, whatever the status.
pub(crate) fn shown(path: &str) -> &'static Page {
    row(path).or_else(|| row(NOT_FOUND)).unwrap_or(&PAGES[0])
}

fn row(path: &str) -> Option<&'static Page> {
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    PAGES.iter().find(|page| matches(page.path, path))
}

fn matches(pattern: &str, path: &str) -> bool {
    let Some(prefix) = pattern.strip_suffix("{id}") else { return pattern == path };
    let Some(id) = path.strip_prefix(prefix) else { return false };
    // An identifier that does not parse names nothing, so there is no page either.
    match prefix {
        "/faxes/" => id.parse::<FaxId>().is_ok(),
        "/inbox/" => id.parse::<ReceivedFaxId>().is_ok(),
        "/pay/" => id.parse::<CheckoutId>().is_ok(),
        _ => false,
    }
}

/// Header, the page at the request's path, footer.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Header />
            <main id="main" tabindex="-1" class="mx-auto w-full max-w-6xl flex-1 px-4 py-10 outline-none sm:px-6 sm:py-14">
                <FlatRoutes fallback=pages::NotFound>
                    <Route path=path!("/") view=pages::Home />
                    <Route path=path!("/pricing") view=pages::Pricing />
                    <Route path=path!("/send") view=pages::Send />
                    <Route path=path!("/faxes") view=pages::Faxes />
                    <Route path=path!("/faxes/:id") view=pages::FaxStatus />
                    <Route path=path!("/inbox") view=pages::Inbox />
                    <Route path=path!("/inbox/:id") view=pages::ReceivedFax />
                    <Route path=path!("/credits") view=pages::Credits />
                    <Route path=path!("/pay/:id") view=pages::Pay />
                    <Route path=path!("/sign-up") view=pages::SignUp />
                    <Route path=path!("/sign-in") view=pages::SignIn />
                    <Route path=path!("/forgot-password") view=pages::ForgotPassword />
                    <Route path=path!("/reset-password") view=pages::ResetPassword />
                    <Route path=path!("/confirm-email") view=pages::ConfirmEmail />
                    <Route path=path!("/account") view=pages::Account />
                    <Route path=path!("/faq") view=pages::Faq />
                    <Route path=path!("/developers") view=pages::Developers />
                    <Route path=path!("/terms") view=pages::Terms />
                    <Route path=path!("/privacy") view=pages::Privacy />
                    <Route path=path!("/404") view=pages::NotFound />
                    <Route path=path!("/error") view=pages::ServerError />
                </FlatRoutes>
            </main>
            <SiteFooter />
        </Router>
    }
    .into_any()
}

/// The header knows the page only inside of the router.
#[component]
fn Header() -> impl IntoView {
    view! { <SiteHeader shown=use_location().pathname.get_untracked() /> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_page_and_an_unknown_one_finds_none() {
        assert_eq!(find("/").map(|page| page.path), Some("/"));
        assert_eq!(find("/faxes").map(|page| page.path), Some("/faxes"));
        let fax = "/faxes/fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2";
        assert_eq!(find(fax).map(|page| page.path), Some("/faxes/{id}"));
        assert_eq!(find("/faxes/fax_1"), None);
        assert_eq!(find("/pay/fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2"), None);
        assert_eq!(find("/pricing/").map(|page| page.path), Some("/pricing"));
        assert_eq!(find(&format!("{fax}/more")), None);
        assert_eq!(find("/pay/"), None);
        assert_eq!(find("/nothing"), None);
        assert_eq!(shown("/nothing").path, NOT_FOUND);
    }

    /// It goes into the document as it is.
    #[test]
    fn no_title_has_markup_in_it() {
        for page in PAGES {
            assert!(!page.document_title().contains(['<', '>', '&']), "{}", page.path);
        }
    }

    #[test]
    fn a_page_reads_its_own_query_and_the_answers_to_forms_and_nothing_else() {
        let pricing = find("/pricing").unwrap();
        assert!(pricing.reads("country") && pricing.reads("error") && pricing.reads("notice"));
        assert!(!pricing.reads("utm_source") && !pricing.reads("token"));
        assert!(query_names().contains(&"token"));
    }

    #[test]
    fn the_pages_for_errors_are_shown_but_not_found() {
        for path in [NOT_FOUND, ERROR] {
            assert_eq!(find(path), None);
            assert_eq!(shown(path).path, path);
        }
    }

    #[test]
    fn a_page_whose_query_may_carry_a_secret_is_never_kept() {
        for path in ["/reset-password", "/confirm-email", "/sign-in", "/sign-up"] {
            assert_eq!(find(path).and_then(|page| page.cache.lifetime()), None, "{path}");
        }
    }
}
