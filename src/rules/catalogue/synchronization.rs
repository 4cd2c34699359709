//! The session's course: the callback, preparing, synchronizing.

use super::declare::rules;

rules! {
    CB_01 = "CB-01", "callback-is-add-refd",
        must Handler native, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "SetProgressCallback adds a reference to the new callback before it returns.";

    CB_02 = "CB-02", "replaced-callback-released",
        must Handler native, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "SetProgressCallback releases the callback that it replaces.";

    CB_03 = "CB-03", "callback-released-after-null",
        should Handler native, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "After NULL, no reference to the callback is left once the handler is gone.";

    CB_04 = "CB-04", "no-callback-without-interface",
        must Handler, Com(Must), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-setprogresscallback",
            "com: IUnknown rules",
        ],
        "The handler calls back only through an interface that was set and to which it holds a reference.";

    CB_05 = "CB-05", "callback-not-over-released",
        must Handler native, Com(Must), Monitor,
        ["nf-unknwn-iunknown-release"],
        "The handler never releases the callback more often than it added references.";

    CB_06 = "CB-06", "callback-set-and-taken-back",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "The manager sets a callback before PrepareForSync and takes it back before Release.";

    CB_07 = "CB-07", "no-callback-after-the-end",
        should Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "After NULL in a session that had ended, the handler makes no callback.";

    CB_08 = "CB-08", "falls-silent-when-left",
        note Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "After NULL in the middle of work, each thread makes one more callback at most.";

    PREP_01 = "PREP-01", "prepare-known-items-once",
        must Manager, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-prepareforsync"],
        "PrepareForSync names at least one item, each enumerated by the handler and none twice.";

    PREP_02 = "PREP-02", "prepare-is-completed",
        must Handler, Choice(Should), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-prepareforsync",
            "nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted",
        ],
        "A PrepareForSync that returns S_OK is completed by PrepareForSyncCompleted.";

    PREP_03 = "PREP-03", "prepare-completed-once",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted"],
        "PrepareForSync is completed once only.";

    PREP_04 = "PREP-04", "no-completion-of-failed-prepare",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted"],
        "A PrepareForSync that does not return S_OK is not completed.";

    PREP_05 = "PREP-05", "prepare-returns-soon",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-prepareforsync"],
        "PrepareForSync returns as soon as possible.";

    PREP_06 = "PREP-06", "prepare-no-ui-unless-allowed",
        must Handler, Documented(Must), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-prepareforsync",
            "ne-mobsync-syncmgrflag",
        ],
        "The handler asks for no dialog during PrepareForSync unless MAYBOTHERUSER is set.";

    PREP_07 = "PREP-07", "prepare-ignores-reserved",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-prepareforsync"],
        "PrepareForSync ignores its reserved argument.";

    PREP_08 = "PREP-08", "failed-prepare-ends-session",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted"],
        "Unless PrepareForSync returned S_OK and was completed with S_OK, the handler is released without Synchronize.";

    SYNC_01 = "SYNC-01", "synchronize-once-when-prepared",
        must Manager, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted",
            "nf-mobsync-isyncmgrsynchronize-synchronize",
        ],
        "Synchronize is called once for each prepared PrepareForSync, and never from inside a callback.";

    SYNC_02 = "SYNC-02", "nothing-chosen-nothing-called",
        must Manager, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "ne-mobsync-syncmgrflag",
        ],
        "When nothing is to be synchronized, neither PrepareForSync nor Synchronize is called.";

    SYNC_03 = "SYNC-03", "synchronize-is-completed",
        must Handler, Choice(Should), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted",
        ],
        "A Synchronize that returns S_OK is completed by SynchronizeCompleted.";

    SYNC_04 = "SYNC-04", "synchronize-completed-once",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted"],
        "Synchronize is completed once only.";

    SYNC_05 = "SYNC-05", "no-completion-of-failed-synchronize",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted"],
        "A Synchronize that does not return S_OK is not completed.";

    SYNC_06 = "SYNC-06", "synchronize-returns-soon",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-synchronize"],
        "Synchronize returns as soon as possible.";

    SYNC_07 = "SYNC-07", "only-prepared-items",
        must Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "nf-mobsync-isyncmgrsynchronize-prepareforsync",
        ],
        "The handler works on the prepared items only.";

    SYNC_08 = "SYNC-08", "progress-for-every-item",
        must Handler, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-synchronize"],
        "The handler reports progress for every prepared item.";

    SYNC_09 = "SYNC-09", "final-status-for-every-item",
        should Handler, Choice(Silent), Monitor,
        [
            "ne-mobsync-syncmgrstatus",
            "nf-mobsync-isyncmgrsynchronizecallback-progress",
        ],
        "Every prepared item has a final status when Synchronize is completed.";

    SYNC_10 = "SYNC-10", "no-ui-in-synchronize",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-synchronize"],
        "With MAYBOTHERUSER, the handler asks for no dialog while Synchronize runs.";

    SYNC_11 = "SYNC-11", "no-progress-after-completed",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted"],
        "The handler reports no progress after SynchronizeCompleted.";

    SYNC_12 = "SYNC-12", "completion-agrees-with-items",
        note Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted"],
        "The result of the completion agrees with the statuses reported for the items.";

    SYNC_13 = "SYNC-13", "no-ui-in-synchronize-without-user",
        must Handler, Documented(Must), Monitor,
        [
            "ne-mobsync-syncmgrflag",
            "nf-mobsync-isyncmgrsynchronize-synchronize",
        ],
        "Without MAYBOTHERUSER, the handler asks for no dialog while Synchronize runs.";
}
