//! What surrounds a session: properties, connections, COM, a handler's life, the wire, and the manager's own interfaces.

use super::declare::rules;

rules! {
    PROP_01 = "PROP-01", "properties-where-offered",
        must Manager, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-showproperties",
            "ne-mobsync-syncmgritemflags",
            "ne-mobsync-syncmgrhandlerflags",
        ],
        "ShowProperties is called only where HASPROPERTIES is set.";

    PROP_02 = "PROP-02", "properties-are-completed",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showpropertiescompleted"],
        "A ShowProperties that succeeds is completed by ShowPropertiesCompleted.";

    PROP_03 = "PROP-03", "properties-completed-once",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showpropertiescompleted"],
        "ShowProperties is completed once only.";

    PROP_04 = "PROP-04", "no-completion-of-failed-properties",
        should Handler, Documented(Should), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-showpropertiescompleted"],
        "A ShowProperties that fails is not completed.";

    PROP_05 = "PROP-05", "changed-items-are-enumerated-again",
        must Manager, Header(States), Monitor,
        [
            "header: mobsync.h",
            "nf-mobsync-isyncmgrsynchronizecallback-showpropertiescompleted",
        ],
        "After S_SYNCMGR_ITEMDELETED or S_SYNCMGR_ENUMITEMS the manager enumerates again.";

    CONN_01 = "CONN-01", "connection-only-when-announced",
        should Handler xp, Choice(Silent), Monitor,
        ["ne-mobsync-syncmgrhandlerflags"],
        "Only a handler with MAYESTABLISHCONNECTION calls EstablishConnection.";

    CONN_02 = "CONN-02", "connections-kept-to-the-end",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizecallback-establishconnection"],
        "Connections are kept until all handlers have finished synchronizing, and then closed.";

    COM_01 = "COM-01", "one-identity",
        must Handler native, Com(Must), Monitor,
        ["nf-unknwn-iunknown-queryinterface(refiid_void)"],
        "QueryInterface for IUnknown returns the same pointer every time, from every interface.";

    COM_02 = "COM-02", "query-interface-is-consistent",
        must Handler native, Com(Must), Monitor,
        ["nf-unknwn-iunknown-queryinterface(refiid_void)"],
        "QueryInterface finds ISyncMgrSynchronize and IUnknown, reflexively, symmetrically and transitively.";

    COM_03 = "COM-03", "unknown-interface-refused",
        must Handler native, Com(Must), Monitor,
        ["nf-unknwn-iunknown-queryinterface(refiid_void)"],
        "QueryInterface for an unsupported interface returns E_NOINTERFACE and NULL.";

    COM_04 = "COM-04", "last-release-returns-zero",
        should Handler native, Com(States), Monitor,
        ["nf-unknwn-iunknown-release"],
        "The last Release of the handler returns 0.";

    COM_05 = "COM-05", "unknown-class-refused",
        must Handler native, Com(States), Monitor,
        ["nf-combaseapi-dllgetclassobject"],
        "DllGetClassObject returns CLASS_E_CLASSNOTAVAILABLE for a CLSID that the library does not have.";

    COM_06 = "COM-06", "aggregation-refused-or-working",
        must Handler native, Com(Must), Monitor,
        ["nf-unknwn-iclassfactory-createinstance"],
        "CreateInstance with an outer object returns CLASS_E_NOAGGREGATION, or aggregates.";

    COM_07 = "COM-07", "can-unload-when-unused",
        should Handler native, Com(States), Monitor,
        ["nf-combaseapi-dllcanunloadnow"],
        "DllCanUnloadNow is S_OK once everything is released, and S_FALSE while an object lives.";

    COM_08 = "COM-08", "instances-share-no-session",
        must Handler native, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-initialize"],
        "Two instances of a handler do not share session state.";

    COM_09 = "COM-09", "refused-class-leaks-nothing",
        should Handler native, Com(States), Monitor,
        ["nf-combaseapi-dllgetclassobject", "nf-combaseapi-dllcanunloadnow"],
        "A DllGetClassObject that fails leaves no object behind.";

    COM_10 = "COM-10", "pointers-come-with-a-reference",
        must Handler native, Com(Must), Monitor,
        ["nf-unknwn-iunknown-queryinterface(refiid_void)", "nf-unknwn-iclassfactory-createinstance"],
        "QueryInterface and CreateInstance give a reference with the pointer, and the object lives as long as it is held.";

    APT_01 = "APT-01", "calls-back-without-holding-what-a-method-needs",
        should Handler, Choice(Silent), Monitor,
        ["nn-mobsync-isyncmgrsynchronizecallback", "nf-mobsync-isyncmgrsynchronize-setprogresscallback"],
        "A method returns although a callback of another thread waits for it: what calls back holds nothing that the method needs.";

    LIFE_01 = "LIFE-01", "releasable-at-any-point",
        should Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted",
            "nf-mobsync-isyncmgrsynchronize-synchronize",
        ],
        "A handler can be released at any point of the session.";

    LIFE_02 = "LIFE-02", "does-not-crash",
        must Handler, Choice(Silent), Monitor,
        ["choice: no page says it"],
        "The handler does not crash or end the process.";

    LIFE_03 = "LIFE-03", "no-call-hangs",
        must Handler, Choice(Silent), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-prepareforsync"],
        "No call hangs.";

    LIFE_04 = "LIFE-04", "second-session-ends-alike",
        should Handler, Choice(Silent), Monitor,
        ["choice: no page says it"],
        "A second session, in a new instance, ends as the first did.";

    LIFE_05 = "LIFE-05", "settings-session-works",
        must Handler, Choice(Silent), Monitor,
        ["ne-mobsync-syncmgrflag"],
        "A SETTINGS session works without synchronizing.";

    LIFE_06 = "LIFE-06", "null-parent-window-accepted",
        must Handler, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-prepareforsync",
            "nf-mobsync-isyncmgrsynchronize-synchronize",
            "nf-mobsync-isyncmgrsynchronize-showerror",
            "nf-mobsync-isyncmgrsynchronize-showproperties",
        ],
        "A NULL parent window is accepted.";

    LIFE_07 = "LIFE-07", "leaves-nothing-behind",
        should Handler native, Choice(Silent), Monitor,
        ["nf-combaseapi-dllcanunloadnow", "nf-unknwn-iunknown-release"],
        "Nothing of the handler runs, and nothing crashes, once it may be unloaded.";

    WIRE_01 = "WIRE-01", "messages-well-formed",
        must Handler, Choice(Silent), Monitor,
        ["choice: the wire protocol is the project's own"],
        "Every message of an out-of-process handler is well-formed, and answers or makes a known call.";

    REGI_01 = "REGI-01", "registration-is-kept",
        must Manager, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrregister-registersyncmgrhandler",
            "nf-mobsync-isyncmgrregister-unregistersyncmgrhandler",
            "nf-mobsync-isyncmgrregister-gethandlerregistrationinfo",
            "ne-mobsync-syncmgrregisterflags",
        ],
        "Registration stores class, description and flags, returns the flags, and can be removed.";

    REGI_02 = "REGI-02", "update-items-starts-invoke",
        must Manager, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronizeinvoke-updateitems",
            "nf-mobsync-isyncmgrsynchronize-initialize",
            "ne-mobsync-syncmgrinvokeflags",
        ],
        "UpdateItems starts an INVOKE session of one handler, with the cookie byte for byte.";

    REGI_03 = "REGI-03", "update-all-returns-at-once",
        must Manager, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrsynchronizeinvoke-updateall"],
        "UpdateAll returns at once, and every registered handler's session runs elsewhere.";

    REGI_04 = "REGI-04", "preferences-follow-enumeration",
        must Manager, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-enumsyncmgritems",
            "ne-mobsync-syncmgritemflags",
        ],
        "S_SYNCMGR_MISSINGITEMS keeps the preferences of items not enumerated, and S_OK drops them.";

    REGI_05 = "REGI-05", "register-server-registers",
        should Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrregister-registersyncmgrhandler",
            "ne-mobsync-syncmgrregisterflags",
            "nf-olectl-dllregisterserver",
        ],
        "DllRegisterServer registers what it says, and the same when it is called again.";

    REGI_06 = "REGI-06", "unregister-server-leaves-nothing",
        should Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrregister-unregistersyncmgrhandler",
            "nf-olectl-dllunregisterserver",
        ],
        "DllUnregisterServer leaves nothing registered that DllRegisterServer had registered.";
}
