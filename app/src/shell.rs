//! The HTML document around every page.
//!
//! Both inline scripts are constants, so that the Content-Security-Policy can name them by hash; the names of
//! hashed files reach the second one through the preload links.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

use crate::routes::{self, App, Scripts};

/// Scheme and host of the public site, without a slash at the end, for canonical links. The renderer provides
/// it as a context; without it no canonical link is written.
#[derive(Debug, Clone)]
pub struct CanonicalOrigin(pub Arc<str>);

/// Tells the style sheet whether somebody is signed in, before anything is painted.
pub const SESSION_SCRIPT: &str =
    "document.documentElement.dataset.session=/(^|; )faxdroid_signed_in=/.test(document.cookie)?'in':'out'";

/// Loads the module and hydrates each island. The functions are named by `data-component`; islands do not
/// nest here.
pub const ISLANDS_SCRIPT: &str = "const q=s=>document.querySelector(s).href;\
    import(q('link[rel=modulepreload]')).then(m=>m.default({module_or_path:q('link[as=fetch]')}).then(()=>{\
    m.hydrate();for(const e of document.querySelectorAll('leptos-island'))m[e.dataset.component]?.(e);\
    document.documentElement.dataset.hydrated=''}))";

/// Set by cargo-leptos while it watches.
const WATCH: &str = "LEPTOS_WATCH";
/// Where cargo-leptos puts what it builds, for the programs that it starts.
const WATCHED_ROOT: &str = "LEPTOS_SITE_ROOT";

/// Whether cargo-leptos watches: pages then carry its reload script, which is inline and differs by port.
pub fn is_watched() -> bool {
    std::env::var_os(WATCH).is_some()
}

/// What cargo-leptos called the files of this build.
#[derive(Clone)]
struct SiteFiles {
    script: String,
    module: String,
    style: String,
}

impl SiteFiles {
    /// Read once, since the files cannot change while the program runs, unless cargo-leptos watches.
    fn of(options: &LeptosOptions) -> Cow<'static, Self> {
        static FILES: OnceLock<SiteFiles> = OnceLock::new();
        let files = FILES.get_or_init(|| {
            let hashes = if options.hash_files { read_hashes(options) } else { String::new() };
            Self::named(&options.output_name, &options.site_pkg_dir, &hashes)
        });
        match std::env::var_os(WATCHED_ROOT) {
            Some(root) if is_watched() => Cow::Owned(files.newest(options, Path::new(&root))),
            _ => Cow::Borrowed(files),
        }
    }

    /// What cargo-leptos has built since it began to watch: that has the plain names, and for a change of style alone
    /// it does not start the program again. Its reload script knows the link of the style by the plain name, so each
    /// address contains that; the time in it is for the browser's cache.
    fn newest(&self, options: &LeptosOptions, root: &Path) -> Self {
        let newest = |built_first: &str, kind: &str| {
            let plain = format!("{}/{}.{kind}", options.site_pkg_dir, options.output_name);
            let rebuilt = std::fs::metadata(root.join(&plain)).and_then(|file| file.modified()).ok();
            match rebuilt.and_then(|at| at.duration_since(UNIX_EPOCH).ok()) {
                Some(at) => format!("/{plain}?{}", at.as_millis()),
                None => format!("{built_first}?{plain}"),
            }
        };
        Self {
            script: newest(&self.script, "js"),
            module: newest(&self.module, "wasm"),
            style: newest(&self.style, "css"),
        }
    }

    /// `hashes` is cargo-leptos's hash file: lines like `js: 1a2b`. Files without a hash keep the plain name.
    fn named(name: &str, folder: &str, hashes: &str) -> Self {
        let hashed = |kind: &str, plain: String| {
            hashes
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(of, _)| of.trim() == kind)
                .map_or(plain, |(_, hash)| format!("/{folder}/{name}.{}.{kind}", hash.trim()))
        };
        Self {
            script: hashed("js", format!("/{folder}/{name}.js")),
            module: hashed("wasm", format!("/{folder}/{name}.wasm")),
            style: hashed("css", format!("/{folder}/{name}.css")),
        }
    }
}

