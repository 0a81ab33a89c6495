//! The ASN.1 of RFC 3525 annex A (protocol version 1), and what H.248.1 added behind its extension marks for versions 2 and 3, as types of the
//! `rasn` crate, which knows nothing of our codec.
//!
//! Sizes and value ranges are not written down: BER does not encode them, so they would test nothing here. Nor does BER tell an addition from
//! an optional component of the root: automatic tagging numbers them on, so additions are written as the last optional components.

#![allow(dead_code)]
// Names and nesting are those of the standard.
#![allow(clippy::enum_variant_names, clippy::large_enum_variant)]

use rasn::prelude::*;

/// `SEQUENCE`s, with `#[non_exhaustive]` where annex A has an extension marker.
macro_rules! sequences {
    ($($(#[$attribute:meta])* $name:ident $components:tt)*) => {$(
        #[derive(AsnType, Decode, Encode, Clone, Debug, PartialEq)]
        #[rasn(automatic_tags)]
        $(#[$attribute])*
        pub(crate) struct $name $components
    )*};
}

macro_rules! choices {
    ($($(#[$attribute:meta])* $name:ident $alternatives:tt)*) => {$(
        #[derive(AsnType, Decode, Encode, Clone, Debug, PartialEq)]
        #[rasn(choice, automatic_tags)]
        $(#[$attribute])*
        pub(crate) enum $name $alternatives
    )*};
}

macro_rules! enumerations {
    ($($name:ident $names:tt)*) => {$(
        #[derive(AsnType, Decode, Encode, Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[rasn(enumerated)]
        #[non_exhaustive]
        pub(crate) enum $name $names
    )*};
}

type Value = SequenceOf<OctetString>;
type TerminationIdList = SequenceOf<TerminationId>;
type TerminationAudit = SequenceOf<AuditReturnParameter>;
type EventBufferDescriptor = SequenceOf<EventSpec>;
type SignalsDescriptor = SequenceOf<SignalRequest>;
type PackagesDescriptor = SequenceOf<PackagesItem>;
type StatisticsDescriptor = SequenceOf<StatisticsParameter>;
type PropertyGroup = SequenceOf<PropertyParm>;

sequences! {
    MegacoMessage { auth_header: Option<AuthenticationHeader>, mess: Message }
    AuthenticationHeader { sec_parm_index: OctetString, seq_num: OctetString, ad: OctetString }
    #[non_exhaustive]
    Message { version: u8, m_id: MId, message_body: MessageBody }
    DomainName { name: Ia5String, port_number: Option<u16> }
    Ip4Address { address: OctetString, port_number: Option<u16> }
    Ip6Address { address: OctetString, port_number: Option<u16> }
    #[non_exhaustive]
    TransactionRequest { transaction_id: u32, actions: SequenceOf<ActionRequest> }
    #[non_exhaustive]
    TransactionPending { transaction_id: u32 }
    #[non_exhaustive]
    TransactionReply {
        transaction_id: u32,
        imm_ack_required: Option<()>,
        transaction_result: TransactionResult,
        segment_number: Option<u16>,
        segmentation_complete: Option<()>,
    }
    #[non_exhaustive]
    SegmentReply {
        transaction_id: u32,
        segment_number: u16,
        segmentation_complete: Option<()>,
    }
    TransactionAck { first_ack: u32, last_ack: Option<u32> }
    ErrorDescriptor { error_code: u16, error_text: Option<Ia5String> }
    ActionRequest {
        context_id: u32,
        context_request: Option<ContextRequest>,
        context_attr_audit_req: Option<ContextAttrAuditRequest>,
        command_requests: SequenceOf<CommandRequest>,
    }
    ActionReply {
        context_id: u32,
        error_descriptor: Option<ErrorDescriptor>,
        context_reply: Option<ContextRequest>,
        command_reply: SequenceOf<CommandReply>,
    }
    #[non_exhaustive]
    ContextRequest {
        priority: Option<u8>,
        emergency: Option<bool>,
        topology_req: Option<SequenceOf<TopologyRequest>>,
        iepscallind: Option<bool>,
        context_prop: Option<SequenceOf<PropertyParm>>,
        context_list: Option<SequenceOf<u32>>,
    }
    #[non_exhaustive]
    ContextAttrAuditRequest {
        topology: Option<()>,
        emergency: Option<()>,
        priority: Option<()>,
        iepscallind: Option<()>,
        context_prop_aud: Option<SequenceOf<IndAudPropertyParm>>,
        selectpriority: Option<u8>,
        selectemergency: Option<bool>,
        selectiepscallind: Option<bool>,
        select_logic: Option<SelectLogic>,
    }
    #[non_exhaustive]
    CommandRequest { command: Command, optional: Option<()>, wildcard_return: Option<()> }
    #[non_exhaustive]
    TopologyRequest {
        termination_from: TerminationId,
        termination_to: TerminationId,
        topology_direction: TopologyDirection,
        stream_id: Option<u16>,
        topology_direction_extension: Option<TopologyDirectionExtension>,
    }
    #[non_exhaustive]
    AmmRequest { termination_id: TerminationIdList, descriptors: SequenceOf<AmmDescriptor> }
    #[non_exhaustive]
    AmmsReply { termination_id: TerminationIdList, termination_audit: Option<TerminationAudit> }
    #[non_exhaustive]
    SubtractRequest { termination_id: TerminationIdList, audit_descriptor: Option<AuditDescriptor> }
    #[non_exhaustive]
    AuditRequest {
        termination_id: TerminationId,
        audit_descriptor: AuditDescriptor,
        termination_id_list: Option<TerminationIdList>,
    }
    AuditResult { termination_id: TerminationId, termination_audit_result: TerminationAudit }
    #[non_exhaustive]
    TermListAuditResult {
        termination_id_list: TerminationIdList,
        termination_audit_result: TerminationAudit,
    }
    #[non_exhaustive]
    AuditDescriptor {
        audit_token: Option<BitString>,
        audit_property_token: Option<SequenceOf<IndAuditParameter>>,
    }
    #[non_exhaustive]
    IndAudMediaDescriptor {
        term_state_descr: Option<IndAudTerminationStateDescriptor>,
        streams: Option<IndAudStreams>,
    }
    IndAudStreamDescriptor { stream_id: u16, stream_parms: IndAudStreamParms }
    #[non_exhaustive]
    IndAudStreamParms {
        local_control_descriptor: Option<IndAudLocalControlDescriptor>,
        local_descriptor: Option<IndAudLocalRemoteDescriptor>,
        remote_descriptor: Option<IndAudLocalRemoteDescriptor>,
        statistics_descriptor: Option<IndAudStatisticsDescriptor>,
    }
    #[non_exhaustive]
    IndAudLocalControlDescriptor {
        stream_mode: Option<()>,
        reserve_value: Option<()>,
        reserve_group: Option<()>,
        property_parms: Option<SequenceOf<IndAudPropertyParm>>,
        stream_mode_sel: Option<StreamMode>,
    }
    #[non_exhaustive]
    IndAudPropertyParm { name: OctetString, property_parms: Option<PropertyParm> }
    #[non_exhaustive]
    IndAudLocalRemoteDescriptor {
        prop_group_id: Option<u16>,
        prop_grps: SequenceOf<IndAudPropertyParm>,
    }
    #[non_exhaustive]
    IndAudTerminationStateDescriptor {
        property_parms: SequenceOf<IndAudPropertyParm>,
        event_buffer_control: Option<()>,
        service_state: Option<()>,
        service_state_sel: Option<ServiceState>,
    }
    #[non_exhaustive]
    IndAudEventsDescriptor {
        request_id: Option<u32>,
        pkgd_name: OctetString,
        stream_id: Option<u16>,
    }
    #[non_exhaustive]
    IndAudEventBufferDescriptor { event_name: OctetString, stream_id: Option<u16> }
    IndAudSeqSigList { id: u16, signal_list: Option<IndAudSignal> }
    #[non_exhaustive]
    IndAudSignal {
        signal_name: OctetString,
        stream_id: Option<u16>,
        signal_request_id: Option<u32>,
    }
    IndAudDigitMapDescriptor { digit_map_name: Option<OctetString> }
    IndAudStatisticsDescriptor { stat_name: OctetString }
    #[non_exhaustive]
    IndAudPackagesDescriptor { package_name: OctetString, package_version: u8 }
    #[non_exhaustive]
    NotifyRequest {
        termination_id: TerminationIdList,
        observed_events_descriptor: ObservedEventsDescriptor,
        error_descriptor: Option<ErrorDescriptor>,
    }
    #[non_exhaustive]
    NotifyReply { termination_id: TerminationIdList, error_descriptor: Option<ErrorDescriptor> }
    ObservedEventsDescriptor { request_id: u32, observed_event_lst: SequenceOf<ObservedEvent> }
    #[non_exhaustive]
    ObservedEvent {
        event_name: OctetString,
        stream_id: Option<u16>,
        event_par_list: SequenceOf<EventParameter>,
        time_notation: Option<TimeNotation>,
    }
    #[non_exhaustive]
    EventParameter { event_parameter_name: OctetString, value: Value, extra_info: Option<ExtraInfo> }
    #[non_exhaustive]
    ServiceChangeRequest { termination_id: TerminationIdList, service_change_parms: ServiceChangeParm }
    #[non_exhaustive]
    ServiceChangeReply {
        termination_id: TerminationIdList,
        service_change_result: ServiceChangeResult,
    }
    #[non_exhaustive]
    TerminationId { wildcard: SequenceOf<OctetString>, id: OctetString }
    #[non_exhaustive]
    MediaDescriptor { term_state_descr: Option<TerminationStateDescriptor>, streams: Option<Streams> }
    StreamDescriptor { stream_id: u16, stream_parms: StreamParms }
    #[non_exhaustive]
    StreamParms {
        local_control_descriptor: Option<LocalControlDescriptor>,
        local_descriptor: Option<LocalRemoteDescriptor>,
        remote_descriptor: Option<LocalRemoteDescriptor>,
        statistics_descriptor: Option<StatisticsDescriptor>,
    }
    #[non_exhaustive]
    LocalControlDescriptor {
        stream_mode: Option<StreamMode>,
        reserve_value: Option<bool>,
        reserve_group: Option<bool>,
        property_parms: SequenceOf<PropertyParm>,
    }
    #[non_exhaustive]
    PropertyParm { name: OctetString, value: Value, extra_info: Option<ExtraInfo> }
    #[non_exhaustive]
    LocalRemoteDescriptor { prop_grps: SequenceOf<PropertyGroup> }
    #[non_exhaustive]
    TerminationStateDescriptor {
        property_parms: SequenceOf<PropertyParm>,
        event_buffer_control: Option<EventBufferControl>,
        service_state: Option<ServiceState>,
    }
    #[non_exhaustive]
    MuxDescriptor {
        mux_type: MuxType,
        term_list: SequenceOf<TerminationId>,
        non_standard_data: Option<NonStandardData>,
    }
    #[non_exhaustive]
    EventsDescriptor { request_id: Option<u32>, event_list: SequenceOf<RequestedEvent> }
    #[non_exhaustive]
    RequestedEvent {
        pkgd_name: OctetString,
        stream_id: Option<u16>,
        event_action: Option<RequestedActions>,
        ev_par_list: SequenceOf<EventParameter>,
    }
    #[non_exhaustive]
    RequestedActions {
        keep_active: Option<bool>,
        event_dm: Option<EventDm>,
        second_event: Option<SecondEventsDescriptor>,
        signals_descriptor: Option<SignalsDescriptor>,
        notify_behaviour: Option<NotifyBehaviour>,
        reset_events_descriptor: Option<()>,
    }
    #[non_exhaustive]
    RegulatedEmbeddedDescriptor {
        second_event: Option<SecondEventsDescriptor>,
        signals_descriptor: Option<SignalsDescriptor>,
    }
    #[non_exhaustive]
    SecondEventsDescriptor { request_id: Option<u32>, event_list: SequenceOf<SecondRequestedEvent> }
    #[non_exhaustive]
    SecondRequestedEvent {
        pkgd_name: OctetString,
        stream_id: Option<u16>,
        event_action: Option<SecondRequestedActions>,
        ev_par_list: SequenceOf<EventParameter>,
    }
    #[non_exhaustive]
    SecondRequestedActions {
        keep_active: Option<bool>,
        event_dm: Option<EventDm>,
        signals_descriptor: Option<SignalsDescriptor>,
        notify_behaviour: Option<NotifyBehaviour>,
        reset_events_descriptor: Option<()>,
    }
    #[non_exhaustive]
    EventSpec {
        event_name: OctetString,
        stream_id: Option<u16>,
        event_par_list: SequenceOf<EventParameter>,
    }
    SeqSigList { id: u16, signal_list: SequenceOf<Signal> }
    #[non_exhaustive]
    Signal {
        signal_name: OctetString,
        stream_id: Option<u16>,
        sig_type: Option<SignalType>,
        duration: Option<u16>,
        notify_completion: Option<BitString>,
        keep_active: Option<bool>,
        sig_par_list: SequenceOf<EventParameter>,
        direction: Option<SignalDirection>,
        request_id: Option<u32>,
        intersig_delay: Option<u16>,
    }
    ModemDescriptor {
        mtl: SequenceOf<ModemType>,
        mpl: SequenceOf<PropertyParm>,
        non_standard_data: Option<NonStandardData>,
    }
    DigitMapDescriptor {
        digit_map_name: Option<OctetString>,
        digit_map_value: Option<DigitMapValue>,
    }
    #[non_exhaustive]
    DigitMapValue {
        start_timer: Option<u8>,
        short_timer: Option<u8>,
        long_timer: Option<u8>,
        digit_map_body: Ia5String,
        duration_timer: Option<u8>,
    }
    #[non_exhaustive]
    ServiceChangeParm {
        service_change_method: ServiceChangeMethod,
        service_change_address: Option<ServiceChangeAddress>,
        service_change_version: Option<u8>,
        service_change_profile: Option<ServiceChangeProfile>,
        service_change_reason: Value,
        service_change_delay: Option<u32>,
        service_change_mgc_id: Option<MId>,
        time_stamp: Option<TimeNotation>,
        non_standard_data: Option<NonStandardData>,
        service_change_info: Option<AuditDescriptor>,
        service_change_incomplete_flag: Option<()>,
    }
    #[non_exhaustive]
    ServiceChangeResParm {
        service_change_mgc_id: Option<MId>,
        service_change_address: Option<ServiceChangeAddress>,
        service_change_version: Option<u8>,
        service_change_profile: Option<ServiceChangeProfile>,
        timestamp: Option<TimeNotation>,
    }
    ServiceChangeProfile { profile_name: Ia5String }
    #[non_exhaustive]
    PackagesItem { package_name: OctetString, package_version: u8 }
    StatisticsParameter { stat_name: OctetString, stat_value: Option<Value> }
    NonStandardData { non_standard_identifier: NonStandardIdentifier, data: OctetString }
    #[non_exhaustive]
    H221NonStandard {
        t35_country_code1: u8,
        t35_country_code2: u8,
        t35_extension: u8,
        manufacturer_code: u16,
    }
    TimeNotation { date: Ia5String, time: Ia5String }
}

choices! {
    MessageBody { MessageError(ErrorDescriptor), Transactions(SequenceOf<Transaction>) }
    #[non_exhaustive]
    MId {
        Ip4Address(Ip4Address),
        Ip6Address(Ip6Address),
        DomainName(DomainName),
        DeviceName(Ia5String),
        MtpAddress(OctetString),
    }
    #[non_exhaustive]
    Transaction {
        TransactionRequest(TransactionRequest),
        TransactionPending(TransactionPending),
        TransactionReply(TransactionReply),
        TransactionResponseAck(SequenceOf<TransactionAck>),
        SegmentReply(SegmentReply),
    }
    TransactionResult {
        TransactionError(ErrorDescriptor),
        ActionReplies(SequenceOf<ActionReply>),
    }
    #[non_exhaustive]
    Command {
        AddReq(AmmRequest),
        MoveReq(AmmRequest),
        ModReq(AmmRequest),
        SubtractReq(SubtractRequest),
        AuditCapRequest(AuditRequest),
        AuditValueRequest(AuditRequest),
        NotifyReq(NotifyRequest),
        ServiceChangeReq(ServiceChangeRequest),
    }
    #[non_exhaustive]
    CommandReply {
        AddReply(AmmsReply),
        MoveReply(AmmsReply),
        ModReply(AmmsReply),
        SubtractReply(AmmsReply),
        AuditCapReply(AuditReply),
        AuditValueReply(AuditReply),
        NotifyReply(NotifyReply),
        ServiceChangeReply(ServiceChangeReply),
    }
    #[non_exhaustive]
    AmmDescriptor {
        MediaDescriptor(MediaDescriptor),
        ModemDescriptor(ModemDescriptor),
        MuxDescriptor(MuxDescriptor),
        EventsDescriptor(EventsDescriptor),
        EventBufferDescriptor(EventBufferDescriptor),
        SignalsDescriptor(SignalsDescriptor),
        DigitMapDescriptor(DigitMapDescriptor),
        AuditDescriptor(AuditDescriptor),
        StatisticsDescriptor(StatisticsDescriptor),
    }
    #[non_exhaustive]
    AuditReply {
        ContextAuditResult(TerminationIdList),
        Error(ErrorDescriptor),
        AuditResult(AuditResult),
        AuditResultTermList(TermListAuditResult),
    }
    #[non_exhaustive]
    IndAuditParameter {
        IndAudMediaDescriptor(IndAudMediaDescriptor),
        IndAudEventsDescriptor(IndAudEventsDescriptor),
        IndAudEventBufferDescriptor(IndAudEventBufferDescriptor),
        IndAudSignalsDescriptor(IndAudSignalsDescriptor),
        IndAudDigitMapDescriptor(IndAudDigitMapDescriptor),
        IndAudStatisticsDescriptor(IndAudStatisticsDescriptor),
        IndAudPackagesDescriptor(IndAudPackagesDescriptor),
    }
    IndAudStreams {
        OneStream(IndAudStreamParms),
        MultiStream(SequenceOf<IndAudStreamDescriptor>),
    }
    #[non_exhaustive]
    IndAudSignalsDescriptor { Signal(IndAudSignal), SeqSigList(IndAudSeqSigList) }
    #[non_exhaustive]
    SelectLogic { AndAuditSelect(()), OrAuditSelect(()) }
    #[non_exhaustive]
    NotifyBehaviour {
        NotifyImmediate(()),
        NotifyRegulated(RegulatedEmbeddedDescriptor),
        NeverNotify(()),
    }
    #[non_exhaustive]
    AuditReturnParameter {
        ErrorDescriptor(ErrorDescriptor),
        MediaDescriptor(MediaDescriptor),
        ModemDescriptor(ModemDescriptor),
        MuxDescriptor(MuxDescriptor),
        EventsDescriptor(EventsDescriptor),
        EventBufferDescriptor(EventBufferDescriptor),
        SignalsDescriptor(SignalsDescriptor),
        DigitMapDescriptor(DigitMapDescriptor),
        ObservedEventsDescriptor(ObservedEventsDescriptor),
        StatisticsDescriptor(StatisticsDescriptor),
        PackagesDescriptor(PackagesDescriptor),
        EmptyDescriptors(AuditDescriptor),
    }
    ExtraInfo { Relation(Relation), Range(bool), Sublist(bool) }
    Streams { OneStream(StreamParms), MultiStream(SequenceOf<StreamDescriptor>) }
    EventDm { DigitMapName(OctetString), DigitMapValue(DigitMapValue) }
    #[non_exhaustive]
    SignalRequest { Signal(Signal), SeqSigList(SeqSigList) }
    ServiceChangeResult {
        ErrorDescriptor(ErrorDescriptor),
        ServiceChangeResParms(ServiceChangeResParm),
    }
    #[non_exhaustive]
    ServiceChangeAddress {
        PortNumber(u16),
        Ip4Address(Ip4Address),
        Ip6Address(Ip6Address),
        DomainName(DomainName),
        DeviceName(Ia5String),
        MtpAddress(OctetString),
    }
    #[non_exhaustive]
    NonStandardIdentifier {
        Object(ObjectIdentifier),
        H221NonStandard(H221NonStandard),
        Experimental(Ia5String),
    }
}

enumerations! {
    TopologyDirection { Bothway = 0, Isolate = 1, Oneway = 2 }
    TopologyDirectionExtension { OnewayExternal = 0, OnewayBoth = 1 }
    SignalDirection { Internal = 0, External = 1, Both = 3 }
    StreamMode { SendOnly = 0, RecvOnly = 1, SendRecv = 2, Inactive = 3, LoopBack = 4 }
    Relation { GreaterThan = 0, SmallerThan = 1, UnequalTo = 2 }
    EventBufferControl { Off = 0, LockStep = 1 }
    ServiceState { Test = 0, OutOfSvc = 1, InSvc = 2 }
    MuxType { H221 = 0, H223 = 1, H226 = 2, V76 = 3, Nx64k = 4 }
    SignalType { Brief = 0, OnOff = 1, TimeOut = 2 }
    ModemType {
        V18 = 0, V22 = 1, V22bis = 2, V32 = 3, V32bis = 4, V34 = 5, V90 = 6, V91 = 7, SynchIsdn = 8,
    }
    ServiceChangeMethod {
        Failover = 0, Forced = 1, Graceful = 2, Restart = 3, Disconnected = 4, HandOff = 5,
    }
}
