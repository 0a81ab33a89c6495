//! `into_owned` for every part of the model: a message that outlives the bytes and the arena it was decoded from.

use super::*;

/// Turns a part of a message into one that borrows nothing.
///
/// The transaction engine keeps a request that its user answers later this way. It copies every list and name; a
/// message that is answered at once never needs it.
pub trait IntoOwned {
    /// The same type with the lifetime `'static`.
    type Static;
    /// Copies what is borrowed.
    fn into_owned(self) -> Self::Static;
}

macro_rules! plain {
    ($($name:ty),* $(,)?) => {$(
        impl IntoOwned for $name {
            type Static = Self;
            #[inline]
            fn into_owned(self) -> Self {
                self
            }
        }
    )*};
}

macro_rules! atoms {
    ($($name:ident),* $(,)?) => {$(
        impl IntoOwned for $name<'_> {
            type Static = $name<'static>;
            fn into_owned(self) -> Self::Static {
                $name::into_owned(self)
            }
        }
    )*};
}

macro_rules! structs {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl IntoOwned for $name<'_> {
            type Static = $name<'static>;
            fn into_owned(self) -> Self::Static {
                $name { $($field: self.$field.into_owned()),* }
            }
        }
    )*};
}

macro_rules! enums {
    ($($name:ident { $($variant:ident $(($($part:ident),*))? $({$($field:ident),*})?),* $(,)? })*) => {$(
        impl IntoOwned for $name<'_> {
            type Static = $name<'static>;
            fn into_owned(self) -> Self::Static {
                match self {
                    $(Self::$variant $(($($part),*))? $({$($field),*})? =>
                        $name::$variant $(($($part.into_owned()),*))? $({$($field: $field.into_owned()),*})?,)*
                }
            }
        }
    )*};
}

impl<T: IntoOwned> IntoOwned for Option<T> {
    type Static = Option<T::Static>;
    fn into_owned(self) -> Self::Static {
        self.map(IntoOwned::into_owned)
    }
}

impl<T: IntoOwned + Clone> IntoOwned for List<'_, T>
where
    T::Static: 'static,
{
    type Static = List<'static, T::Static>;
    fn into_owned(self) -> Self::Static {
        match self {
            Self::Borrowed([]) => List::EMPTY,
            Self::Borrowed(items) => {
                List::Owned(items.iter().cloned().map(IntoOwned::into_owned).collect())
            }
            Self::Owned(items) => {
                List::Owned(items.into_iter().map(IntoOwned::into_owned).collect())
            }
        }
    }
}

impl<T: IntoOwned + Clone> IntoOwned for Ref<'_, T>
where
    T::Static: 'static,
{
    type Static = Ref<'static, T::Static>;
    fn into_owned(self) -> Self::Static {
        match self {
            Self::Borrowed(value) => Ref::Owned(Box::new(value.clone().into_owned())),
            Self::Owned(value) => Ref::Owned(Box::new((*value).into_owned())),
        }
    }
}

impl<T: IntoOwned, const N: usize> IntoOwned for [T; N] {
    type Static = [T::Static; N];
    fn into_owned(self) -> Self::Static {
        self.map(IntoOwned::into_owned)
    }
}

impl<T: IntoOwned + Clone> IntoOwned for EventsDescriptor<'_, T>
where
    T::Static: 'static,
{
    type Static = EventsDescriptor<'static, T::Static>;
    fn into_owned(self) -> Self::Static {
        EventsDescriptor {
            request_id: self.request_id,
            events: self.events.into_owned(),
        }
    }
}

impl<T: IntoOwned + Clone> IntoOwned for RequestedEvent<'_, T>
where
    T::Static: 'static,
{
    type Static = RequestedEvent<'static, T::Static>;
    fn into_owned(self) -> Self::Static {
        RequestedEvent {
            name: self.name.into_owned(),
            stream: self.stream,
            actions: self.actions.into_owned(),
            parameters: self.parameters.into_owned(),
        }
    }
}

impl<T: IntoOwned> IntoOwned for AuditSelect<T> {
    type Static = AuditSelect<T::Static>;
    fn into_owned(self) -> Self::Static {
        match self {
            Self::Report => AuditSelect::Report,
            Self::Equal(value) => AuditSelect::Equal(value.into_owned()),
            Self::Relation(relation, value) => AuditSelect::Relation(relation, value.into_owned()),
        }
    }
}

plain!(
    bool,
    u8,
    u16,
    u32,
    core::net::Ipv4Addr,
    core::net::Ipv6Addr,
    AuthenticationHeader,
    TransactionAck,
    Segment,
    SegmentReply,
    MtpAddress,
    ContextId,
    RequestId,
    TopologyDirection,
    TopologyDirectionExtension,
    SelectLogic,
    StreamMode,
    EventBufferControl,
    ServiceState,
    Relation,
    SignalType,
    SignalDirection,
    NotifyCompletion,
    TimeNotation,
    AuditItem,
    AuditTokens,
);

atoms!(
    Token,
    Quoted,
    TerminationId,
    PkgdName,
    OctetString,
    DigitMapBody
);

