//! What an office program is left with while it makes a PDF of a customer's file.
//!
//! It cannot do without files as our own decoders can, so Landlock is what holds it, and a kernel without Landlock is an
//! error here: it reads itself and fonts, writes in one folder, and starts no other program. A seccomp filter leaves it
//! neither network nor other processes.

use std::collections::BTreeMap;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, Scope, path_beneath_rules,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompCmpOp, apply_filter};

use super::{Allowance, SandboxError, filter, limit, no_new_kind_of_clone, when};

const OPEN_FILES: u64 = 256;
/// A PDF of every page in colour is smaller.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;
/// Libraries, fonts, and what the program looks up about the machine. None of it is ours.
const READABLE: [&str; 11] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/libreoffice",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/var/cache/fontconfig",
    "/var/spool/libreoffice",
];
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
const DEVICES: [&str; 2] = ["/dev/null", "/dev/urandom"];
/// LibreOffice puts a socket here, by which a second one would find the first.
const SOCKETS: [&str; 1] = ["/tmp"];

/// Confines this process for good, before it becomes `program`, which may write in `folder` only.
///
/// # Errors
/// When the kernel refuses a part or has no Landlock.
pub fn confine_office(program: &Path, folder: &Path, allowance: Allowance) -> Result<(), SandboxError> {
    allow_files(program, folder)?;
    limit(allowance, OPEN_FILES, LARGEST_FILE)?;
    apply_filter(&no_new_kind_of_clone()?)?;
    apply_filter(&no_network_and_no_processes()?)?;
    Ok(())
}

fn allow_files(program: &Path, folder: &Path) -> Result<(), RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    // Nothing that could lead out of the folder: no links, no devices.
    let write = AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSock
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    let installation = program.parent().and_then(Path::parent);
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::AbstractUnixSocket)?
        .scope(Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(READABLE, read))?
        .add_rules(path_beneath_rules(installation, read))?
        .add_rules(path_beneath_rules(program.parent(), read | AccessFs::Execute))?
        .add_rules(path_beneath_rules(LOADERS, read | AccessFs::Execute))?
        .add_rules(path_beneath_rules(DEVICES, AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(SOCKETS, AccessFs::MakeSock | AccessFs::RemoveFile))?
        .add_rules(path_beneath_rules([folder], read | write))?
        .restrict_self()?;
    Ok(())
}

fn no_network_and_no_processes() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules = BTreeMap::from([
        // What a filter of system calls cannot see into.
        (libc::SYS_io_uring_setup, Vec::new()),
        (libc::SYS_ptrace, Vec::new()),
        (libc::SYS_process_vm_readv, Vec::new()),
        (libc::SYS_process_vm_writev, Vec::new()),
        (libc::SYS_unshare, Vec::new()),
        (libc::SYS_setns, Vec::new()),
        (libc::SYS_mount, Vec::new()),
        (libc::SYS_umount2, Vec::new()),
        (libc::SYS_bpf, Vec::new()),
        (libc::SYS_perf_event_open, Vec::new()),
        (libc::SYS_userfaultfd, Vec::new()),
        (libc::SYS_add_key, Vec::new()),
        (libc::SYS_keyctl, Vec::new()),
        (libc::SYS_request_key, Vec::new()),
        (libc::SYS_socket, vec![when(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)?]),
        (libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64), 0)?]),
    ]);
    #[cfg(target_arch = "x86_64")]
    rules.extend([(libc::SYS_fork, Vec::new()), (libc::SYS_vfork, Vec::new())]);
    filter(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32))
}
