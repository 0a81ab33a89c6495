//! The files of `tuning/`: what they set exists, and what the script changes it puts back.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn tuning() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tuning")
}

/// A setting of a sysctl.d file: key, value, and whether it may be missing (`-key = value`).
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    key: String,
    value: String,
    optional: bool,
}

/// The settings of a sysctl.d file, or the first line that is none.
fn settings(text: &str) -> Result<Vec<Setting>, String> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines
        .map(|line| {
            let (key, value) = line.split_once('=').ok_or(line)?;
            let optional = key.starts_with('-');
            let key = key.trim_start_matches('-').trim().to_owned();
            let value = value.trim().to_owned();
            if key.is_empty() || value.is_empty() || key.contains(char::is_whitespace) {
                return Err(line.to_owned());
            }
            Ok(Setting {
                key,
                value,
                optional,
            })
        })
        .collect()
}

fn proc_path(key: &str) -> PathBuf {
    Path::new("/proc/sys").join(key.replace('.', "/"))
}

#[test]
fn every_sysctl_exists_here_or_is_optional() {
    let file = tuning().join("sysctl.d/60-megaphone-million.conf");
    let settings =
        settings(&fs::read_to_string(file).expect("the sysctl file is there")).expect("it parses");
    assert!(
        settings.len() > 25,
        "the profile sets {} keys",
        settings.len()
    );
    let missing: Vec<_> = settings
        .iter()
        .filter(|s| !s.optional && !proc_path(&s.key).exists())
        .collect();
    assert!(missing.is_empty(), "this kernel does not know {missing:?}");

    let mut keys: Vec<_> = settings.iter().map(|s| &s.key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), settings.len(), "a key is set twice");
}

#[test]
fn a_sysctl_line_that_is_no_setting_is_found() {
    assert_eq!(settings("# a\n; b\n\n-a.b = 1 2").map(|s| s.len()), Ok(1));
    assert_eq!(settings("a.b = 1\nnonsense"), Err(String::from("nonsense")));
    assert_eq!(settings("a.b ="), Err(String::from("a.b =")));
}

#[test]
fn every_sysctl_says_why() {
    let text = fs::read_to_string(tuning().join("sysctl.d/60-megaphone-million.conf"))
        .expect("the sysctl file is there");
    let mut reason = false;
    for line in text.lines() {
        match line.chars().next() {
            None => reason = false,
            Some('#') => reason = !line.starts_with("# ---"),
            Some(_) => assert!(reason, "no comment above `{line}`"),
        }
    }
}

