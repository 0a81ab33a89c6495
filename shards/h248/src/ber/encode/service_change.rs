//! Service change parameters and non-standard data.

use super::media::EXTENSION;
use super::{Encoder, Result};
use crate::ber::value;
use crate::ber::write::{constructed, primitive};
use crate::error::EncodeError;
use crate::model::{
    NonStandardData, NonStandardIdentifier, ServiceChangeAddress, ServiceChangeMethod,
    ServiceChangeParm, ServiceChangeProfile, ServiceChangeResParm,
};

impl Encoder<'_, '_> {
    pub(super) fn service_change_parm(&mut self, parm: &ServiceChangeParm<'_>) -> Result<()> {
        let method = match &parm.method {
            ServiceChangeMethod::Failover => 0,
            ServiceChangeMethod::Forced => 1,
            ServiceChangeMethod::Graceful => 2,
            ServiceChangeMethod::Restart => 3,
            ServiceChangeMethod::Disconnected => 4,
            ServiceChangeMethod::HandOff => 5,
            ServiceChangeMethod::Extension(_) => return Err(EXTENSION),
        };
        if !parm.extensions.is_empty() {
            return Err(EXTENSION);
        }
        self.writer.unsigned(primitive(0), method);
        self.part(1, &parm.address, Self::service_change_address)?;
        self.version(2, parm.version)?;
        self.part(3, &parm.profile, Self::profile)?;
        let reason = self.writer.open(constructed(4));
        value::encode_string(
            parm.reason.as_bytes(),
            self.names.wraps_once(),
            &mut self.writer,
        );
        self.writer.close(reason);
        self.optional(5, parm.delay);
        parm.mgc_id
            .iter()
            .try_for_each(|mid| self.within(constructed(6), |e| e.address(mid, 0)))?;
        if let Some(time) = &parm.time_stamp {
            self.time_notation(7, time);
        }
        self.part(8, &parm.non_standard_data, |e, number, data| {
            e.non_standard_data(number, data)
        })?;
        self.part(9, &parm.info, Self::audit)?;
        self.flag(10, parm.incomplete);
        Ok(())
    }

    pub(super) fn service_change_res_parm(
        &mut self,
        number: u8,
        parm: &ServiceChangeResParm<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| {
            parm.mgc_id
                .iter()
                .try_for_each(|mid| e.within(constructed(0), |e| e.address(mid, 0)))?;
            e.part(1, &parm.address, Self::service_change_address)?;
            e.version(2, parm.version)?;
            e.part(3, &parm.profile, Self::profile)?;
            if let Some(time) = &parm.time_stamp {
                e.time_notation(4, time);
            }
            Ok(())
        })
    }

    fn version(&mut self, number: u8, version: Option<u8>) -> Result<()> {
        if version.is_some_and(|version| version > 99) {
            return Err(EncodeError::OutOfRange("version"));
        }
        self.optional(number, version);
        Ok(())
    }

    fn service_change_address(
        &mut self,
        number: u8,
        address: &ServiceChangeAddress<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| match address {
            ServiceChangeAddress::Port(port) => {
                e.writer.unsigned(primitive(0), (*port).into());
                Ok(())
            }
            ServiceChangeAddress::MId(mid) => e.address(mid, 1),
        })
    }

    fn profile(&mut self, number: u8, profile: &ServiceChangeProfile<'_>) -> Result<()> {
        if profile.version > 99 {
            return Err(EncodeError::OutOfRange("profile version"));
        }
        self.within(constructed(number), |e| {
            let text = e.writer.open(primitive(0));
            e.writer.raw(profile.name.as_bytes());
            e.writer.raw(b"/");
            if profile.version >= 10 {
                e.writer.raw(&[b'0' + profile.version / 10]);
            }
            e.writer.raw(&[b'0' + profile.version % 10]);
            e.writer.close(text);
            Ok(())
        })
    }

    pub(super) fn non_standard_data(
        &mut self,
        number: u8,
        data: &NonStandardData<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| {
            e.within(constructed(0), |e| match &data.identifier {
                NonStandardIdentifier::Object(octets) if octets.is_empty() => {
                    Err(EncodeError::Empty("object identifier"))
                }
                NonStandardIdentifier::Object(octets) => {
                    e.writer.octets(primitive(0), octets);
                    Ok(())
                }
                NonStandardIdentifier::H221 {
                    country_code1,
                    country_code2,
                    extension,
                    manufacturer_code,
                } => e.within(constructed(1), |e| {
                    e.writer.unsigned(primitive(0), (*country_code1).into());
                    e.writer.unsigned(primitive(1), (*country_code2).into());
                    e.writer.unsigned(primitive(2), (*extension).into());
                    e.writer.unsigned(primitive(3), (*manufacturer_code).into());
                    Ok(())
                }),
                NonStandardIdentifier::Experimental(name) => {
                    e.writer.octets(primitive(2), name);
                    Ok(())
                }
            })?;
            e.writer.octets(primitive(1), &data.data);
            Ok(())
        })
    }
}
