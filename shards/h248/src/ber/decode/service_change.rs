//! Service change parameters and non-standard data.

use super::Decoder;
use crate::ber::read::{Element, Result};
use crate::ber::value;
use crate::chars;
use crate::error::Problem;
use crate::model::{
    List, NonStandardData, NonStandardIdentifier, Ref, ServiceChangeAddress, ServiceChangeMethod,
    ServiceChangeParm, ServiceChangeProfile, ServiceChangeResParm, Token, Value,
};
use crate::package::ValueType;

impl<'a> Decoder<'_, 'a> {
    pub(super) fn service_change_parm(
        &self,
        element: Element<'a>,
    ) -> Result<ServiceChangeParm<'a>> {
        let mut reader = element.open()?;
        let method = match reader
            .required(0, "serviceChangeMethod")?
            .u8(5, "serviceChangeMethod")?
        {
            0 => ServiceChangeMethod::Failover,
            1 => ServiceChangeMethod::Forced,
            2 => ServiceChangeMethod::Graceful,
            3 => ServiceChangeMethod::Restart,
            4 => ServiceChangeMethod::Disconnected,
            _ => ServiceChangeMethod::HandOff,
        };
        let address = reader.optionally(1, |address| self.service_change_address(address))?;
        let version = reader.optionally(2, |version| version.u8(99, "serviceChangeVersion"))?;
        let profile = reader.optionally(3, |profile| self.profile(profile))?;
        let reason = self.reason(reader.required(4, "serviceChangeReason")?)?;
        let mut parm = ServiceChangeParm {
            address,
            version,
            profile,
            ..ServiceChangeParm::new(method, reason)
        };
        parm.delay = reader.optionally(5, |delay| delay.u32("serviceChangeDelay"))?;
        parm.mgc_id = match reader.optional(6)? {
            Some(mid) => Some(self.mid(mid.only()?)?),
            None => None,
        };
        parm.time_stamp = reader.optionally(7, |time| self.time_notation(time))?;
        parm.non_standard_data = reader.optionally(8, |data| self.non_standard_data(data))?;
        parm.info = reader.optionally(9, |info| self.audit(info))?;
        parm.incomplete = self.flag(&mut reader, 10)?;
        reader.skip_extensions()?;
        Ok(parm)
    }

    /// `serviceChangeReason`: a `SEQUENCE OF` that holds one string.
    fn reason(&self, element: Element<'a>) -> Result<Value<'a>> {
        let string = element.only()?;
        let contents = self.string_of(string)?;
        value::decode(
            &string,
            contents,
            Some(ValueType::String),
            &self.names,
            self.arena,
        )
    }

    pub(super) fn service_change_res_parm(
        &self,
        element: Element<'a>,
    ) -> Result<ServiceChangeResParm<'a>> {
        let mut reader = element.open()?;
        let mgc_id = match reader.optional(0)? {
            Some(mid) => Some(self.mid(mid.only()?)?),
            None => None,
        };
        let parm = ServiceChangeResParm {
            mgc_id,
            address: reader.optionally(1, |address| self.service_change_address(address))?,
            version: reader.optionally(2, |version| version.u8(99, "serviceChangeVersion"))?,
            profile: reader.optionally(3, |profile| self.profile(profile))?,
            time_stamp: reader.optionally(4, |time| self.time_notation(time))?,
        };
        reader.skip_extensions()?;
        Ok(parm)
    }

    fn service_change_address(&self, element: Element<'a>) -> Result<ServiceChangeAddress<'a>> {
        let address = element.only()?;
        match address.number() {
            Some(0) => address.u16("portNumber").map(ServiceChangeAddress::Port),
            _ => self.address(address, 1).map(ServiceChangeAddress::MId),
        }
    }

    /// `ServiceChangeProfile`: name, a slash, version.
    fn profile(&self, element: Element<'a>) -> Result<ServiceChangeProfile<'a>> {
        let mut reader = element.open()?;
        let text = self.octets(reader.required(0, "profileName")?)?;
        reader.finish()?;
        let slash = memchr::memrchr(b'/', text);
        let parsed = slash.and_then(|slash| {
            let (name, version) = (text.get(..slash)?, text.get(slash + 1..)?);
            let digits = matches!(version.len(), 1 | 2) && version.iter().all(u8::is_ascii_digit);
            let version = version
                .iter()
                .fold(0, |value, digit| value * 10 + (digit & 15));
            (digits && chars::is_token(name)).then(|| ServiceChangeProfile {
                name: Token::checked(name),
                version,
            })
        });
        parsed.ok_or_else(|| element.error(Problem::Expected("profile name and version")))
    }

    pub(super) fn non_standard_data(
        &self,
        element: Element<'a>,
    ) -> Result<Ref<'a, NonStandardData<'a>>> {
        let mut reader = element.open()?;
        let identifier = reader.required(0, "nonStandardIdentifier")?.only()?;
        let data = self.value_octets(reader.required(1, "data")?)?;
        reader.finish()?;
        let identifier = match identifier.number() {
            Some(0) => {
                let octets = identifier.primitive()?;
                if octets.is_empty() || octets.len() > self.limits.value_bytes_max {
                    return Err(identifier.error(Problem::OutOfRange("object identifier")));
                }
                NonStandardIdentifier::Object(List::Borrowed(octets))
            }
            Some(1) => {
                let mut reader = identifier.open()?;
                let identifier = NonStandardIdentifier::H221 {
                    country_code1: reader
                        .required(0, "t35CountryCode1")?
                        .u8(255, "t35CountryCode1")?,
                    country_code2: reader
                        .required(1, "t35CountryCode2")?
                        .u8(255, "t35CountryCode2")?,
                    extension: reader
                        .required(2, "t35Extension")?
                        .u8(255, "t35Extension")?,
                    manufacturer_code: reader
                        .required(3, "manufacturerCode")?
                        .u16("manufacturerCode")?,
                };
                reader.skip_extensions()?;
                identifier
            }
            Some(2) => {
                NonStandardIdentifier::Experimental(self.exact(identifier, "eight characters")?)
            }
            _ => return Err(identifier.error(Problem::Unexpected("nonStandardIdentifier"))),
        };
        Ok(self.value_in_arena(NonStandardData {
            identifier,
            data: List::Borrowed(data),
        }))
    }
}