/// The unit's assignments; a key may come more than once.
fn unit() -> Vec<(String, String)> {
    let text =
        fs::read_to_string(tuning().join("systemd/megaphone.service")).expect("the unit is there");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    lines
        .map(|line| {
            line.split_once('=')
                .expect("a line of a unit is an assignment")
        })
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_unit_asks_only_for_what_the_binary_does() {
    let unit = unit();
    let value = |key: &str| unit.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    assert_eq!(
        value("Type"),
        Some("exec"),
        "notify would need a word from the binary"
    );
    assert_eq!(value("ExecReload"), None, "there is no reload");
    assert_eq!(value("LimitMEMLOCK"), Some("infinity"));
    let nofile: u64 = value("LimitNOFILE")
        .and_then(|v| v.parse().ok())
        .expect("LimitNOFILE is a number");
    assert!(
        nofile > 1_000_000,
        "a million clients need more than {nofile} descriptors"
    );
    let filter = value("SystemCallFilter").expect("system calls are filtered");
    assert!(
        filter.contains("@aio"),
        "io_uring's calls are in @aio, not in {filter}"
    );
}

#[test]
fn systemd_takes_the_unit() {
    let unit = tuning().join("systemd/megaphone.service");
    let Ok(output) = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output()
    else {
        println!("systemd-analyze is not installed: the unit is checked by the test above only");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let faults: Vec<_> = said
        .lines()
        .filter(|line| line.contains("megaphone.service") && !line.contains("is not executable"))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn the_scripts_pass_shellcheck() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = vec![root.join("tuning/nic-tune"), root.join(".ci/run")];
    let folder = fs::read_dir(root.join("scripts")).into_iter().flatten();
    scripts.extend(folder.map(|entry| entry.expect("scripts/ can be listed").path()));
    let is_shell = |path: &PathBuf| {
        fs::read_to_string(path).is_ok_and(|t| t.lines().next().is_some_and(|l| l.ends_with("sh")))
    };
    scripts.retain(is_shell);
    assert!(!scripts.is_empty(), "there are scripts to check");
    let Ok(output) = Command::new("shellcheck").args(&scripts).output() else {
        println!(
            "shellcheck is not installed: {} scripts are not checked",
            scripts.len()
        );
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// A system of plain files with one interface, `eth9`, of two queues and four CPUs, and an `ethtool` that keeps the number
/// of queues in a file.
struct FakeHost {
    root: tempfile::TempDir,
}

impl FakeHost {
    fn new() -> FakeHost {
        let host = FakeHost {
            root: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        let nic = "sys/devices/pci0/0000:00:05.0/virtio7";
        for queue in 0..2 {
            host.put(&format!("{nic}/net/eth9/queues/tx-{queue}/xps_cpus"), "0");
            host.put(
                &format!("{nic}/net/eth9/queues/rx-{queue}/rps_cpus"),
                "00000000,00000000",
            );
            host.put(
                &format!("{nic}/net/eth9/queues/rx-{queue}/rps_flow_cnt"),
                "0",
            );
        }
        fs::create_dir_all(host.path("sys/class/net")).expect("a folder can be made");
        symlink(
            host.path(&format!("{nic}/net/eth9")),
            host.path("sys/class/net/eth9"),
        )
        .expect("a link can be made");
        symlink(host.path(nic), host.path(&format!("{nic}/net/eth9/device")))
            .expect("a link can be made");
        host.put("sys/devices/system/cpu/online", "0-3");
        for cpu in 0..4 {
            let folder = format!("sys/devices/system/cpu/cpu{cpu}/cpufreq");
            host.put(&format!("{folder}/scaling_governor"), "powersave");
            host.put(
                &format!("{folder}/scaling_available_governors"),
                "performance powersave",
            );
        }
        host.put(
            "proc/interrupts",
            "           CPU0\n 38:  0  PCI-MSIX 0-edge  virtio7-config\n 39:  5  PCI-MSIX 1-edge  virtio7-input.0\n \
             40:  5  PCI-MSIX 2-edge  virtio7-output.0\n 41:  5  PCI-MSIX 3-edge  virtio7-input.1\n \
             50:  5  PCI-MSIX 1-edge  virtio8-input.1",
        );
        for irq in [38, 39, 40, 41, 50] {
            host.put(&format!("proc/irq/{irq}/smp_affinity_list"), "0-3");
        }
        host.put("proc/sys/net/core/rps_sock_flow_entries", "0");
        host.put("proc/17/comm", "sshd");
        host.put("queues", "1");
        let ethtool = "#!/bin/sh\ncd \"${0%/*}\" || exit 1\ncase $1 in\n-l) printf 'Pre-set maximums:\\nCombined: 2\\n'\n\
                       printf 'Current hardware settings:\\nCombined: %s\\n' \"$(cat queues)\" ;;\n-L) echo \"$4\" > queues ;;\nesac\n";
        host.put("ethtool", ethtool);
        fs::set_permissions(host.path("ethtool"), fs::Permissions::from_mode(0o755))
            .expect("a mode can be set");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("a folder can be made");
        fs::write(path, format!("{text}\n")).expect("a file can be written");
    }

    fn get(&self, name: &str) -> String {
        fs::read_to_string(self.path(name))
            .expect("a file can be read")
            .trim()
            .to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(tuning().join("nic-tune"))
            .args(arguments)
            .args(["--interface", "eth9", "--root"])
            .arg(self.root.path())
            .env("ETHTOOL", self.path("ethtool"))
            .output()
            .expect("nic-tune runs")
    }

    /// Every file of the host with its text, without what nic-tune keeps for itself.
    fn snapshot(&self) -> BTreeMap<PathBuf, String> {
        fn walk(folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
            for entry in fs::read_dir(folder).expect("a folder can be listed") {
                let path = entry.expect("an entry can be read").path();
                if path.is_symlink() || path.ends_with("var") {
                    continue;
                }
                if path.is_dir() {
                    walk(&path, into);
                } else {
                    let text = fs::read_to_string(&path).expect("a file can be read");
                    into.insert(path, text);
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(self.root.path(), &mut files);
        files
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let host = FakeHost::new();
    let before = host.snapshot();
    let output = host.run(&["--dry-run"]);
    assert!(output.status.success(), "{output:?}");
    let text = stdout(&output);
    for change in [
        "queues of eth9: 1 -> 2",
        "proc/irq/39/smp_affinity_list: 0-3 -> 0",
        "proc/irq/41/smp_affinity_list: 0-3 -> 1",
        "tx-1/xps_cpus: 0 -> a",
        "rx-0/rps_cpus: 00000000,00000000 -> f",
        "rx-1/rps_flow_cnt: 0 -> 16384",
        "cpu3/cpufreq/scaling_governor: powersave -> performance",
    ] {
        assert!(text.contains(change), "no `{change}` in:\n{text}");
    }
    assert!(
        !text.contains("/irq/38/"),
        "the control interrupt is left alone:\n{text}"
    );
    assert!(
        !text.contains("/irq/50/"),
        "another device's interrupt is left alone:\n{text}"
    );
    assert_eq!(host.snapshot(), before);
}

#[test]
fn undo_puts_back_what_apply_changed() {
    let host = FakeHost::new();
    let before = host.snapshot();
    let output = host.run(&["--apply"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(host.get("queues"), "2");
    assert_eq!(host.get("proc/irq/40/smp_affinity_list"), "0");
    assert_eq!(host.get("proc/irq/50/smp_affinity_list"), "0-3");
    assert_eq!(host.get("sys/class/net/eth9/queues/tx-0/xps_cpus"), "5");
    assert_eq!(host.get("proc/sys/net/core/rps_sock_flow_entries"), "32768");
    assert_eq!(
        host.get("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "performance"
    );

    let again = host.run(&["--apply", "--cpus", "2,3"]);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(host.get("proc/irq/41/smp_affinity_list"), "3");
    assert_eq!(
        host.get("sys/class/net/eth9/queues/rx-0/rps_cpus"),
        "0",
        "a queue for every CPU needs no RPS"
    );

    let undone = host.run(&["--undo"]);
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(
        host.snapshot(),
        before,
        "the first values come back, not those of the second run"
    );
    assert_eq!(
        host.run(&["--undo"]).status.code(),
        Some(69),
        "there is nothing left to undo"
    );
}

#[test]
fn a_refused_setting_is_reported_and_the_others_are_made() {
    let host = FakeHost::new();
    // A file that can be read and never written, not even by root.
    fs::remove_file(host.path("proc/irq/39/smp_affinity_list")).expect("a file can be removed");
    symlink("/proc/version", host.path("proc/irq/39/smp_affinity_list"))
        .expect("a link can be made");
    let output = host.run(&["--apply"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("refused: "),
        "{output:?}"
    );
    assert_eq!(host.get("proc/irq/41/smp_affinity_list"), "1");
}

#[test]
fn it_refuses_to_run_without_what_it_needs() {
    let host = FakeHost::new();
    assert_eq!(host.run(&[]).status.code(), Some(64), "no verb");
    assert_eq!(
        host.run(&["--apply", "--undo"]).status.code(),
        Some(64),
        "two verbs"
    );
    assert_eq!(
        host.run(&["--apply", "--cpus", "3-1"]).status.code(),
        Some(64),
        "no list of CPUs"
    );

    host.put("proc/99/comm", "irqbalance");
    let output = host.run(&["--apply"]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("irqbalance"),
        "{output:?}"
    );
    assert_eq!(host.get("queues"), "1", "nothing was changed");

    fs::remove_file(host.path("sys/class/net/eth9")).expect("a link can be removed");
    let output = host.run(&["--dry-run"]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("no interface eth9"),
        "{output:?}"
    );
}
