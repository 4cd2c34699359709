//! What can be synchronized: the enumerator, its items, and their objects.

use super::declare::rules;

rules! {
    ENUM_01 = "ENUM-01", "enumerator-with-success-only",
        must Handler, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-enumsyncmgritems",
            "com: out pointers",
        ],
        "EnumSyncMgrItems returns an enumerator with S_OK and S_SYNCMGR_MISSINGITEMS, and none with a failure.";

    ENUM_02 = "ENUM-02", "next-is-implemented",
        must Handler, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrenumitems-next"],
        "Next never returns E_NOTIMPL.";

    ENUM_03 = "ENUM-03", "next-count-and-result",
        must Handler, Com(States), Monitor,
        [
            "nf-mobsync-isyncmgrenumitems-next",
            "nf-objidlbase-ienumunknown-next",
        ],
        "Next delivers at most celt items, reports how many, and returns S_OK only if it delivered all celt.";

    ENUM_04 = "ENUM-04", "next-null-count-for-one",
        must Handler native, Com(States), Monitor,
        ["nf-objidlbase-ienumunknown-next"],
        "pceltFetched may be NULL when celt is 1.";

    ENUM_05 = "ENUM-05", "next-error-delivers-nothing",
        must Handler, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrenumitems-next"],
        "When Next fails, it delivers no item.";

    ENUM_06 = "ENUM-06", "reset-goes-to-the-start",
        must Handler, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrenumitems-reset"],
        "Reset succeeds, and items come after it if there are any.";

    ENUM_07 = "ENUM-07", "skip-passes-over",
        must Handler, Com(States), Monitor,
        [
            "nf-mobsync-isyncmgrenumitems-skip",
            "nf-objidlbase-ienumunknown-skip",
        ],
        "Skip(n) skips n items, and returns S_FALSE when fewer are left.";

    ENUM_08 = "ENUM-08", "clone-keeps-position",
        must Handler, Documented(States), Monitor,
        [
            "nf-mobsync-isyncmgrenumitems-clone",
            "nn-mobsync-isyncmgrenumitems",
        ],
        "A clone starts at the original's position, and each moves independently.";

    ENUM_09 = "ENUM-09", "next-past-the-end",
        must Handler, Com(States), Monitor,
        ["nf-objidlbase-ienumunknown-next"],
        "Past the end, every Next returns S_FALSE and no item.";

    ENUM_10 = "ENUM-10", "reset-forgets-the-position",
        should Handler, Documented(States), Monitor,
        ["nf-mobsync-isyncmgrenumitems-reset"],
        "After Reset, Next does not go on with the items that were left.";

    ITEM_01 = "ITEM-01", "item-size",
        must Handler native, Documented(States), Monitor,
        ["ns-mobsync-syncmgritem"],
        "cbSize of an item is the structure's size.";

    ITEM_02 = "ITEM-02", "item-flags-known",
        must Handler, Header(States), Monitor,
        [
            "ne-mobsync-syncmgritemflags",
            "header: mobsync.h",
        ],
        "An item's flags have no bits outside the header's mask.";

    ITEM_03 = "ITEM-03", "item-id-not-null",
        must Handler, Choice(Silent), Monitor,
        [
            "ns-mobsync-syncmgritem",
            "nf-mobsync-isyncmgrsynchronize-showproperties",
        ],
        "An item's ID is not GUID_NULL.";

    ITEM_04 = "ITEM-04", "item-ids-unique",
        must Handler, Choice(Silent), Monitor,
        ["ns-mobsync-syncmgritem"],
        "No two items of an enumeration have the same ID.";

    ITEM_05 = "ITEM-05", "item-state-known",
        must Handler, Documented(States), Monitor,
        ["ns-mobsync-syncmgritem"],
        "An item's state is 0 (unchecked) or 1 (checked).";

    ITEM_06 = "ITEM-06", "item-name-terminated",
        must Handler native, Header(States), Monitor,
        [
            "ns-mobsync-syncmgritem",
            "header: mobsync.h",
        ],
        "An item's name is terminated within its 128 units.";

    ITEM_07 = "ITEM-07", "item-name-readable",
        should Handler, Choice(Silent), Monitor,
        ["ns-mobsync-syncmgritem"],
        "An item's name is not empty and is well-formed UTF-16.";

    ITEM_08 = "ITEM-08", "item-last-update-is-real",
        should Handler, Choice(Silent), Monitor,
        [
            "ne-mobsync-syncmgritemflags",
            "ns-mobsync-syncmgritem",
        ],
        "With LASTUPDATETIME, the time of last update is a real time and not in the future.";

    ITEM_09 = "ITEM-09", "item-ids-stable",
        should Handler, Choice(Silent), Monitor,
        [
            "nf-mobsync-isyncmgrsynchronize-enumsyncmgritems",
            "nf-mobsync-isyncmgrenumitems-reset",
        ],
        "An item has the same ID in every enumeration.";

    ITEM_10 = "ITEM-10", "item-flags-in-use",
        note Handler, Documented(States), Monitor,
        [
            "ne-mobsync-syncmgritemflags",
            "header: mobsync.h",
        ],
        "An item's flags are ones that the profile's Windows version uses.";

    OBJ_01 = "OBJ-01", "no-item-object",
        must Handler, Documented(Must), Monitor,
        ["nf-mobsync-isyncmgrsynchronize-getitemobject"],
        "GetItemObject returns E_NOTIMPL and a NULL pointer.";
}
