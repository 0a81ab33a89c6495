//! Service change descriptors of requests and replies.

use super::super::keyword::Keyword;
use super::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    AuditDescriptor, ServiceChangeAddress, ServiceChangeMethod, ServiceChangeParm,
    ServiceChangeProfile, ServiceChangeResParm,
};

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn service_change_parm(&mut self, parm: &ServiceChangeParm<'_>) {
        if parm.non_standard_data.is_some() {
            self.refuse(EncodeError::NotRepresentable("non-standard data"));
        }
        self.key_open(Keyword::Services);
        self.service_change_method(&parm.method);
        let first = &mut false;
        self.address(parm.address.as_ref(), first);
        self.version(parm.version, first);
        self.profile(parm.profile.as_ref(), first);
        self.next(first);
        self.key_equal(Keyword::Reason);
        self.value(&parm.reason);
        if let Some(delay) = parm.delay {
            self.next(first);
            self.key_equal(Keyword::Delay);
            self.number(delay);
        }
        if let Some(mid) = &parm.mgc_id {
            self.next(first);
            self.key_equal(Keyword::MgcIdToTry);
            self.mid(mid);
        }
        if let Some(time) = &parm.time_stamp {
            self.next(first);
            self.time(time);
        }
        for extension in &parm.extensions {
            self.next(first);
            self.extension(extension.name.as_bytes());
            self.parm_value(&extension.value);
        }
        if let Some(info) = &parm.info {
            if *info == AuditDescriptor::default() {
                self.refuse(EncodeError::Empty("service change info"));
            }
            self.audit_items(info, first);
        }
        if parm.incomplete {
            self.next(first);
            self.key(Keyword::ServiceChangeIncomplete);
        }
        self.close();
    }

    fn service_change_method(&mut self, method: &ServiceChangeMethod<'_>) {
        self.key_equal(Keyword::Method);
        self.key(match method {
            ServiceChangeMethod::Failover => Keyword::Failover,
            ServiceChangeMethod::Forced => Keyword::Forced,
            ServiceChangeMethod::Graceful => Keyword::Graceful,
            ServiceChangeMethod::Restart => Keyword::Restart,
            ServiceChangeMethod::Disconnected => Keyword::Disconnected,
            ServiceChangeMethod::HandOff => Keyword::HandOff,
            ServiceChangeMethod::Extension(name) => return self.extension(name.as_bytes()),
        });
    }

    fn address(&mut self, address: Option<&ServiceChangeAddress<'_>>, first: &mut bool) {
        if let Some(address) = address {
            self.next(first);
            self.key_equal(Keyword::ServiceChangeAddress);
            match address {
                ServiceChangeAddress::Port(port) => self.number((*port).into()),
                ServiceChangeAddress::MId(mid) => self.mid(mid),
            }
        }
    }

    fn version(&mut self, version: Option<u8>, first: &mut bool) {
        if let Some(version) = version {
            if version > 99 {
                self.refuse(EncodeError::OutOfRange("version"));
            }
            self.next(first);
            self.key_equal(Keyword::Version);
            self.number(version.into());
        }
    }

    fn profile(&mut self, profile: Option<&ServiceChangeProfile<'_>>, first: &mut bool) {
        if let Some(profile) = profile {
            if profile.version > 99 {
                self.refuse(EncodeError::OutOfRange("profile version"));
            }
            self.next(first);
            self.key_equal(Keyword::Profile);
            self.raw(profile.name.as_bytes());
            self.byte(b'/');
            self.number(profile.version.into());
        }
    }

    pub(super) fn service_change_res_parm(&mut self, parm: &ServiceChangeResParm<'_>) {
        self.key_open(Keyword::Services);
        let mut first = true;
        self.address(parm.address.as_ref(), &mut first);
        self.version(parm.version, &mut first);
        self.profile(parm.profile.as_ref(), &mut first);
        if let Some(mid) = &parm.mgc_id {
            self.next(&mut first);
            self.key_equal(Keyword::MgcIdToTry);
            self.mid(mid);
        }
        if let Some(time) = &parm.time_stamp {
            self.next(&mut first);
            self.time(time);
        }
        if first {
            self.refuse(EncodeError::Empty("Services"));
        }
        self.close();
    }
}
