//! The machine card: what a result was measured on. A figure without it says nothing; it judges and changes nothing.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// Kernel settings that decide how many sockets a machine holds and how fast it takes them.
const SYSCTLS: &[&str] = &[
    "fs/file-max",
    "fs/nr_open",
    "kernel/io_uring_disabled",
    "net/core/netdev_max_backlog",
    "net/core/rmem_max",
    "net/core/somaxconn",
    "net/core/wmem_max",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/tcp_congestion_control",
    "net/ipv4/tcp_max_orphans",
    "net/ipv4/tcp_max_syn_backlog",
    "net/ipv4/tcp_max_tw_buckets",
    "net/ipv4/tcp_mem",
    "net/ipv4/tcp_rmem",
    "net/ipv4/tcp_wmem",
    "net/ipv4/tcp_tw_reuse",
    "net/netfilter/nf_conntrack_max",
    "vm/max_map_count",
    "vm/swappiness",
];

/// What a result was measured on. A field that the machine does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Card {
    /// The processor's name.
    pub cpu: Option<String>,
    /// Processors this process may run on, of those that are there.
    pub cores: Cores,
    /// Whether the processors are a virtual machine's.
    pub virtual_machine: bool,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// How frequencies are governed.
    pub governor: Option<String>,
    /// The source of the kernel's clock.
    pub clock: Option<String>,
    /// Memory of the machine in bytes.
    pub memory_bytes: Option<u64>,
    /// Transparent huge pages.
    pub huge_pages: Option<String>,
    /// Defences against processor faults that are switched on.
    pub mitigations: BTreeMap<String, String>,
    /// Kernel settings, those of [`SYSCTLS`] that exist here.
    pub sysctls: BTreeMap<String, String>,
    /// Limits of this process: soft and hard.
    pub limits: BTreeMap<String, (String, String)>,
    /// The load average of the last minute when the card was made: who else was at work.
    pub load: Option<String>,
}

/// Processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cores {
    /// This process may run on these.
    pub allowed: usize,
    /// These are there.
    pub online: usize,
}

impl Card {
    /// Reads the card of this machine.
    #[must_use]
    pub fn read() -> Card {
        let allowed = core_affinity::get_core_ids().map_or(0, |ids| ids.len());
        Card::read_below(Path::new("/"), allowed)
    }

    /// Reads the card from `proc` and `sys` below a folder.
    fn read_below(root: &Path, allowed: usize) -> Card {
        let read = |path: &str| Some(fs::read_to_string(root.join(path)).ok()?.trim().to_owned());
        let cpuinfo = read("proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            cpuinfo
                .lines()
                .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))
        };
        let online = cpuinfo
            .lines()
            .filter(|line| line.starts_with("processor"))
            .count();
        let names = SYSCTLS
            .iter()
            .map(|path| (path.replace('/', "."), format!("proc/sys/{path}")));
        Card {
            cpu: field("model name").map(|name| name.trim().to_owned()),
            cores: Cores { allowed, online },
            virtual_machine: field("flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            kernel: read("proc/sys/kernel/osrelease"),
            governor: read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            clock: read("sys/devices/system/clocksource/clocksource0/current_clocksource"),
            memory_bytes: read("proc/meminfo").and_then(|text| memory_total(&text)),
            huge_pages: read("sys/kernel/mm/transparent_hugepage/enabled")
                .and_then(|text| chosen(&text)),
            mitigations: mitigations(&root.join("sys/devices/system/cpu/vulnerabilities")),
            sysctls: names
                .filter_map(|(name, path)| Some((name, single_spaced(&read(&path)?))))
                .collect(),
            limits: read("proc/self/limits")
                .map(|text| limits(&text))
                .unwrap_or_default(),
            load: read("proc/loadavg").and_then(|text| Some(text.split(' ').next()?.to_owned())),
        }
    }
}

/// The first line of `/proc/meminfo` in bytes.
fn memory_total(meminfo: &str) -> Option<u64> {
    let kib = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    kib.trim()
        .strip_suffix(" kB")?
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// The word in brackets of `always [madvise] never`.
fn chosen(choices: &str) -> Option<String> {
    Some(choices.split_once('[')?.1.split_once(']')?.0.to_owned())
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the kernel does about each processor fault that touches this machine.
fn mitigations(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let state = |path: PathBuf| {
        let state = fs::read_to_string(&path).ok()?.trim().to_owned();
        Some((path.file_name()?.to_string_lossy().into_owned(), state))
    };
    files
        .filter_map(state)
        .filter(|(_, state)| state != "Not affected")
        .collect()
}

/// The limits of `/proc/self/limits` that matter here.
fn limits(text: &str) -> BTreeMap<String, (String, String)> {
    let wanted = [
        ("Max open files", "nofile"),
        ("Max locked memory", "memlock"),
        ("Max processes", "nproc"),
    ];
    let row = |(title, name): (&str, &str)| {
        let mut columns = text
            .lines()
            .find_map(|line| line.strip_prefix(title))?
            .split_whitespace();
        Some((
            name.to_owned(),
            (columns.next()?.to_owned(), columns.next()?.to_owned()),
        ))
    };
    wanted.into_iter().filter_map(row).collect()
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".into());
        let virtual_machine = if self.virtual_machine {
            ", virtual"
        } else {
            ""
        };
        let Cores { allowed, online } = self.cores;
        writeln!(
            f,
            "processor    {}, {allowed} of {online} cores{virtual_machine}",
            known(&self.cpu)
        )?;
        let memory = self.memory_bytes.map_or("unknown".into(), |bytes| {
            format!("{:.1} GiB", bytes as f64 / 2_f64.powi(30))
        });
        writeln!(
            f,
            "memory       {memory}, huge pages {}",
            known(&self.huge_pages)
        )?;
        writeln!(
            f,
            "kernel       {}, clock {}",
            known(&self.kernel),
            known(&self.clock)
        )?;
        writeln!(f, "governor     {}", known(&self.governor))?;
        writeln!(f, "load         {} (one minute)", known(&self.load))?;
        for (name, (soft, hard)) in &self.limits {
            writeln!(f, "limit        {name} {soft}, hard {hard}")?;
        }
        for (name, value) in &self.sysctls {
            writeln!(f, "sysctl       {name} = {value}")?;
        }
        for (name, state) in &self.mitigations {
            writeln!(f, "mitigation   {name}: {state}")?;
        }
        Ok(())
    }
}
