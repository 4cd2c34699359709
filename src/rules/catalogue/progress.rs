//! While it runs: progress, and how the user stops it.

use super::declare::rules;

rules! {
    PROG_01 = "PROG-01", "progress-has-a-structure",
        must Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizecallback-progress",
            "ns-mobsync-syncmgrprogressitem",
        ],
        "Progress has a structure.";

    PROG_02 = "PROG-02", "progress-mask-known",
        must Handler, Header(States), Monitor,
        [
            "header: mobsync.h",
            "ns-mobsync-syncmgrprogressitem",
        ],
        "The mask of a progress report has only known bits.";

    PROG_03 = "PROG-03", "progress-text-given",
        must Handler native, Choice(Silent), Monitor,
        [
            "ns-mobsync-syncmgrprogressitem",
            "header: mobsync.h",
        ],
        "With STATUSTEXT in the mask, there is a text.";

    PROG_04 = "PROG-04", "progress-status-known",
        must Handler, Documented(States), Monitor,
        [
            "ns-mobsync-syncmgrprogressitem",
            "ne-mobsync-syncmgrstatus",
        ],
        "With STATUSTYPE in the mask, the status is known in the profile.";

    PROG_05 = "PROG-05", "progress-value-in-range",
        should Handler, Choice(Silent), Monitor,
        ["ns-mobsync-syncmgrprogressitem"],
        "The progress value lies between 0 and the maximum.";

    PROG_06 = "PROG-06", "progress-value-goes-forward",
        note Handler, Choice(Silent), Monitor,
        ["ns-mobsync-syncmgrprogressitem"],
        "An item's value does not decrease while it is UPDATING.";

    PROG_07 = "PROG-07", "no-work-after-final-status",
        should Handler, Choice(Silent), Monitor,
        ["ne-mobsync-syncmgrstatus"],
        "An item is not UPDATING again after its final status in the same round.";

    PROG_08 = "PROG-08", "progress-names-an-item",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-progress"],
        "Progress names an item that the handler enumerated.";

    PROG_09 = "PROG-09", "progress-before-each-item",
        should Handler, Choice(Must), Monitor,
        [
            "nn-mobsync-isyncmgrsynchronizecallback",
            "nf-mobsync-isyncmgrsynchronizecallback-progress",
        ],
        "The first report of an item comes before its work, not when it is done.";

    PROG_10 = "PROG-10", "progress-within-the-round",
        should Handler, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "Progress is reported only from PrepareForSync to the completion of Synchronize.";

    PROG_11 = "PROG-11", "progress-advances",
        note Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-progress"],
        "An item's reports do not repeat the same value for too long.";

    STOP_01 = "STOP-01", "cancelled-item-stops",
        should Handler, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizecallback-progress",
            "nf-mobsync-isyncmgrsynchronize-synchronize",
        ],
        "After S_SYNCMGR_CANCELITEM the item stops as soon as possible.";

    STOP_02 = "STOP-02", "cancel-all-stops-everything",
        should Handler, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizecallback-progress",
            "nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted",
        ],
        "After S_SYNCMGR_CANCELALL every item stops, and Synchronize is completed.";

    STOP_03 = "STOP-03", "skipped-item-is-skipped",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setitemstatus"],
        "An item that was set to SKIPPED is skipped.";

    STOP_04 = "STOP-04", "set-item-status-returns",
        should Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setitemstatus"],
        "SetItemStatus returns, and never waits for a callback that is itself waiting.";

    STOP_05 = "STOP-05", "set-item-status-in-its-window",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setitemstatus"],
        "SetItemStatus is called only in its two windows, and only with SKIPPED.";

    STOP_06 = "STOP-06", "stopped-item-ends-as-stopped",
        note Handler, Choice(Silent), Monitor,
        ["ne-mobsync-syncmgrstatus"],
        "A cancelled or skipped item ends SKIPPED or STOPPED.";

    STOP_07 = "STOP-07", "cancelled-item-is-not-finished",
        must Handler, Documented(Must), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "nf-mobsync-isyncmgrsynchronizecallback-progress",
        ],
        "An item that was cancelled with at least half of its work to do is not finished in full.";
}
