//! Many clients at once: they all come, and they all go.

use crate::appliance::Setup;
use crate::peers::python_client;

const CROWD: &str = "5000";

#[test]
fn five_thousand_clients_come_and_go() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    python_client(
        appliance.clients(),
        &["--connections", CROWD, "--packets", "2"],
    );
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_connections_accepted_total", 5000);
    appliance.must_count("megaphone_connections_closed_total", 5000);
}

#[test]
fn five_thousand_resets_at_once_leave_nothing_behind() {
    let mut appliance = Setup::new().listen("classic-fixed", "echo").start();
    let crowd = [
        "--framing",
        "classic-fixed",
        "--connections",
        CROWD,
        "--packets",
        "1",
        "--reset",
    ];
    python_client(appliance.clients(), &crowd);
    appliance.must_come_to_rest();
    python_client(
        appliance.clients(),
        &["--framing", "classic-fixed", "--connections", "100"],
    );
    appliance.must_come_to_rest();
}
