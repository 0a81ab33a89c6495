//! Values of properties in BER, as Erlang's codec finds them in their octet strings: wrapped once more, as RFC 3525 A.2 demands, or raw,
//! as OTP itself writes them, where a listener or a user is set so.

use super::link_controllers::{Controller, serve_as};
use super::peer::Megaco;

/// What an Erlang gateway finds in the property that its controller sets to 40.
fn found(options: &str, items: &str) -> String {
    let served = serve_as(2, options, items);
    let more = ["--modify", "1", "--descriptors", "M{TS{nt/jit=40}}"];
    let mut controller = Controller::start(served.link, "one", &more);
    let tell = ["--tell", "properties"];
    let mut gateway = Megaco::start("mg", served.gateways, ("tcp", "ber", 1), &tell);
    let line = gateway.line_at_any_time("PROPERTY");
    controller.wait_for_line("has 1 results");
    let figures = controller.figures();
    let counted = (&figures["results"], &figures["faults"]);
    assert_eq!(counted, (&1.into(), &0.into()), "{figures}");
    let stats = gateway.stats();
    assert_eq!((stats["requests"], stats["syntax_errors"]), (1, 0));
    served
        .appliance
        .must_count("megaphone_h248_faults_total", 0);
    line
}

/// An INTEGER of one byte, 40.
const WRAPPED: &str = "PROPERTY nt/jit 020128";
/// The text "40".
const RAW: &str = "PROPERTY nt/jit 3430";

#[test]
fn erlang_finds_values_as_the_standard_has_them_unless_its_own_are_asked_for() {
    assert_eq!(found("", ""), WRAPPED);
    for (options, items) in [
        ("?otp-values=yes", ""),
        ("?otp-values=yes&encoding=ber", ""),
        ("", "encoding_config = ['otp_values']\n"),
    ] {
        assert_eq!(found(options, items), RAW, "{options} {items}");
    }
    assert_eq!(found("?otp-values=no", ""), WRAPPED);
}
