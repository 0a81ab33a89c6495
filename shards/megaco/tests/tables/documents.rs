//! `docs/transactions.md` is true: it names every item with its default, every limit's key and every conversation there is for a defect.

use megaphone_megaco::config::{Config, Item, Setting};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/transactions.md");
    fs::read_to_string(path).expect("the page is there")
}

/// How the page writes a default.
fn written(value: &Setting) -> String {
    match value {
        Setting::Table(fields) => {
            let values: Vec<String> = fields.iter().map(|(_, value)| value.to_string()).collect();
            format!("{{ {} }}", values.join(", "))
        }
        other => other.to_string(),
    }
}

#[test]
fn every_item_is_there_with_its_default() {
    let page = page();
    for item in Item::ALL {
        let default = written(&Config::default().get(*item));
        let row = format!("| `{}` | {default} |", item.name());
        assert!(page.contains(&row), "no row {row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let (items, others): (Vec<_>, Vec<_>) = rows.partition(|line| {
        let name = line.trim_start_matches("| `").split('`').next();
        name.is_some_and(|name| Item::from_name(name).is_some())
    });
    assert_eq!(items.len(), Item::ALL.len());
    assert_eq!(others, Vec::<&str>::new(), "rows of no item");
}

#[test]
fn every_conversation_it_names_exists_and_every_defect_is_named() {
    let page = page();
    let named: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("defects/") || word.starts_with("rfc/"))
        .collect();
    for name in &named {
        let path = root().join(format!("{name}.rs"));
        assert!(path.exists(), "{name} does not exist");
    }
    for file in fs::read_dir(root().join("defects")).expect("the folder is there") {
        let name = file.expect("a file").file_name();
        let name = name.to_string_lossy();
        let stem = format!("defects/{}", name.trim_end_matches(".rs"));
        assert!(
            stem == "defects/main" || named.contains(&*stem),
            "{stem} is not named"
        );
    }
}

/// The list of cases to have first, by the names that OTP's suites give them.
#[test]
fn every_case_of_otps_suites_is_a_conversation() {
    let cases = [
        "single_ack",
        "multi_ack_timeout",
        "multi_ack_maxcount",
        "single_trans_req",
        "multi_trans_req_timeout",
        "multi_trans_req_maxcount1",
        "multi_trans_req_maxcount2",
        "multi_trans_req_maxsize1",
        "multi_trans_req_maxsize2",
        "single_trans_req_and_ack",
        "multi_trans_req_and_ack_timeout",
        "multi_trans_req_and_ack_ackmaxcount",
        "multi_trans_req_and_ack_reqmaxcount",
        "multi_trans_req_and_ack_maxsize1",
        "multi_trans_req_and_ack_maxsize2",
        "single_trans_req_and_pending",
        "multi_trans_req_and_pending",
        "multi_trans_req_and_ack_and_pending",
        "multi_ack_and_pending",
        "multi_ack_and_reply",
        "multi_trans_req_and_reply",
        "multi_trans_req_and_ack_and_reply",
        "otp_7192_1",
        "otp_7192_2",
        "otp_7192_3",
        "request_and_reply_plain",
        "request_and_no_reply",
        "request_and_reply_pending_ack_no_pending",
        "request_and_reply_pending_ack_one_pending",
        "single_trans_req_and_reply",
        "single_trans_req_and_reply_sendopts",
        "request_and_reply_and_ack",
        "request_and_reply_and_no_ack",
        "request_and_reply_and_late_ack",
        "trans_req_and_reply_and_req",
        "pending_ack_plain",
        "request_and_pending_and_late_reply",
        "otp_6442_resend_request1",
        "otp_6442_resend_request2",
        "otp_6442_resend_reply1",
        "otp_6442_resend_reply2",
        "otp_7189",
        "otp_7259",
        "otp_7713",
        "otp_8183_request1",
        "otp_8212",
        "sent_timer_late_reply",
        "sent_timer_exceeded",
        "sent_timer_exceeded_long",
        "sent_resend_late_reply",
        "sent_resend_exceeded",
        "sent_resend_exceeded_long",
        "recv_limit_exceeded1",
        "recv_limit_exceeded2",
        "otp_4956",
        "otp_5310",
        "otp_5619",
        "otp_5805",
        "otp_5881",
        "otp_6253",
        "otp_6276",
        "connect",
        "dist",
        "otp_4359",
        "otp_4836",
        "otp_5887",
        "otp_6275",
        "otp_6865_request_and_reply_plain_extra1",
        "otp_6865_request_and_reply_plain_extra2",
        "send_segmented_msg_plain1",
        "send_segmented_msg_plain2",
        "send_segmented_msg_plain3",
        "send_segmented_msg_plain4",
        "send_segmented_msg_ooo1",
        "send_segmented_msg_missing_seg_reply1",
        "send_segmented_msg_missing_seg_reply2",
        "recv_segmented_msg_plain",
        "recv_segmented_msg_ooo_seg",
        "recv_segmented_msg_missing_seg1",
        "recv_segmented_msg_missing_seg2",
    ];
    for case in cases {
        let path = root().join(format!("otp/{case}.rs"));
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{case} is missing"));
        assert!(text.contains("#[test]"), "{case} has no test");
    }
}
