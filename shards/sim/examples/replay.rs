//! Replays one seed of the simulator and says what was wrong: `cargo run -p megaphone-sim --example replay -- --seed S
//! [--until S] [--steps N] [--client C] [--verbose]`.

use std::process::ExitCode;

fn number(args: &[String], name: &str, default: u64) -> u64 {
    let value = args
        .iter()
        .position(|arg| arg == name)
        .and_then(|at| args.get(at + 1));
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let seed = number(&args, "--seed", 0);
    let until = number(&args, "--until", seed);
    let steps = number(&args, "--steps", 1_000) as u32;
    let watched = args
        .iter()
        .any(|arg| arg == "--client")
        .then(|| number(&args, "--client", 0) as usize);
    let mut code = ExitCode::SUCCESS;
    for seed in seed..=until {
        let report = megaphone_sim::run_watching(seed, steps, watched);
        if !report.faults.is_empty() {
            println!(
                "seed {seed}, step {} of {steps}, trace {:016x}",
                report.step, report.trace
            );
            for fault in &report.faults {
                println!("  {fault}");
            }
            code = ExitCode::FAILURE;
        }
        if args.iter().any(|arg| arg == "--verbose") {
            report
                .notes
                .iter()
                .for_each(|note| println!("  note: {note}"));
            report
                .figures
                .iter()
                .for_each(|(name, value)| println!("  {name}: {value}"));
        }
    }
    code
}
