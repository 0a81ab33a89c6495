//! The keywords of the text encoding (RFC 3525 B.2 and its v2 and v3 extensions) and how to recognise them.
//!
//! A word is recognised with one multiplication: its first eight bytes, its last byte and its length are folded to
//! upper case, hashed into a table without collisions, and compared in three words of eight bytes. What a keyword
//! means depends on where it stands, so a word that is a keyword elsewhere may still be a name here.

/// A keyword; `None` stands for every word that is not one.
macro_rules! keywords {
    ($($name:ident = $long:literal, $short:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Keyword {
            None,
            $($name,)*
        }

        /// Long spellings, by keyword.
        const LONG: [&str; COUNT] = ["", $($long),*];
        /// Short spellings, by keyword; the same as the long one where there is none.
        const SHORT: [&str; COUNT] = ["", $($short),*];
        const EVERY: [Keyword; COUNT] = [Keyword::None, $(Keyword::$name),*];
        const COUNT: usize = 1 $(+ { let _ = Keyword::$name; 1 })*;
    };
}

keywords! {
    Add = "Add", "A";
    AndAuditSelect = "ANDLgc", "ANSLgc";
    Audit = "Audit", "AT";
    AuditCap = "AuditCapability", "AC";
    AuditValue = "AuditValue", "AV";
    Auth = "Authentication", "AU";
    Both = "Both", "B";
    Bothway = "Bothway", "BW";
    Brief = "Brief", "BR";
    Buffer = "Buffer", "BF";
    Context = "Context", "C";
    ContextAttr = "ContextAttr", "CT";
    ContextAudit = "ContextAudit", "CA";
    ContextList = "ContextList", "CLT";
    DigitMap = "DigitMap", "DM";
    Direction = "SPADirection", "SPADI";
    Disconnected = "Disconnected", "DC";
    Delay = "Delay", "DL";
    Duration = "Duration", "DR";
    Embed = "Embed", "EM";
    Emergency = "Emergency", "EG";
    EmergencyOff = "EmergencyOff", "EGO";
    EmergencyOffV2 = "EmergencyOffToken", "EmergencyOffToken";
    EmergencyValue = "EmergencyValue", "EGV";
    End = "END", "&";
    Error = "Error", "ER";
    EventBuffer = "EventBuffer", "EB";
    Events = "Events", "E";
    External = "External", "EX";
    Failover = "Failover", "FL";
    Forced = "Forced", "FO";
    Graceful = "Graceful", "GR";
    H221 = "H221", "H221";
    H223 = "H223", "H223";
    H226 = "H226", "H226";
    HandOff = "HandOff", "HO";
    Ieps = "IEPSCall", "IEPS";
    ImmAckRequired = "ImmAckRequired", "IA";
    Inactive = "Inactive", "IN";
    Internal = "Internal", "IT";
    IntersigDelay = "Intersignal", "SPAIS";
    InterruptByEvent = "IntByEvent", "IBE";
    InterruptByNewSignalDescr = "IntBySigDescr", "IBS";
    InSvc = "InService", "IV";
    Isolate = "Isolate", "IS";
    Iteration = "Iteration", "IR";
    KeepActive = "KeepActive", "KA";
    Local = "Local", "L";
    LocalControl = "LocalControl", "O";
    LockStep = "LockStep", "SP";
    Loopback = "Loopback", "LB";
    Media = "Media", "M";
    Megaco = "MEGACO", "!";
    Method = "Method", "MT";
    MgcIdToTry = "MgcIdToTry", "MG";
    Mode = "Mode", "MO";
    Modem = "Modem", "MD";
    Modify = "Modify", "MF";
    Move = "Move", "MV";
    Mtp = "MTP", "MTP";
    Mux = "Mux", "MX";
    NeverNotify = "NeverNotify", "NBNN";
    Notify = "Notify", "N";
    NotifyCompletion = "NotifyCompletion", "NC";
    NotifyImmediate = "ImmediateNotify", "NBIN";
    NotifyRegulated = "RegulatedNotify", "NBRN";
    Nx64k = "Nx64Kservice", "N64";
    ObservedEvents = "ObservedEvents", "OE";
    Off = "OFF", "OFF";
    On = "ON", "ON";
    OnOff = "OnOff", "OO";
    Oneway = "Oneway", "OW";
    OnewayBoth = "OnewayBoth", "OWB";
    OnewayExternal = "OnewayExternal", "OWE";
    OrAuditSelect = "ORLgc", "ORLgc";
    OtherReason = "OtherReason", "OR";
    OutOfSvc = "OutOfService", "OS";
    Packages = "Packages", "PG";
    Pending = "Pending", "PN";
    Priority = "Priority", "PR";
    Profile = "Profile", "PF";
    Reason = "Reason", "RE";
    RecvOnly = "ReceiveOnly", "RC";
    Remote = "Remote", "R";
    Reply = "Reply", "P";
    RequestId = "SPARequestID", "SPARQ";
    ReservedGroup = "ReservedGroup", "RG";
    ReservedValue = "ReservedValue", "RV";
    ResetEventsDescriptor = "ResetEventsDescriptor", "RSE";
    ResponseAck = "TransactionResponseAck", "K";
    Restart = "Restart", "RS";
    Segment = "Segment", "SM";
    SendOnly = "SendOnly", "SO";
    SendRecv = "SendReceive", "SR";
    Services = "Services", "SV";
    ServiceChange = "ServiceChange", "SC";
    ServiceChangeAddress = "ServiceChangeAddress", "AD";
    ServiceChangeIncomplete = "ServiceChangeInc", "SIC";
    ServiceStates = "ServiceStates", "SI";
    SignalList = "SignalList", "SL";
    SignalType = "SignalType", "SY";
    Signals = "Signals", "SG";
    Statistics = "Statistics", "SA";
    Stream = "Stream", "ST";
    Subtract = "Subtract", "S";
    SynchIsdn = "SynchISDN", "SN";
    TerminationState = "TerminationState", "TS";
    Test = "Test", "TE";
    TimeOut = "TimeOut", "TO";
    Topology = "Topology", "TP";
    Transaction = "Transaction", "T";
    V18 = "V18", "V18";
    V22 = "V22", "V22";
    V22bis = "V22b", "V22b";
    V32 = "V32", "V32";
    V32bis = "V32b", "V32b";
    V34 = "V34", "V34";
    V76 = "V76", "V76";
    V90 = "V90", "V90";
    V91 = "V91", "V91";
    Version = "Version", "V";
}

impl Keyword {
    /// How `pretty` spells it.
    #[inline(always)]
    pub(super) const fn long(self) -> &'static str {
        match self {
            // The long form differs between versions 2 and 3 (EmergencyOff), or between the standard and OTP
            // (Iteration); the short one is understood by everybody.
            Self::EmergencyOff | Self::Iteration => SHORT[self as usize],
            _ => LONG[self as usize],
        }
    }

    /// How `compact` spells it.
    #[inline(always)]
    pub(super) const fn short(self) -> &'static str {
        // The standard's own token for AND selection is the long one; OTP's spelling is read, not written.
        match self {
            Self::AndAuditSelect => LONG[self as usize],
            _ => SHORT[self as usize],
        }
    }

    /// Recognises the word `input[start..end]`, of any case and spelling.
    #[inline]
    pub(super) fn of(input: &[u8], start: usize, end: usize) -> Self {
        let len = end - start;
        if len == 0 || len > WORD_BYTES_MAX {
            return Self::None;
        }
        let words = match input.get(start..start + WINDOW) {
            Some(window) => Words::of(window, len),
            None => Words::of_short(&input[start..end]),
        };
        let slot = &SLOTS[usize::from(INDEX[words.hash()])];
        if slot.words.eq(&words) {
            slot.keyword
        } else {
            Self::None
        }
    }
}

