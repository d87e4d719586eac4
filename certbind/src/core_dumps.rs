//! Core dumps, which would have the passwords and keys that are in memory.

/// Disables core dumps of this process. A failure is ignored.
#[cfg(unix)]
pub(crate) fn switch_off() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let maximum = getrlimit(Resource::Core).maximum;
    let none = Rlimit {
        current: Some(0),
        maximum,
    };
    let _ = setrlimit(Resource::Core, none);
    // A dump that is piped to a program has no limit (core(5)).
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};

        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// On Windows nothing dumps a process unless an administrator has configured it.
#[cfg(not(unix))]
pub(crate) fn switch_off() {}
