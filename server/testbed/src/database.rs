//! A server that speaks MySQL's protocol: MariaDB, which every Debian has, or with `TEST_DATABASE=mysql` MySQL itself as
//! `script/mysql` installs it. What one refuses must not be asked of the other.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Process, wait_for};
use crate::{cache, free_port, program, user_option};

/// A database server with nothing in it but its two users. As in production, the server's own cannot write to a
/// server that is read-only.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    folder: PathBuf,
    port: u16,
    options: Vec<String>,
    process: Option<Process>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    MariaDb,
    MySql,
}

/// Options of both. What Aurora's MySQL refuses is refused here too; written at each commit, so that killing the server
/// loses nothing, and flushed to the disk at leisure; of the kernel's asynchronous I/O there is too little for many
/// servers at once.
const OPTIONS: [&str; 8] = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--max-connections=500",
    "--innodb-use-native-aio=0",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0",
    "--sql-mode=STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
];
const USERS: &str = "\
    CREATE USER IF NOT EXISTS 'faxdroid'@'%' IDENTIFIED BY 'faxdroid';\n\
    GRANT ALL ON `test%`.* TO 'faxdroid'@'%';\n\
    CREATE USER IF NOT EXISTS 'admin'@'%' IDENTIFIED BY 'admin';\n\
    GRANT ALL ON *.* TO 'admin'@'%';\n";

impl Kind {
    fn of_environment() -> Self {
        match std::env::var("TEST_DATABASE").as_deref() {
            Ok("mysql") => Self::MySql,
            Ok("mariadb") | Err(_) => Self::MariaDb,
            Ok(other) => panic!("TEST_DATABASE is mariadb or mysql, not {other}"),
        }
    }

    /// Makes an empty database in `folder/data`.
    fn install(self, folder: &Path) {
        let data = format!("--datadir={}", folder.join("data").display());
        let mut install = match self {
            Self::MariaDb => {
                let mut install = Command::new(program("mariadb-install-db"));
                install
                    .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
                    .args(["--innodb-log-file-size=8M", "--innodb-use-native-aio=0"]);
                install
            }
            Self::MySql => {
                let mysql = mysql();
                let mut install = Command::new(&mysql[0]);
                install.args(&mysql[1..]).args(["--initialize-insecure", "--innodb-use-native-aio=0"]);
                install
            }
        };
        let installed = install
            .args(user_option())
            .arg(data)
            // A server that starts deletes the temporary tables of all others in this folder.
            .env("TMPDIR", folder)
            .output()
            .expect("a database can be made");
        let said = [installed.stdout, installed.stderr].concat();
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&said));
    }

    /// The server's program and the options that only it knows.
    fn server(self) -> Vec<String> {
        match self {
            Self::MariaDb => {
                let server = program("mariadbd").display().to_string();
                let own = ["--no-defaults", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M"];
                std::iter::once(server).chain(own.map(str::to_owned)).collect()
            }
            Self::MySql => {
                let own = ["--mysqlx=OFF", "--performance-schema=OFF", "--innodb-redo-log-capacity=64M"];
                mysql().into_iter().chain(own.map(str::to_owned)).collect()
            }
        }
    }
}

/// Run without changing the root folder: its own loader finds its own libraries.
fn mysql() -> Vec<String> {
    let folder = std::env::var_os("MYSQL_FOLDER").map_or_else(|| cache("mysql"), PathBuf::from);
    let path = |path: &str| {
        let path = folder.join(path);
        assert!(path.exists(), "MySQL is not installed: run script/mysql ({} is missing)", path.display());
        path.display().to_string()
    };
    vec![
        path("usr/lib64/ld-linux-x86-64.so.2"),
        "--library-path".to_owned(),
        path("usr/lib/x86_64-linux-gnu"),
        path("usr/sbin/mysqld"),
        "--no-defaults".to_owned(),
        format!("--basedir={}", path("usr")),
        format!("--plugin-dir={}", path("usr/lib/mysql/plugin")),
        format!("--lc-messages-dir={}", path("usr/share/mysql")),
        format!("--character-sets-dir={}", path("usr/share/mysql/charsets")),
        "--secure-file-priv=NULL".to_owned(),
    ]
}

impl Database {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With options that come after those of the tests.
    pub fn start_with(options: &[&str]) -> Self {
        let kind = Kind::of_environment();
        let folder = tempfile::Builder::new().prefix("faxdroid-database").tempdir().expect("a folder").keep();
        kind.install(&folder);
        std::fs::write(folder.join("init.sql"), USERS).expect("the folder can be written");
        let mut database = Self {
            kind,
            folder,
            port: free_port(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            process: None,
        };
        database.restart();
        database
    }

    /// Kills it as a power failure would.
    pub fn kill(&mut self) {
        std::fs::write(self.folder.join("keep"), "").expect("the folder can be written");
        self.process = None;
    }

    /// Starts it again with the data it had, at the same address.
    pub fn restart(&mut self) {
        let _ = std::fs::remove_file(self.folder.join("keep"));
        let path = |option: &str, file: &str| format!("--{option}={}", self.folder.join(file).display());
        let mut command = self.kind.server();
        command.extend(user_option().map(str::to_owned));
        command.extend([path("datadir", "data"), path("socket", "socket"), path("init-file", "init.sql")]);
        command.extend([format!("--tmpdir={}", self.folder.display()), format!("--port={}", self.port)]);
        command.extend(OPTIONS.map(str::to_owned));
        command.extend(self.options.iter().cloned());
        let command: Vec<_> = command.iter().map(String::as_str).collect();
        self.process = Some(Process::start(&self.folder, &command));
        wait_for(self.address(), &self.folder, true);
    }

    /// The number of the process, for whoever measures it.
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::child)
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The address of `database`, which is the user's if its name begins with `test`.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://faxdroid:faxdroid@{}/{database}", self.address())
    }

    /// The address for whoever may do everything.
    pub fn admin_url(&self) -> String {
        format!("mysql://admin:admin@{}", self.address())
    }
}
