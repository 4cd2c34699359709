//! What the user meets: dialogs, the error log, errors shown again.

use super::declare::rules;

rules! {
    MODE_01 = "MODE-01", "dialog-given-back",
        must Handler, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-enablemodeless"],
        "A granted EnableModeless(TRUE) is followed by FALSE before the session ends.";

    MODE_02 = "MODE-02", "dialog-end-after-grant-only",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-enablemodeless"],
        "EnableModeless(FALSE) comes only after a granted TRUE.";

    MODE_03 = "MODE-03", "one-dialog-per-handler",
        should Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-enablemodeless"],
        "The handler does not ask for a second dialog while it has one.";

    MODE_04 = "MODE-04", "one-dialog-at-a-time",
        must Manager, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-enablemodeless"],
        "The manager grants one dialog at a time across handlers and answers S_FALSE otherwise.";

    MODE_05 = "MODE-05", "dialog-given-back-in-its-phase",
        should Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-enablemodeless"],
        "A granted EnableModeless(TRUE) is followed by FALSE before its phase ends.";

    LOG_01 = "LOG-01", "log-level-known",
        must Handler, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizecallback-logerror",
            "ne-mobsync-syncmgrloglevel",
        ],
        "LogError's level is INFORMATION, WARNING or ERROR.";

    LOG_02 = "LOG-02", "log-text-given",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-logerror"],
        "LogError has a text.";

    LOG_03 = "LOG-03", "log-info-size",
        must Handler native, Documented(States), Monitor,
        ["ns-mobsync-syncmgrlogerrorinfo"],
        "The structure of LogError has the right cbSize.";

    LOG_04 = "LOG-04", "log-mask-and-flags-known",
        must Handler, Documented(States), Monitor,
        ["ns-mobsync-syncmgrlogerrorinfo"],
        "LogError's structure has only known mask bits and flags.";

    LOG_05 = "LOG-05", "jump-text-has-an-error-id",
        must Handler, Choice(Silent), Monitor,
        [
            "ns-mobsync-syncmgrlogerrorinfo",
            "nf-mobsync-isyncmgrsynchronize-showerror",
        ],
        "An error with ENABLEJUMPTEXT comes with an ErrorID.";

    LOG_06 = "LOG-06", "logged-item-is-known",
        must Handler, Choice(Silent), Monitor,
        ["ns-mobsync-syncmgrlogerrorinfo"],
        "An ItemID passed to LogError was enumerated by the handler.";

    LOG_07 = "LOG-07", "error-id-for-one-error",
        note Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-deletelogerror"],
        "An ErrorID is not used for two live errors.";

    LOG_08 = "LOG-08", "delete-a-live-error",
        should Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-deletelogerror"],
        "DeleteLogError names a live error of this instance, or GUID_NULL for all.";

    LOG_09 = "LOG-09", "delete-all-deletes-own-errors",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-deletelogerror"],
        "DeleteLogError(GUID_NULL) deletes all errors of this instance, and none of another.";

    LOG_10 = "LOG-10", "logged-error-and-success",
        note Handler, Choice(Silent), Monitor,
        [
            "ns-mobsync-syncmgrlogerrorinfo",
            "nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted",
        ],
        "An item with a logged ERROR that was not deleted does not end SUCCEEDED in a session that completes with S_OK.";

    ERRS_01 = "ERRS-01", "show-error-of-a-live-jump",
        must Manager, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-showerror",
            "ns-mobsync-syncmgrlogerrorinfo",
        ],
        "ShowError is called only for a live error that was logged with ENABLEJUMPTEXT.";

    ERRS_02 = "ERRS-02", "show-error-is-completed",
        must Handler, Choice(Should), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-showerror",
            "nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted",
        ],
        "A ShowError that succeeds is completed by ShowErrorCompleted.";

    ERRS_03 = "ERRS-03", "show-error-completed-once",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted"],
        "ShowError is completed once only.";

    ERRS_04 = "ERRS-04", "no-completion-of-failed-show-error",
        should Handler, Documented(Should), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-showerror",
            "nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted",
        ],
        "A ShowError that fails is not completed.";

    ERRS_05 = "ERRS-05", "retry-names-known-items",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted"],
        "S_SYNCMGR_RETRYSYNC comes with at least one item, and all were enumerated by the handler.";

    ERRS_06 = "ERRS-06", "retry-prepares-exactly-those",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted"],
        "S_SYNCMGR_RETRYSYNC leads to PrepareForSync with exactly the given items, then Synchronize.";

    ERRS_07 = "ERRS-07", "show-error-returns-soon",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-showerror"],
        "ShowError returns as soon as possible.";

    ERRS_08 = "ERRS-08", "retry-is-made",
        note Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted"],
        "The manager makes a requested retry before it releases the handler.";

    ERRS_09 = "ERRS-09", "ids-only-for-a-retry",
        note Handler, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted"],
        "Without S_SYNCMGR_RETRYSYNC, all IDs passed to ShowErrorCompleted are items.";
}
