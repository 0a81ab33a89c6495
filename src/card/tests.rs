use super::*;

fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a scratch folder");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a path below the root"))
            .expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
    root
}

#[test]
fn a_card_says_what_the_machine_tells() {
    let root = machine(&[
        (
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\nmodel name\t: Some CPU\n",
        ),
        ("proc/meminfo", "MemTotal:       2048 kB\nMemFree: 1 kB\n"),
        ("proc/sys/kernel/osrelease", "6.18.0\n"),
        ("proc/sys/net/ipv4/tcp_mem", "1\t2\t3\n"),
        (
            "proc/self/limits",
            "Limit  Soft Limit  Hard Limit  Units\nMax open files  1024  20000  files\n",
        ),
        ("proc/loadavg", "0.50 0.40 0.30 1/100 5\n"),
        (
            "sys/kernel/mm/transparent_hugepage/enabled",
            "always [madvise] never\n",
        ),
        (
            "sys/devices/system/cpu/vulnerabilities/meltdown",
            "Not affected\n",
        ),
        (
            "sys/devices/system/cpu/vulnerabilities/retbleed",
            "Mitigation: untrained return thunk\n",
        ),
    ]);
    let card = Card::read_below(root.path(), 1);
    assert_eq!(card.cpu.as_deref(), Some("Some CPU"));
    assert_eq!(
        card.cores,
        Cores {
            allowed: 1,
            online: 2
        }
    );
    assert!(card.virtual_machine);
    assert_eq!(card.memory_bytes, Some(2 << 20));
    assert_eq!(card.sysctls["net.ipv4.tcp_mem"], "1 2 3");
    assert_eq!(card.limits["nofile"], ("1024".into(), "20000".into()));
    assert_eq!(card.huge_pages.as_deref(), Some("madvise"));
    assert_eq!(card.load.as_deref(), Some("0.50"));
    assert_eq!(card.mitigations.len(), 1);
    assert_eq!(card.governor, None);

    let text = card.to_string();
    assert!(
        text.starts_with("processor    Some CPU, 1 of 2 cores, virtual\n"),
        "{text}"
    );
    assert!(text.contains("governor     unknown\n"));
    let json = serde_json::to_value(&card).expect("a card is plain data");
    assert_eq!(json["limits"]["nofile"][1], "20000");
    assert_eq!(json["cores"]["online"], 2);
}

#[test]
fn a_machine_that_tells_nothing_has_a_card_too() {
    let root = machine(&[
        ("proc/meminfo", "MemTotal: 99999999999999999999 kB"),
        ("proc/cpuinfo", "model name"),
    ]);
    assert_eq!(Card::read_below(root.path(), 0), Card::default());
}

#[test]
fn this_machine_has_a_kernel_and_a_core() {
    let card = Card::read();
    assert!(card.kernel.is_some() && card.cores.online >= card.cores.allowed);
}