/// The longest keyword, `TransactionResponseAck`.
const WORD_BYTES_MAX: usize = 22;
/// Bytes looked at, at once.
const WINDOW: usize = 24;
/// Turns every letter into upper case; the other bytes of keywords stay distinct among the bytes of words.
const FOLD: u64 = 0xDFDF_DFDF_DFDF_DFDF;
/// Makes the hash free of collisions; `SLOTS` does not compile when it is not.
const MULTIPLIER: u64 = 0xE1EB_2506_BCFE_DFEF;
/// Bits of the hash.
const BITS: u32 = 11;

/// A word, upper case, in eight-byte pieces, with zeros behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Words {
    first: u64,
    second: u64,
    third: u64,
    len: u64,
}

impl Words {
    #[inline]
    fn of(window: &[u8], len: usize) -> Self {
        let piece = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&window[at..at + 8]);
            u64::from_le_bytes(bytes) & FOLD & MASK[len.saturating_sub(at).min(8)]
        };
        if len <= 8 {
            return Self {
                first: piece(0),
                second: 0,
                third: 0,
                len: len as u64,
            };
        }
        Self {
            first: piece(0),
            second: piece(8),
            third: piece(16),
            len: len as u64,
        }
    }

    #[cold]
    fn of_short(word: &[u8]) -> Self {
        let mut window = [0; WINDOW];
        window[..word.len()].copy_from_slice(word);
        Self::of(&window, word.len())
    }

    const fn of_spelling(spelling: &[u8]) -> Self {
        let mut pieces = [0u64; 3];
        let mut at = 0;
        while at < spelling.len() {
            pieces[at / 8] |= ((spelling[at] & 0xDF) as u64) << (at % 8 * 8);
            at += 1;
        }
        Self {
            first: pieces[0],
            second: pieces[1],
            third: pieces[2],
            len: spelling.len() as u64,
        }
    }

    #[inline]
    const fn hash(&self) -> usize {
        let last = if self.len > 16 {
            self.third >> ((self.len - 17) * 8)
        } else if self.len > 8 {
            self.second >> ((self.len - 9) * 8)
        } else {
            self.first >> ((self.len - 1) * 8)
        };
        let key = self.first ^ (last & 0xFF) << 40 ^ self.len << 56;
        (key.wrapping_mul(MULTIPLIER) >> (64 - BITS)) as usize
    }
}

