//! Error codes and service change reasons with their registered texts; it knows numbers and words, not when to use them.
//!
//! The codes are those of RFC 3525 (7.2.8, 8.2.2 and Annex E), H.248.8 (its later register, with the
//! H.248.9 announcement codes 6xx and the sieve codes 7xx). Code 459 was first used for "segments not received" by
//! Erlang/OTP; H.248.8 registers it for profiles and adds 461 with the same words.

/// An error code of an `ErrorDescriptor`: 400-499 protocol and command errors, 500-599 gateway errors,
/// 600 and up errors defined by packages (RFC 3525 7.2.8).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ErrorCode(pub u16);

/// The reason number that opens a `ServiceChangeReason` (RFC 3525 7.2.8 and 13.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceChangeReason(pub u16);

impl ErrorCode {
    /// 400: Syntax error in message.
    pub const SYNTAX_ERROR_IN_MESSAGE: Self = Self(400);
    /// 401: Protocol Error.
    pub const PROTOCOL_ERROR: Self = Self(401);
    /// 402: Unauthorized.
    pub const UNAUTHORIZED: Self = Self(402);
    /// 403: Syntax error in transaction request.
    pub const SYNTAX_ERROR_IN_TRANSACTION: Self = Self(403);
    /// 406: Version Not Supported.
    pub const VERSION_NOT_SUPPORTED: Self = Self(406);
    /// 410: Incorrect identifier.
    pub const INCORRECT_IDENTIFIER: Self = Self(410);
    /// 411: The transaction refers to an unknown ContextId.
    pub const UNKNOWN_CONTEXT: Self = Self(411);
    /// 412: No ContextIDs available.
    pub const NO_CONTEXT_AVAILABLE: Self = Self(412);
    /// 421: Unknown action or illegal combination of actions.
    pub const UNKNOWN_ACTION: Self = Self(421);
    /// 422: Syntax Error in Action.
    pub const SYNTAX_ERROR_IN_ACTION: Self = Self(422);
    /// 430: Unknown TerminationID.
    pub const UNKNOWN_TERMINATION: Self = Self(430);
    /// 431: No TerminationID matched a wildcard.
    pub const NO_TERMINATION_MATCHED: Self = Self(431);
    /// 440: Unsupported or unknown Package.
    pub const UNKNOWN_PACKAGE: Self = Self(440);
    /// 441: Missing Remote or Local Descriptor.
    pub const MISSING_REMOTE_OR_LOCAL: Self = Self(441);
    /// 442: Syntax Error in Command.
    pub const SYNTAX_ERROR_IN_COMMAND: Self = Self(442);
    /// 443: Unsupported or Unknown Command.
    pub const UNKNOWN_COMMAND: Self = Self(443);
    /// 444: Unsupported or Unknown Descriptor.
    pub const UNKNOWN_DESCRIPTOR: Self = Self(444);
    /// 445: Unsupported or Unknown Property.
    pub const UNKNOWN_PROPERTY: Self = Self(445);
    /// 446: Unsupported or Unknown Parameter.
    pub const UNKNOWN_PARAMETER: Self = Self(446);
    /// 447: Descriptor not legal in this command.
    pub const DESCRIPTOR_NOT_LEGAL: Self = Self(447);
    /// 448: Descriptor appears twice in a command.
    pub const DESCRIPTOR_APPEARS_TWICE: Self = Self(448);
    /// 449: Unsupported or Unknown Parameter or Property Value.
    pub const UNKNOWN_VALUE: Self = Self(449);
    /// 456: Property appears twice in this Descriptor.
    pub const PROPERTY_APPEARS_TWICE: Self = Self(456);
    /// 457: Missing parameter in signal or event.
    pub const MISSING_PARAMETER: Self = Self(457);
    /// 458: Unexpected Event/Request ID.
    pub const UNEXPECTED_REQUEST_ID: Self = Self(458);
    /// 459: Unsupported or Unknown Profile.
    pub const UNKNOWN_PROFILE: Self = Self(459);
    /// 472: Required Information Missing.
    pub const REQUIRED_INFORMATION_MISSING: Self = Self(472);
    /// 474: Invalid SDP Syntax.
    pub const INVALID_SDP: Self = Self(474);
    /// 500: Internal software Failure in MG.
    pub const INTERNAL_FAILURE: Self = Self(500);
    /// 501: Not Implemented.
    pub const NOT_IMPLEMENTED: Self = Self(501);
    /// 502: Not ready.
    pub const NOT_READY: Self = Self(502);
    /// 503: Service Unavailable.
    pub const SERVICE_UNAVAILABLE: Self = Self(503);
    /// 504: Command Received from unauthorized entity.
    pub const UNAUTHORIZED_ENTITY: Self = Self(504);
    /// 505: Transaction Request Received before a Service Change Reply has been received.
    pub const BEFORE_SERVICE_CHANGE_REPLY: Self = Self(505);
    /// 506: Number of Transaction Pendings Exceeded.
    pub const PENDINGS_EXCEEDED: Self = Self(506);
    /// 510: Insufficient resources.
    pub const INSUFFICIENT_RESOURCES: Self = Self(510);
    /// 518: Event buffer full.
    pub const EVENT_BUFFER_FULL: Self = Self(518);
    /// 533: Response exceeds maximum transport PDU size.
    pub const RESPONSE_TOO_LARGE: Self = Self(533);

