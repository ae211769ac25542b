//! The configuration of the Asterisk beside this server, written by `faxdroid-server asterisk-config`.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, context};

use crate::config;

/// The account of `manager.conf` that this server logs in with.
pub const AMI_USERNAME: &str = "faxdroid";

const TEMPLATES: [(&str, &str); 10] = [
    ("asterisk.conf", include_str!("templates/asterisk.conf")),
    ("extensions.conf", include_str!("templates/extensions.conf")),
    ("logger.conf", include_str!("templates/logger.conf")),
    ("manager.conf", include_str!("templates/manager.conf")),
    ("modules.conf", include_str!("templates/modules.conf")),
    ("pjproject.conf", include_str!("templates/pjproject.conf")),
    ("pjsip.conf", include_str!("templates/pjsip.conf")),
    ("res_fax.conf", include_str!("templates/res_fax.conf")),
    ("rtp.conf", include_str!("templates/rtp.conf")),
    ("udptl.conf", include_str!("templates/udptl.conf")),
];
/// Modules that are loaded complain about a missing file, and have nothing to say in it.
const EMPTY: [&str; 8] = [
    "acl.conf",
    "ccss.conf",
    "cdr.conf",
    "cel.conf",
    "codecs.conf",
    "features.conf",
    "indications.conf",
    "stasis.conf",
];
/// What Asterisk and this server write, below `home`.
const FOLDERS: [&str; 10] = [
    "lib",
    "log",
    "run",
    "spool",
    "spool/in",
    "spool/numbers",
    "spool/out",
    "spool/received",
    "spool/results",
    "spool/tmp",
];

/// Why no configuration was written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A value would end its line or become a comment, and say what nobody meant.
    #[error("{0} has a line break or a semicolon in it, which ends a line of Asterisk's configuration")]
    Unsafe(&'static str),
    #[error("{0} cannot be rendered: {1}")]
    Template(&'static str, #[source] minijinja::Error),
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// Writes every file of the configuration into `folder`, and makes the folders below `home`.
pub fn write(settings: &config::Asterisk, folder: &Path) -> Result<(), ConfigurationError> {
    let files = render(settings, folder)?;
    let make = |path: PathBuf| {
        std::fs::create_dir_all(&path).map_err(|error| ConfigurationError::Write(path, error))
    };
    make(folder.to_owned())?;
    for name in FOLDERS {
        make(settings.home.join(name))?;
    }
    for (name, content) in files {
        let path = folder.join(name);
        write_private(&path, &content).map_err(|error| ConfigurationError::Write(path, error))?;
    }
    Ok(())
}

/// Some of them hold secrets: nobody but the owner and the group may read them. Asterisk reads a whole file or the old one.
fn write_private(path: &Path, content: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o640);
    options.open(&part)?.write_all(content.as_bytes())?;
    std::fs::rename(&part, path)
}

fn render(
    settings: &config::Asterisk,
    folder: &Path,
) -> Result<Vec<(&'static str, String)>, ConfigurationError> {
    refuse_unsafe(settings)?;
    let trunk = &settings.trunk;
    let carrier_addresses =
        if trunk.addresses.is_empty() { vec![trunk.host.clone()] } else { trunk.addresses.clone() };
    let values = context! {
        etc => folder.display().to_string(),
        home => settings.home.display().to_string(),
        modules => settings.modules.display().to_string(),
        data => settings.data.display().to_string(),
        ami_address => settings.ami.ip().to_string(),
        ami_port => settings.ami.port(),
        ami_username => AMI_USERNAME,
        ami_secret => settings.ami_secret.reveal(),
        ami_tls => settings.ami_tls.as_ref().map(|tls| context! {
            address => tls.address.to_string(),
            certificate => tls.certificate.display().to_string(),
            key => tls.key.display().to_string(),
        }),
        bind => trunk.bind.to_string(),
        trunk_host => &trunk.host,
        trunk_port => trunk.port,
        trunk_username => &trunk.username,
        trunk_password => trunk.password.reveal(),
        carrier_addresses,
        qualify_seconds => trunk.qualify.as_secs(),
        external_address => trunk.external_address.map(|address| address.to_string()),
        media_address => trunk.media_address.map(|address| address.to_string()),
        local_networks => &trunk.local_networks,
        codecs => trunk.codecs.join(","),
        t38 => trunk.t38,
        error_correction => trunk.error_correction,
        max_bit_rate => trunk.max_bit_rate,
        min_bit_rate => trunk.min_bit_rate,
        incoming => settings.incoming,
        longest_call => settings.longest_call.as_secs(),
        rtp_ports => trunk.rtp_ports,
        udptl_ports => trunk.udptl_ports,
    };
    let syntax = SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| ConfigurationError::Template("the syntax", error))?;
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(syntax);
    let rendered = TEMPLATES.map(|(name, template)| {
        templates
            .render_str(template, &values)
            .map(|content| (name, content))
            .map_err(|error| ConfigurationError::Template(name, error))
    });
    let mut files = rendered.into_iter().collect::<Result<Vec<_>, _>>()?;
    files.extend(EMPTY.map(|name| (name, "; Nothing.\n".to_owned())));
    Ok(files)
}

