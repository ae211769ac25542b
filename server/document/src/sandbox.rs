//! What a process that decodes customers' bytes gives up before it reads the first of them.
//!
//! Memory, processor time and files are bounded by resource limits; a seccomp filter leaves the system calls of computing
//! (memory, threads, reading and writing what is already open) and none that opens a file, a socket or a process;
//! Landlock denies the same a second time where the kernel has it. None of it can be undone: a decoder that is taken over
//! can do no more than return wrong pages. Sources: seccomp(2), landlock(7), setrlimit(2).

mod office;

use std::collections::BTreeMap;
use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError, Scope,
};
pub use office::confine_office;
use rustix::process::{Resource, Rlimit, getpid, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use serde::{Deserialize, Serialize};

/// What one conversion may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Address space, in bytes: what a decoder asks for beyond it is refused by the kernel, and ends the process.
    pub memory: u64,
    /// Processor time of all threads together, in seconds.
    pub cpu_seconds: u64,
}

/// The process could not be confined; it must not decode anything.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("a resource limit was refused")]
    Limit(#[from] io::Error),
    #[error("the rules of Landlock were refused")]
    Landlock(#[from] RulesetError),
    #[error("the seccomp filter was refused")]
    Seccomp(#[from] seccompiler::Error),
    #[error("the seccomp filter was not made")]
    Filter(#[from] seccompiler::BackendError),
}

/// Standard input, output and error, and no other.
const OPEN_FILES: u64 = 3;

/// Confines this process for good. To be called before any thread is started: the filters are those of the calling
/// thread, and threads inherit them.
///
/// # Errors
/// When the kernel refuses a part. A kernel without Landlock is no error; seccomp alone denies all that Landlock does.
pub fn confine(allowance: Allowance) -> Result<(), SandboxError> {
    deny_files_and_network()?;
    limit(allowance, OPEN_FILES, 0)?;
    // Both filters decide on every call; the stricter answer counts.
    apply_filter(&no_new_kind_of_clone()?)?;
    apply_filter(&computing_only()?)?;
    Ok(())
}

fn limit(allowance: Allowance, open_files: u64, file_bytes: u64) -> io::Result<()> {
    for (resource, limit) in [
        (Resource::As, allowance.memory),
        (Resource::Cpu, allowance.cpu_seconds.max(1)),
        (Resource::Nofile, open_files),
        (Resource::Fsize, file_bytes),
        (Resource::Core, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(())
}

fn deny_files_and_network() -> Result<(), RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::AbstractUnixSocket)?
        .scope(Scope::Signal)?
        .create()?
        .restrict_self()?;
    Ok(())
}

/// The flags of `clone3` are out of a filter's sight; without it the C library takes `clone`.
fn no_new_kind_of_clone() -> Result<BpfProgram, seccompiler::BackendError> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    filter(rules, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))
}

fn computing_only() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_rseq,
        libc::SYS_clone3,
        libc::SYS_set_robust_list,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_getrandom,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ]
    .map(|call| (call, Vec::new()))
    .into();
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(thread), thread)?]);
    let this = u64::from(getpid().as_raw_nonzero().get().unsigned_abs());
    rules.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, this)?]);
    rules.insert(libc::SYS_prctl, vec![when(0, SeccompCmpOp::Eq, libc::PR_SET_NAME as u64)?]);
    filter(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?])
}

fn filter(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, seccompiler::BackendError> {
    SeccompFilter::new(rules, otherwise, matched, std::env::consts::ARCH.try_into()?)?.try_into()
}