fn read_hashes(options: &LeptosOptions) -> String {
    let beside_program = std::env::current_exe()
        .ok()
        .and_then(|program| program.parent().map(|folder| folder.join(&*options.hash_file)));
    // A build without the file is a build whose names carry no hash.
    beside_program.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

/// The whole document, from `<!DOCTYPE html>` on.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    // Only islands hydrate: ids and resources outside of them need not be numbered or sent.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let files = SiteFiles::of(&options);
    let path = request_path();
    let page = routes::shown(&path);
    let title = page.document_title();
    let shared_title = title.clone();
    let origin = use_context::<CanonicalOrigin>();
    let canonical = origin.as_ref().map(|origin| format!("{}{path}", origin.0));
    let share_image = origin.as_ref().map(|origin| format!("{}/share.png", origin.0));
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                // Not as a child: in a development build a marker for hydration follows it, which a title shows.
                <title inner_html=title></title>
                <meta name="description" content=page.description />
                {canonical.clone().map(|href| view! { <link rel="canonical" href=href /> })}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f8f5ef" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#10161d" />
                {open_graph("og:site_name", "FaxDroid".to_owned())}
                {open_graph("og:type", "website".to_owned())}
                {open_graph("og:title", shared_title)}
                {open_graph("og:description", page.description.to_owned())}
                {canonical.map(|url| open_graph("og:url", url))}
                {share_image.map(|url| open_graph("og:image", url))}
                <script inner_html=SESSION_SCRIPT></script>
                <link rel="stylesheet" href=files.style.as_str() />
                {(page.scripts == Scripts::Islands).then(|| view! {
                    <link rel="modulepreload" href=files.script.as_str() crossorigin="" />
                    <link rel="preload" href=files.module.as_str() r#as="fetch" r#type="application/wasm" crossorigin="" />
                    <script type="module" inner_html=ISLANDS_SCRIPT></script>
                })}
                <AutoReload options=options.clone() />
            </head>
            <body class="flex min-h-dvh flex-col bg-paper font-sans text-ink antialiased">
                <a
                    href="#main"
                    class="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-10 focus:rounded-lg focus:bg-accent focus:px-4 focus:py-2 focus:text-on-accent"
                >
                    "Skip to content"
                </a>
                <App />
            </body>
        </html>
    }
    .into_any()
}

/// A property of the Open Graph protocol; the view macro does not know the attribute.
fn open_graph(property: &'static str, content: String) -> impl IntoView {
    leptos::html::meta().attr("property", property).content(content)
}

fn request_path() -> String {
    let url = use_context::<RequestUrl>().map(|url| url.as_ref().to_owned()).unwrap_or_default();
    let after_host =
        url.split_once("://").map_or(url.as_str(), |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let path = after_host.split(['?', '#']).next().unwrap_or_default();
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

#[cfg(test)]
mod tests {
    use faxdroid_contract::accounts::SIGNED_IN_COOKIE;

    use super::*;

    #[test]
    fn hashed_files_carry_their_hash_and_others_the_plain_name() {
        let files = SiteFiles::named("faxdroid", "pkg", "js: 1a\nwasm: 2b\n");
        assert_eq!(files.script, "/pkg/faxdroid.1a.js");
        assert_eq!(files.module, "/pkg/faxdroid.2b.wasm");
        assert_eq!(files.style, "/pkg/faxdroid.css");
    }

    #[test]
    fn what_was_built_anew_while_watched_goes_before_what_was_built_first() {
        let options = LeptosOptions::builder().output_name("faxdroid").build();
        let root = std::env::temp_dir().join(format!("faxdroid-watched-{}", std::process::id()));
        std::fs::create_dir_all(root.join("pkg")).unwrap();
        std::fs::write(root.join("pkg/faxdroid.css"), "").unwrap();
        let files =
            SiteFiles::named("faxdroid", "pkg", "js: 1a\nwasm: 2b\ncss: 3c\n").newest(&options, &root);
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(files.script, "/pkg/faxdroid.1a.js?pkg/faxdroid.js");
        assert!(files.style.starts_with("/pkg/faxdroid.css?1"), "{}", files.style);
    }

    #[test]
    fn the_fallback_runs_the_same_session_script_and_looks_the_same() {
        let fallback = include_str!("../index.html");
        assert!(fallback.contains(&format!("<script>{SESSION_SCRIPT}</script>")));
        let body = fallback.lines().find(|line| line.starts_with("<body")).unwrap();
        assert!(include_str!("shell.rs").contains(body));
    }

    #[test]
    fn the_session_script_reads_the_cookie_of_the_contract() {
        assert!(SESSION_SCRIPT.contains(SIGNED_IN_COOKIE));
    }
}
