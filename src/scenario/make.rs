//! Scenarios made by programs.

use super::expectation::{Expect, MemberExpect};
use super::file::{Apartment, Choose, EventName, FORMAT, Member, Scenario, VERSION};
use crate::protocol::Profile;
use crate::store::Preferences;

impl Member {
    /// A handler of several, of which nothing is said.
    pub fn of(handler: impl Into<String>) -> Self {
        Self {
            handler: handler.into(),
            folders: Vec::new(),
            clsid: None,
            name: None,
            registered: None,
            preferences: Preferences::default(),
            choose: None,
            steps: Vec::new(),
            expect: MemberExpect::default(),
        }
    }
}

impl Scenario {
    /// An ordinary session: a user at the screen, the items that the handler preselects, no steps, no expectations.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            schema: None,
            format: FORMAT.to_owned(),
            version: VERSION,
            title: title.into(),
            follows: String::new(),
            description: String::new(),
            handler: None,
            folders: Vec::new(),
            clsid: None,
            seed: 0,
            profile: Profile::default(),
            event: EventName::default(),
            settings: false,
            user: true,
            cookie: None,
            choose: Choose::default(),
            reserved: 0,
            look: Vec::new(),
            probes: false,
            another: None,
            handlers: Vec::new(),
            network: Vec::new(),
            world: Vec::new(),
            timeout: None,
            blocking: None,
            progress: None,
            apartment: Apartment::default(),
            order: None,
            steps: Vec::new(),
            schedule: None,
            expect: Expect::default(),
        }
    }
}
