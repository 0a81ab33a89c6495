//! A transaction without its id is answered in the reply with id 0; the one behind it is answered as if it were alone. The error is 403
//! (RFC 3525 8.2.2); OTP's is 400.

use crate::harness::{Talk, config};
use megaphone_megaco::config::{Config, Module};

#[test]
fn otp_4359() {
    let mut talk = Talk::new(config());
    // OTP's default module refuses every request with 501.
    let item = megaphone_megaco::config::Item::UserMod;
    talk.engine
        .update_user_info(talk.user, item, &Module::DEFAULT.into())
        .expect("every engine has it");
    talk.peer("T={C=${A=${M{O{MO=SR,RG=OFF,RV=OFF}}}}}T=1{C=${A=${M{O{MO=SR,RG=OFF,RV=OFF}}}}}");
    talk.gets_code(0, 403).gets_code(1, 501).nothing();
    assert_eq!(talk.connections().len(), 1, "the sender was connected");
    talk.leaves_nothing();
    assert_eq!(Config::default().user_mod, Module::default());
}
