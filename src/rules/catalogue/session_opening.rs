//! How a session opens: results, Initialize, the handler's information.

use super::declare::rules;

rules! {
    RET_01 = "RET-01", "documented-results-only",
        should Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-initialize",
            "nf-mobsync-isyncmgrsynchronize-gethandlerinfo",
            "nf-mobsync-isyncmgrsynchronize-enumsyncmgritems",
            "nf-mobsync-isyncmgrsynchronize-getitemobject",
            "nf-mobsync-isyncmgrsynchronize-showproperties",
            "nf-mobsync-isyncmgrsynchronize-setprogresscallback",
            "nf-mobsync-isyncmgrsynchronize-prepareforsync",
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "nf-mobsync-isyncmgrsynchronize-setitemstatus",
            "nf-mobsync-isyncmgrsynchronize-showerror",
        ],
        "A method returns only results that its page lists.";

    RET_02 = "RET-02", "e-fail-where-listed",
        note Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "nf-mobsync-isyncmgrsynchronize-prepareforsync",
        ],
        "A method returns E_FAIL only where its page lists it.";

    INIT_01 = "INIT-01", "initialize-reserved-is-zero",
        must Manager, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-initialize"],
        "The manager passes 0 for Initialize's reserved argument.";

    INIT_02 = "INIT-02", "initialize-one-known-event",
        must Manager, Choice(Silent), Monitor,
        [
            "ne-mobsync-syncmgrflag",
            "nf-mobsync-isyncmgrsynchronize-initialize",
        ],
        "The flags of Initialize hold exactly one known event and no unknown bits.";

    INIT_03 = "INIT-03", "cookie-only-with-invoke",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-initialize"],
        "Only an INVOKE session has a cookie; otherwise it is NULL and its size 0.";

    INIT_04 = "INIT-04", "initialize-first-and-once",
        must Manager, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-initialize"],
        "Initialize is the first call to an instance, and is made once.";

    INIT_05 = "INIT-05", "declined-means-release",
        must Manager, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-initialize",
            "nf-mobsync-isyncmgrsynchronize-setprogresscallback",
        ],
        "After Initialize returned anything but S_OK, the manager only releases the instance.";

    INIT_06 = "INIT-06", "unknown-event-as-manual",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-initialize"],
        "A handler treats an event that it does not know as MANUAL.";

    INIT_07 = "INIT-07", "settings-with-an-event",
        note Manager, Choice(Silent), Monitor,
        [
            "ne-mobsync-syncmgrflag",
            "nf-mobsync-isyncmgrsynchronize-initialize",
        ],
        "Initialize with SETTINGS has an event too.";

    INFO_01 = "INFO-01", "handler-info-comes-with-ok",
        must Handler, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-gethandlerinfo"],
        "GetHandlerInfo returns a structure whenever it returns S_OK.";

    INFO_02 = "INFO-02", "handler-info-from-task-memory",
        should Handler native, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-gethandlerinfo"],
        "The structure of GetHandlerInfo is allocated with CoTaskMemAlloc.";

    INFO_03 = "INFO-03", "handler-info-size",
        must Handler native, Documented(States), Monitor,
        ["ns-mobsync-syncmgrhandlerinfo"],
        "cbSize of the handler's information is the structure's size.";

    INFO_04 = "INFO-04", "handler-flags-known",
        must Handler, Header(States), Monitor,
        [
            "ne-mobsync-syncmgrhandlerflags",
            "header: mobsync.h",
        ],
        "A handler's flags have no bits outside the header's mask.";

    INFO_05 = "INFO-05", "handler-name-terminated",
        must Handler native, Header(States), Monitor,
        [
            "ns-mobsync-syncmgrhandlerinfo",
            "header: mobsync.h",
        ],
        "The handler's name is terminated within its 32 units.";

    INFO_06 = "INFO-06", "handler-name-readable",
        should Handler, Choice(Silent), Monitor,
        ["ns-mobsync-syncmgrhandlerinfo"],
        "The handler's name is not empty and is well-formed UTF-16.";

    INFO_07 = "INFO-07", "hidden-handler-from-vista-on",
        note Handler xp, Documented(States), Monitor,
        ["ne-mobsync-syncmgrhandlerflags"],
        "A handler sets HIDDEN only where Windows knows it: from Windows Vista on.";
}