/// The low `n` bytes of a word.
const MASK: [u64; 9] = {
    let mut mask = [0; 9];
    let mut n = 1;
    while n <= 8 {
        mask[n] = u64::MAX >> (64 - 8 * n);
        n += 1;
    }
    mask
};

#[derive(Clone, Copy)]
struct Slot {
    words: Words,
    keyword: Keyword,
}

/// Slot 0 is no word at all; then every spelling.
static SLOTS: [Slot; 2 * COUNT] = TABLES.0;
/// Hash to slot.
static INDEX: [u8; 1 << BITS] = TABLES.1;

const TABLES: ([Slot; 2 * COUNT], [u8; 1 << BITS]) = {
    let nothing = Slot {
        words: Words {
            first: 0,
            second: 0,
            third: 0,
            len: 0,
        },
        keyword: Keyword::None,
    };
    let mut slots = [nothing; 2 * COUNT];
    let mut index = [0u8; 1 << BITS];
    let mut used = 1;
    let mut at = 2;
    while at < 2 * COUNT {
        let spelling = if at % 2 == 0 {
            LONG[at / 2]
        } else {
            SHORT[at / 2]
        };
        let words = Words::of_spelling(spelling.as_bytes());
        let taken = index[words.hash()];
        if taken == 0 {
            slots[used] = Slot {
                words,
                keyword: EVERY[at / 2],
            };
            index[words.hash()] = used as u8;
            used += 1;
        } else {
            let other = slots[taken as usize].words;
            assert!(
                other.first == words.first && other.len == words.len,
                "two keywords share a hash"
            );
        }
        at += 1;
    }
    (slots, index)
};
