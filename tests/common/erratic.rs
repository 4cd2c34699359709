//! A plan that surprises handlers, always within the protocol.

use mobsync::host::{Instruction, Plan, StandardPlan, View};
use mobsync::protocol::*;

/// A user and a manager who do, now and then, something legal that nobody expects.
pub struct Erratic {
    inner: StandardPlan,
    random: u64,
    /// How many surprises are left.
    surprises: u32,
}

impl Erratic {
    pub fn new(inner: StandardPlan, seed: u64) -> Self {
        Self { inner, random: seed, surprises: 12 }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % limit
    }
}

impl Plan for Erratic {
    fn next(&mut self, view: View<'_>) -> Instruction {
        let usual = self.inner.next(view);
        if self.surprises == 0 || self.below(4) != 0 {
            return usual;
        }
        self.surprises -= 1;
        let mut legal = view.instance.legal_calls();
        match legal.len() {
            0 => usual,
            many => Instruction::Call(legal.swap_remove(self.below(many as u64) as usize)),
        }
    }

    fn wish(&mut self, _: View<'_>, _: &Callback) -> Wish {
        match self.below(12) {
            0 => Wish::CancelItem,
            1 => Wish::CancelAll,
            2 => Wish::RefuseDialog,
            3 => Wish::FailConnection,
            _ => Wish::None,
        }
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        self.inner.observe(event, session);
        self.below(3) == 0
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        self.inner.refused(call, why);
    }
}