    /// The registered text, or `None` for a code nobody registered (such codes are legal on the wire).
    pub fn text(self) -> Option<&'static str> {
        lookup(&ERROR_CODES, self.0)
    }

    /// Every registered code with its text, in ascending order.
    pub fn registered() -> impl ExactSizeIterator<Item = (Self, &'static str)> {
        ERROR_CODES.iter().map(|&(code, text)| (Self(code), text))
    }
}

impl ServiceChangeReason {
    /// 900: Service Restored.
    pub const SERVICE_RESTORED: Self = Self(900);
    /// 901: Cold Boot.
    pub const COLD_BOOT: Self = Self(901);
    /// 902: Warm Boot.
    pub const WARM_BOOT: Self = Self(902);
    /// 903: MGC Directed Change.
    pub const MGC_DIRECTED_CHANGE: Self = Self(903);
    /// 908: MG Impending Failure.
    pub const MG_IMPENDING_FAILURE: Self = Self(908);
    /// 909: MGC Impending Failure.
    pub const MGC_IMPENDING_FAILURE: Self = Self(909);

    /// The registered text, or `None` for a reason nobody registered.
    pub fn text(self) -> Option<&'static str> {
        lookup(&SERVICE_CHANGE_REASONS, self.0)
    }

    /// Every registered reason with its text, in ascending order.
    pub fn registered() -> impl ExactSizeIterator<Item = (Self, &'static str)> {
        SERVICE_CHANGE_REASONS
            .iter()
            .map(|&(code, text)| (Self(code), text))
    }

    /// Reads the decimal number a reason starts with (`"901 cold boot"`); the rest is a free description.
    ///
    /// `None` when it does not start with one to five digits followed by a space or the end.
    pub fn parse(reason: &str) -> Option<Self> {
        let number = reason.split(' ').next()?;
        if number.is_empty() || number.len() > 5 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        number.parse().ok().map(Self)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::fmt::Display for ServiceChangeReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn lookup(table: &[(u16, &'static str)], code: u16) -> Option<&'static str> {
    let at = table.binary_search_by_key(&code, |entry| entry.0).ok()?;
    table.get(at).map(|entry| entry.1)
}

static ERROR_CODES: [(u16, &str); 108] = [
    (400, "Syntax error in message"),
    (401, "Protocol Error"),
    (402, "Unauthorized"),
    (403, "Syntax error in transaction request"),
    (406, "Version Not Supported"),
    (410, "Incorrect identifier"),
    (411, "The transaction refers to an unknown ContextId"),
    (412, "No ContextIDs available"),
    (413, "Number of transactions in message exceeds maximum"),
    (421, "Unknown action or illegal combination of actions"),
    (422, "Syntax Error in Action"),
    (430, "Unknown TerminationID"),
    (431, "No TerminationID matched a wildcard"),
    (432, "Out of TerminationIDs or No TerminationID available"),
    (433, "TerminationID is already in a Context"),
    (434, "Max number of Terminations in a Context exceeded"),
    (435, "Termination ID is not in specified Context"),
    (440, "Unsupported or unknown Package"),
    (441, "Missing Remote or Local Descriptor"),
    (442, "Syntax Error in Command"),
    (443, "Unsupported or Unknown Command"),
    (444, "Unsupported or Unknown Descriptor"),
    (445, "Unsupported or Unknown Property"),
    (446, "Unsupported or Unknown Parameter"),
    (447, "Descriptor not legal in this command"),
    (448, "Descriptor appears twice in a command"),
    (449, "Unsupported or Unknown Parameter or Property Value"),
    (450, "No such property in this package"),
    (451, "No such event in this package"),
    (452, "No such signal in this package"),
    (453, "No such statistic in this package"),
    (454, "No such parameter value in this package"),
    (455, "Property illegal in this Descriptor"),
    (456, "Property appears twice in this Descriptor"),
    (457, "Missing parameter in signal or event"),
    (458, "Unexpected Event/Request ID"),
    (459, "Unsupported or Unknown Profile"),
    (460, "Unable to set statistic on stream"),
    (461, "Unsupported or Unknown Profile"),
    (471, "Implied Add for Multiplex failure"),
    (472, "Required Information Missing"),
    (473, "Conflicting Property Values"),
    (474, "Invalid SDP Syntax"),
    (475, "Unable to pause the playout of the signal"),
    (
        476,
        "Unable to adjust the data delivery speed of the Signal",
    ),
    (
        477,
        "Unable to adjust the playback relative scale of the signal",
    ),
    (478, "Behaviour Contradicts Resource Rule"),
    (500, "Internal software Failure in MG"),
    (501, "Not Implemented"),
    (502, "Not ready"),
    (503, "Service Unavailable"),
    (504, "Command Received from unauthorized entity"),
    (
        505,
        "Transaction Request Received before a Service Change Reply has been received",
    ),
    (506, "Number of Transaction Pendings Exceeded"),
    (510, "Insufficient resources"),
    (511, "Temporarily Busy"),
    (512, "Media Gateway unequipped to detect requested Event"),
    (
        513,
        "Media Gateway unequipped to generate requested Signals",
    ),
    (514, "Media Gateway cannot send the specified announcement"),
    (515, "Unsupported Media Type"),
    (517, "Unsupported or invalid mode"),
    (518, "Event buffer full"),
    (519, "Out of space to store digit map"),
    (520, "Digit Map undefined in the MG"),
    (521, "Termination is ServiceChanging"),
    (
        522,
        "Functionality Requested in Topology Triple Not Supported",
    ),
    (526, "Insufficient bandwidth"),
    (529, "Internal hardware failure in MG"),
    (530, "Temporary Network failure"),
    (531, "Permanent Network failure"),
    (
        532,
        "Audited Property, Statistic, Event or Signal does not exist",
    ),
    (533, "Response exceeds maximum transport PDU size"),
    (534, "Illegal write or read only property"),
    (540, "Unexpected initial hook state"),
    (541, "Unexpected Spare Bit State"),
    (542, "Command is not allowed on this termination"),
    (543, "MGC requested event detection timestamp not supported"),
    (581, "Does Not Exist"),
    (600, "Illegal syntax within an announcement specification"),
    (601, "Variable type not supported"),
    (602, "Variable value out of range"),
    (603, "Category not supported"),
    (604, "Selector type not supported"),
    (605, "Selector value not supported"),
    (606, "Unknown segment ID"),
    (
        607,
        "Mismatch between play specification and provisioned data",
    ),
    (608, "Provisioning error"),
    (609, "Invalid offset"),
    (610, "No free segment IDs"),
    (611, "Temporary segment not found"),
    (612, "Segment in use"),
    (613, "ISP port limit overrun"),
    (614, "No modems available"),
    (615, "Calling number unacceptable"),
    (616, "Called number unacceptable"),
    (617, "Reserved for H.248.9 return code"),
    (618, "Reserved for H.248.9 return code"),
    (622, "Reserved for H.248.9 return code"),
    (623, "Reserved for H.248.9 return code"),
    (624, "Reserved for H.248.9 return code"),
    (625, "Reserved for H.248.9 return code"),
    (626, "Reserved for H.248.9 return code"),
    (627, "Reserved for H.248.9 return code"),
    (628, "Reserved for H.248.9 return code"),
    (629, "Reserved for H.248.9 return code"),
    (700, "Sieve Script Syntax Error"),
    (701, "Unsupported Sieve Require Error"),
    (702, "Sieve Actions Exceeded Error"),
];

static SERVICE_CHANGE_REASONS: [(u16, &str); 21] = [
    (900, "Service Restored"),
    (901, "Cold Boot"),
    (902, "Warm Boot"),
    (903, "MGC Directed Change"),
    (904, "Termination malfunctioning"),
    (905, "Termination taken out of service"),
    (
        906,
        "Loss of lower layer connectivity (e.g. downstream sync)",
    ),
    (907, "Transmission Failure"),
    (908, "MG Impending Failure"),
    (909, "MGC Impending Failure"),
    (910, "Media Capability Failure"),
    (911, "Modem Capability Failure"),
    (912, "Mux Capability Failure"),
    (913, "Signal Capability Failure"),
    (914, "Event Capability Failure"),
    (915, "State Loss"),
    (916, "Packages Change"),
    (917, "Capabilities Change"),
    (918, "Cancel Graceful"),
    (919, "Warm Failover"),
    (920, "Cold Failover"),
];

#[cfg(test)]
mod tests {
    use super::{ERROR_CODES, ErrorCode, SERVICE_CHANGE_REASONS, ServiceChangeReason};

    #[test]
    fn tables_are_sorted_and_without_duplicates() {
        assert!(ERROR_CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(
            SERVICE_CHANGE_REASONS
                .windows(2)
                .all(|pair| pair[0].0 < pair[1].0)
        );
    }

    #[test]
    fn every_text_can_stand_in_a_quoted_string() {
        let texts = ERROR_CODES.iter().chain(&SERVICE_CHANGE_REASONS);
        for (code, text) in texts {
            assert!(!text.is_empty(), "{code}");
            assert!(
                text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"'),
                "{code}"
            );
        }
    }

    #[test]
    fn named_codes_have_their_text() {
        assert_eq!(
            ErrorCode::SYNTAX_ERROR_IN_MESSAGE.text(),
            Some("Syntax error in message")
        );
        assert_eq!(
            ErrorCode::PENDINGS_EXCEEDED.text(),
            Some("Number of Transaction Pendings Exceeded")
        );
        assert_eq!(ErrorCode(405).text(), None);
        assert_eq!(ServiceChangeReason::COLD_BOOT.text(), Some("Cold Boot"));
        assert_eq!(ServiceChangeReason(920).text(), Some("Cold Failover"));
        assert_eq!(ServiceChangeReason(899).text(), None);
        assert_eq!(ErrorCode::registered().len(), ERROR_CODES.len());
    }

    #[test]
    fn a_reason_string_gives_its_number() {
        assert_eq!(
            ServiceChangeReason::parse("901 mg cold boot"),
            Some(ServiceChangeReason::COLD_BOOT)
        );
        assert_eq!(
            ServiceChangeReason::parse("902"),
            Some(ServiceChangeReason::WARM_BOOT)
        );
        for bad in ["", " 901", "x901", "901x", "99999", "999999999", "+901"] {
            assert_eq!(ServiceChangeReason::parse(bad), None, "{bad:?}");
        }
    }
}