fn refuse_unsafe(settings: &config::Asterisk) -> Result<(), ConfigurationError> {
    let trunk = &settings.trunk;
    let tls =
        settings.ami_tls.as_ref().map(|tls| (tls.certificate.to_string_lossy(), tls.key.to_string_lossy()));
    let (certificate, key) = tls.unwrap_or_default();
    let values = [
        ("line.asterisk.ami_tls.certificate", &*certificate),
        ("line.asterisk.ami_tls.key", &*key),
        ("line.asterisk.ami_secret", settings.ami_secret.reveal()),
        ("line.asterisk.trunk.host", &trunk.host),
        ("line.asterisk.trunk.username", &trunk.username),
        ("line.asterisk.trunk.password", trunk.password.reveal()),
    ];
    let listed = [
        ("line.asterisk.trunk.addresses", &trunk.addresses),
        ("line.asterisk.trunk.local_networks", &trunk.local_networks),
        ("line.asterisk.trunk.codecs", &trunk.codecs),
    ];
    let listed = listed.iter().flat_map(|(name, values)| values.iter().map(|value| (*name, value.as_str())));
    let unsafe_value =
        values.into_iter().chain(listed).find(|(_, value)| value.contains(['\n', '\r', ';', '\0']));
    unsafe_value.map_or(Ok(()), |(name, _)| Err(ConfigurationError::Unsafe(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn settings(toml: &str) -> config::Asterisk {
        let needed = "[line]\nkind = 'asterisk'\n[line.asterisk]\nami_secret = 'a secret'\n\
                      [line.asterisk.trunk]\nhost = 'sip.carrier.example'\n";
        Config::from_toml(&format!("{needed}{toml}")).unwrap().line.asterisk
    }

    fn file(settings: &config::Asterisk, name: &str) -> String {
        let files = render(settings, Path::new("/etc/asterisk")).unwrap();
        files.into_iter().find(|(file, _)| *file == name).unwrap().1
    }

    #[test]
    fn a_trunk_that_knows_us_by_address_has_no_password() {
        let pjsip = file(&settings(""), "pjsip.conf");
        assert!(pjsip.contains("contact = sip:sip.carrier.example:5060\n"), "{pjsip}");
        assert!(pjsip.contains("match = sip.carrier.example\n"), "{pjsip}");
        assert!(!pjsip.contains("password"), "{pjsip}");
        assert!(pjsip.contains("t38_udptl = yes\n"), "{pjsip}");
    }

    #[test]
    fn a_trunk_with_a_password_registers() {
        let pjsip =
            file(&settings("username = 'me'\npassword = 'mine'\naddresses = ['192.0.2.0/24']"), "pjsip.conf");
        assert!(pjsip.contains("type = registration\noutbound_auth = trunk\n"), "{pjsip}");
        assert!(pjsip.contains("match = 192.0.2.0/24\n"), "{pjsip}");
    }

    #[test]
    fn behind_address_translation_the_carrier_sees_the_outer_address() {
        let pjsip =
            file(&settings("external_address = '192.0.2.1'\nlocal_networks = ['10.0.0.0/16']"), "pjsip.conf");
        assert!(pjsip.contains("external_media_address = 192.0.2.1\nlocal_net = 10.0.0.0/16\n"), "{pjsip}");
        assert!(pjsip.contains("t38_udptl_nat = yes\n"), "{pjsip}");
    }

    #[test]
    fn the_managers_account_can_neither_configure_nor_command() {
        let manager = file(&settings(""), "manager.conf");
        assert!(manager.contains("bindaddr = 127.0.0.1\nport = 5038\n"), "{manager}");
        assert!(manager.contains("read = call,user\nwrite = call,originate,reporting\n"), "{manager}");
        assert!(manager.contains("secret = a secret\n"), "{manager}");
    }

    #[test]
    fn the_manager_speaks_tls_when_it_is_given_a_certificate() {
        assert!(!file(&settings(""), "manager.conf").contains("tls"));
        let mut settings = settings("");
        settings.ami_tls = Some(config::AmiTls {
            address: "127.0.0.1:5039".parse().unwrap(),
            certificate: PathBuf::from("/etc/faxdroid/ami.pem"),
            key: PathBuf::from("/etc/faxdroid/ami.key"),
        });
        let manager = file(&settings, "manager.conf");
        assert!(
            manager.contains(
                "tlsenable = yes\ntlsbindaddr = 127.0.0.1:5039\ntlscertfile = /etc/faxdroid/ami.pem\n\
                 tlsprivatekey = /etc/faxdroid/ami.key\n"
            ),
            "{manager}"
        );
    }

    #[test]
    fn a_call_to_a_number_that_is_not_ours_is_refused_before_it_is_answered() {
        let mut settings = settings("");
        settings.home = PathBuf::from("/var/lib/faxdroid");
        let dialplan = file(&settings, "extensions.conf");
        let trunk = dialplan.split_once("[from-trunk]").unwrap().1.split_once("[fax-in]").unwrap().0;
        assert!(trunk.contains("STAT(e,/var/lib/faxdroid/spool/numbers/${NUMBER})"), "{trunk}");
        assert!(!trunk.contains("Answer"), "{trunk}");
        assert!(trunk.contains("> 8]?busy"), "{trunk}");
    }

    #[test]
    fn a_value_cannot_add_a_line_of_its_own() {
        let mut settings = settings("");
        settings.trunk.username = "me\npassword = other".to_owned();
        assert!(matches!(
            render(&settings, Path::new("/etc/asterisk")),
            Err(ConfigurationError::Unsafe("line.asterisk.trunk.username"))
        ));
    }

    #[test]
    fn every_file_is_written_and_kept_from_others() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings("");
        settings.home = folder.path().join("home");
        write(&settings, &folder.path().join("etc")).unwrap();
        let manager = std::fs::metadata(folder.path().join("etc/manager.conf")).unwrap();
        assert_eq!(manager.permissions().mode() & 0o777, 0o640);
        assert!(settings.home.join("spool/results").is_dir());
    }
}