structs! {
    Message { auth_header, version, mid, body }
    TransactionRequest { transaction_id, actions }
    TransactionReply { transaction_id, imm_ack_required, segment, result }
    ErrorDescriptor { code, text }
    ActionRequest { context_id, context_request, context_attr_audit, commands }
    ActionReply { context_id, error, context_reply, commands }
    ContextRequest { priority, emergency, topology, ieps_call_ind, context_prop, context_list }
    TopologyRequest { from, to, direction, stream, extension }
    ContextAttrAuditRequest {
        topology, emergency, priority, ieps_call_ind, context_prop, select_priority, select_emergency,
        select_ieps_call_ind, select_logic,
    }
    CommandRequest { optional, wildcard_return, command }
    AmmRequest { terminations, descriptors }
    SubtractRequest { terminations, audit }
    AuditRequest { terminations, audit }
    NotifyRequest { terminations, observed_events, error }
    ServiceChangeRequest { terminations, parms }
    AmmsReply { terminations, audit }
    NotifyReply { terminations, error }
    ServiceChangeReply { terminations, result }
    MediaDescriptor { termination_state, streams }
    StreamDescriptor { stream, parms }
    StreamParms { local_control, local, remote, statistics }
    LocalControlDescriptor { stream_mode, reserve_value, reserve_group, property_parms }
    TerminationStateDescriptor { property_parms, event_buffer_control, service_state }
    PropertyParm { name, value }
    Parameter { name, value }
    MuxDescriptor { mux_type, terminations, non_standard_data }
    ModemDescriptor { types, property_parms, non_standard_data }
    RequestedActions { keep_active, event_dm, second_event, signals, notify_behaviour, reset_events_descriptor }
    RegulatedEmbeddedDescriptor { second_event, signals }
    SecondRequestedActions { keep_active, event_dm, signals, notify_behaviour, reset_events_descriptor }
    EventSpec { name, stream, parameters }
    SeqSigList { id, signals }
    Signal {
        name, stream, sig_type, duration, notify_completion, keep_active, parameters, direction, request_id,
        intersig_delay,
    }
    DigitMapDescriptor { name, value }
    DigitMapValue { start_timer, short_timer, long_timer, duration_timer, body }
    ObservedEventsDescriptor { request_id, events }
    ObservedEvent { name, stream, parameters, time }
    StatisticsParameter { name, value }
    PackagesItem { name, version }
    AuditDescriptor { tokens, parameters }
    IndAudMediaDescriptor { termination_state, streams }
    IndAudStreamDescriptor { stream, parms }
    IndAudStreamParms { local_control, local, remote, statistics }
    IndAudLocalControlDescriptor { stream_mode, reserve_value, reserve_group, property_parms }
    IndAudPropertyParm { name, select }
    IndAudTerminationStateDescriptor { property_parms, event_buffer_control, service_state }
    IndAudEventsDescriptor { request_id, name, stream }
    IndAudEventBufferDescriptor { name, stream }
    IndAudSeqSigList { id, signal }
    IndAudSignal { name, stream, request_id }
    IndAudDigitMapDescriptor { name }
    IndAudStatisticsDescriptor { name }
    IndAudPackagesDescriptor { name, version }
    ServiceChangeParm {
        method, address, version, profile, reason, delay, mgc_id, time_stamp, non_standard_data, extensions, info,
        incomplete,
    }
    ServiceChangeProfile { name, version }
    ServiceChangeResParm { address, version, profile, mgc_id, time_stamp }
    NonStandardData { identifier, data }
}

enums! {
    MId {
        Ip4Address(address, port), Ip6Address(address, port), DomainName(name, port), DeviceName(path),
        MtpAddress(address),
    }
    Value { Token(token), Quoted(quoted) }
    MessageBody { Error(error), Transactions(transactions) }
    Transaction { Request(request), Pending(id), Reply(reply), ResponseAck(acks), SegmentReply(reply) }
    TransactionResult { Error(error), ActionReplies(replies) }
    Command {
        Add(request), Move(request), Modify(request), Subtract(request), AuditCapability(request),
        AuditValue(request), Notify(request), ServiceChange(request),
    }
    CommandReply {
        Add(reply), Move(reply), Modify(reply), Subtract(reply), AuditCapability(reply), AuditValue(reply),
        Notify(reply), ServiceChange(reply),
    }
    AuditReply { ContextAuditResult(terminations), Error(error), AuditResult { terminations, audit } }
    ServiceChangeResult { Error(error), Accepted, Parms(parms) }
    AmmDescriptor {
        Media(it), Modem(it), Mux(it), Events(it), EventBuffer(it), Signals(it), DigitMap(it), Audit(it),
        Statistics(it),
    }
    AuditReturnParameter {
        Error(it), Media(it), Modem(it), Mux(it), Events(it), EventBuffer(it), Signals(it), DigitMap(it),
        ObservedEvents(it), Statistics(it), Packages(it), Empty(it),
    }
    MediaStreams { None, One(parms), Multi(streams) }
    LocalRemoteDescriptor { Octets(octets), Groups(groups) }
    ParmValue { Value(value), Relation(relation, value), Range(range), All(values), Any(values) }
    MuxType { H221, H223, H226, V76, Nx64k, Extension(token) }
    ModemType { V18, V22, V22bis, V32, V32bis, V34, V90, V91, SynchIsdn, Extension(token) }
    NotifyBehaviour { Immediate, Regulated(it), Never }
    EventDm { Name(name), Value(value) }
    SignalRequest { Signal(it), SeqSigList(it) }
    IndAuditParameter {
        Media(it), Events(it), EventBuffer(it), Signals(it), DigitMap(it), Statistics(it), Packages(it),
    }
    IndAudStreams { None, One(parms), Multi(streams) }
    IndAudLocalRemoteDescriptor { Octets(octets), Properties { group, property_parms } }
    IndAudSignalsDescriptor { Signal(it), SeqSigList(it) }
    ServiceChangeMethod { Failover, Forced, Graceful, Restart, Disconnected, HandOff, Extension(token) }
    ServiceChangeAddress { Port(port), MId(mid) }
    NonStandardIdentifier {
        Object(octets), H221 { country_code1, country_code2, extension, manufacturer_code }, Experimental(octets),
    }
}
