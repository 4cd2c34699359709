//! How what happens in a worker comes to its parent: a ring of bytes in shared memory, in which records follow each other.
//!
//! A record is seen by the reader when it is whole, and not before. What was written is there when the writer is killed.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(unix)]
use super::ring_image::RingImage;
#[cfg(unix)]
use crate::handler::com::CRASH_MAPS;
use crate::handler::com::{CRASH_ROOM, SharedMemory, is_forked_copy};
use crate::host::Act;
use crate::protocol::{GUID_NULL, Guid};

/// The size of the ring: what some hundred thousand callbacks take.
const RING: usize = 16 << 20;

/// How much of it is read at once, and how often that is a full ring.
const BATCH: u64 = 1 << 20;
pub(super) const BATCHES: usize = RING / (1 << 20);

// The numbers at the beginning of the memory.
const WRITTEN: usize = 0;
const READ: usize = 8;
const CANCELLED: usize = 16;
const LEFT: usize = 24;
/// The length of the job, which stands behind the ring.
const JOB: usize = 32;
/// The worker has opened it.
const OPENED: usize = 40;
/// Of which build the parent is: a worker may be another program, and built from other sources.
const FORMAT: usize = 48;
/// The process that is the worker.
const WORKER: usize = 56;
/// The last stop of a steered session that was answered, and how long the answer is.
const ANSWERED: usize = 64;
const ANSWER: usize = 72;
/// How often the parent has asked for stacks, which of these questions was answered, and how long the answer is.
const ASKED: usize = 80;
const TOLD: usize = 88;
const STACKS: usize = 96;
/// How many of the replies that are held by hand were let go.
const LET_GO: usize = 104;
/// Which calls the manager must not make yet, as bits.
const FORBIDDEN: usize = 112;
/// Of which build the worker is.
const WORKER_FORMAT: usize = 120;
/// What a crash leaves.
const CRASH: usize = 128;
/// The parent's answer to a stop, and the worker's to a question for stacks.
const ANSWER_AT: usize = (CRASH + CRASH_ROOM).next_multiple_of(64);
const ANSWER_ROOM: usize = 64 << 10;
const STACKS_AT: usize = ANSWER_AT + ANSWER_ROOM;
const STACKS_ROOM: usize = 256 << 10;
/// How many acts of the user the parent has written, and where the newest of them stand.
const ACTS: usize = STACKS_AT + STACKS_ROOM;
const ACTS_AT: usize = ACTS + 64;
/// So many are read long before a person has done as many more.
const ACTS_KEPT: u64 = 64;
const ACT_SIZE: usize = 24;
const RING_AT: usize = (ACTS_AT + ACTS_KEPT as usize * ACT_SIZE).next_multiple_of(64);
const JOB_AT: usize = RING_AT + RING;

/// The build: the version of the program, the sources of which a worker is made (`build.rs`), and the size of the parts.
const THIS_FORMAT: u64 = {
    let mut format = JOB_AT as u64;
    let build = concat!(env!("CARGO_PKG_VERSION"), " ", env!("MOBSYNC_WORKER_BUILD")).as_bytes();
    let mut at = 0;
    while at < build.len() {
        format = format.wrapping_mul(31).wrapping_add(build[at] as u64);
        at += 1;
    }
    format
};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// An event, with the reply if it is a callback.
    Event = 1,
    /// A part of a record that goes on in the next one.
    Part = 2,
    /// What came of the plan.
    Plan = 3,
    /// The session is over.
    Done = 4,
    /// A steered session stands still, or one of several asks whether it may show a dialog.
    Stop = 5,
    /// A call that the parent wanted was refused.
    Refused = 6,
}

/// How long whoever waits for room or for the other side sleeps.
const NAP: Duration = Duration::from_micros(50);

/// The largest record that is written at once.
const MOST_AT_ONCE: usize = RING / 4;

/// The largest record that is put together of parts. No session has a larger one, and whoever wrote parts without an end would
/// fill the parent's memory.
const MOST_IN_PARTS: usize = 2 * RING;

/// The file that both processes map.
#[cfg(unix)]
pub(super) type SharedFile = File;
#[cfg(windows)]
pub(super) type SharedFile = tempfile::NamedTempFile;

#[cfg(unix)]
fn as_file(file: &SharedFile) -> &File {
    file
}

#[cfg(windows)]
fn as_file(file: &SharedFile) -> &File {
    file.as_file()
}

/// Either end.
pub(super) struct Channel {
    memory: SharedMemory,
    /// What this end has written, or has read. The handler can change the number in the memory: it is compared with this one.
    position: AtomicU64,
}

impl Channel {
    /// Makes it, in a file without a name, for that job.
    pub(super) fn new(job: &[u8]) -> io::Result<(Self, SharedFile)> {
        let file = shared_file(JOB_AT + job.len())?;
        let memory = SharedMemory::map(as_file(&file), JOB_AT + job.len())?;
        memory.write(JOB_AT, job);
        memory.number(FORMAT).store(THIS_FORMAT, Ordering::Release);
        memory.number(JOB).store(job.len() as u64, Ordering::Release);
        Ok((Self { memory, position: AtomicU64::new(0) }, file))
    }

    /// Opens the other end.
    pub(super) fn open(file: &File) -> io::Result<Self> {
        // Wine cannot say the size of a file without a name in another way.
        let size = usize::try_from(io::Seek::seek(&mut &*file, io::SeekFrom::End(0))?).unwrap_or(0);
        if size < JOB_AT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is not a worker's channel"));
        }
        let memory = SharedMemory::map(file, size)?;
        // The parent says so to the user, for it knows which program this is.
        memory.number(WORKER_FORMAT).store(THIS_FORMAT, Ordering::Release);
        if memory.number(FORMAT).load(Ordering::Acquire) != THIS_FORMAT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the worker is from another build than mobsync"));
        }
        memory.number(OPENED).store(1, Ordering::Release);
        Ok(Self { memory, position: AtomicU64::new(0) })
    }

    /// Whether the worker has come so far as to open it.
    pub(super) fn is_opened(&self) -> bool {
        self.memory.number(OPENED).load(Ordering::Acquire) != 0
    }

    /// Whether a worker came that is from another build, and left. A handler that writes into this memory can say so too, but only
    /// after a worker has opened it.
    pub(super) fn is_refused(&self) -> bool {
        let theirs = self.memory.number(WORKER_FORMAT).load(Ordering::Acquire);
        theirs != 0 && theirs != THIS_FORMAT && !self.is_opened()
    }

    /// The job.
    pub(super) fn job(&self) -> Vec<u8> {
        let length = usize::try_from(self.memory.number(JOB).load(Ordering::Acquire)).unwrap_or(0);
        let mut job = vec![0; length.min(self.memory.len() - JOB_AT)];
        self.memory.read(JOB_AT, &mut job);
        job
    }

    /// Says which process is the worker.
    pub(super) fn is_worker(&self, pid: u32) {
        self.memory.number(WORKER).store(u64::from(pid), Ordering::Release);
    }

    /// Which process says that it is the worker. The handler can write there too: nothing may be done to that process.
    pub(super) fn worker(&self) -> Option<i32> {
        i32::try_from(self.memory.number(WORKER).load(Ordering::Acquire)).ok().filter(|pid| *pid > 0)
    }

    pub(super) fn want_all_stopped(&self) {
        self.memory.number(CANCELLED).store(1, Ordering::Release);
    }

    pub(super) fn want_to_leave(&self) {
        self.memory.number(LEFT).store(1, Ordering::Release);
    }

    /// Whether everything is to be stopped, and whether the session is to be left.
    pub(super) fn wishes(&self) -> (bool, bool) {
        let is_set = |at| self.memory.number(at).load(Ordering::Acquire) != 0;
        (is_set(CANCELLED), is_set(LEFT))
    }

    /// The parent answers a stop.
    pub(super) fn answer_stop(&self, stop: u64, answer: &[u8]) {
        // More than there is room for nobody wants at once.
        let answer = if answer.len() <= ANSWER_ROOM { answer } else { &[] };
        self.memory.write(ANSWER_AT, answer);
        self.memory.number(ANSWER).store(answer.len() as u64, Ordering::Relaxed);
        self.memory.number(ANSWERED).store(stop, Ordering::Release);
    }

    /// The parent's answer to that stop, once it is there.
    pub(super) fn stop_answered(&self, stop: u64) -> Option<Vec<u8>> {
        let answered = self.memory.number(ANSWERED).load(Ordering::Acquire) >= stop;
        answered.then(|| self.bytes(ANSWER_AT, ANSWER, ANSWER_ROOM))
    }

    /// The parent passes on what the user does. Only one thread of it at a time may do so.
    pub(super) fn act(&self, act: Act) {
        let (kind, id) = match act {
            Act::Skip(item) => (1, item),
            Act::SkipAll => (2, GUID_NULL),
            Act::ShowError(error) => (3, error),
            Act::Close => (4, GUID_NULL),
        };
        let nth = self.memory.number(ACTS).load(Ordering::Relaxed);
        let mut bytes = [0; ACT_SIZE];
        bytes[0] = kind;
        bytes[8..].copy_from_slice(id.0.as_bytes());
        self.memory.write(ACTS_AT + (nth % ACTS_KEPT) as usize * ACT_SIZE, &bytes);
        self.memory.number(ACTS).store(nth.wrapping_add(1), Ordering::Release);
    }

    /// What the user has done since this was asked with that number, which is brought up to date.
    pub(super) fn acts_since(&self, heeded: &mut u64) -> Vec<Act> {
        let written = self.memory.number(ACTS).load(Ordering::Acquire);
        // The handler can write there too: what makes no sense is nothing.
        let since = written.checked_sub(*heeded).filter(|new| *new <= ACTS_KEPT).map_or(written, |_| *heeded);
        *heeded = written;
        let act = |nth: u64| {
            let mut bytes = [0; ACT_SIZE];
            self.memory.read(ACTS_AT + (nth % ACTS_KEPT) as usize * ACT_SIZE, &mut bytes);
            let id = Guid(uuid::Uuid::from_slice(&bytes[8..]).ok()?);
            match bytes[0] {
                1 => Some(Act::Skip(id)),
                2 => Some(Act::SkipAll),
                3 => Some(Act::ShowError(id)),
                4 => Some(Act::Close),
                _ => None,
            }
        };
        (since..written).filter_map(act).collect()
    }

    /// The parent lets so many replies go that are held by hand, the oldest first.
    pub(super) fn let_go(&self, many: u64) {
        self.memory.number(LET_GO).store(many, Ordering::Release);
    }

    /// How many of the replies that are held by hand were let go.
    pub(super) fn many_let_go(&self) -> u64 {
        self.memory.number(LET_GO).load(Ordering::Acquire)
    }

    /// The manager must not make the calls of these bits until it is told otherwise.
    pub(super) fn forbid(&self, calls: u64) {
        self.memory.number(FORBIDDEN).store(calls, Ordering::Release);
    }

    /// Which calls the manager must not make yet.
    pub(super) fn forbidden(&self) -> u64 {
        self.memory.number(FORBIDDEN).load(Ordering::Acquire)
    }

    /// The parent asks for stacks. Returns the number of the question.
    pub(super) fn ask_for_stacks(&self) -> u64 {
        self.memory.number(ASKED).fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The number of a question for stacks that was not answered. Whoever is told of it answers it.
    pub(super) fn stacks_asked(&self) -> Option<u64> {
        let asked = self.memory.number(ASKED).load(Ordering::Acquire);
        (asked != self.memory.number(TOLD).load(Ordering::Acquire)).then_some(asked)
    }

    /// The worker answers a question for stacks; what there is no room for is left out.
    pub(super) fn tell_stacks(&self, asked: u64, text: &[u8]) {
        let text = &text[..text.len().min(STACKS_ROOM)];
        self.memory.write(STACKS_AT, text);
        self.memory.number(STACKS).store(text.len() as u64, Ordering::Relaxed);
        self.memory.number(TOLD).store(asked, Ordering::Release);
    }

    /// The worker's answer to that question, once it is there.
    pub(super) fn stacks_told(&self, asked: u64) -> Option<Vec<u8>> {
        let told = self.memory.number(TOLD).load(Ordering::Acquire) >= asked;
        told.then(|| self.bytes(STACKS_AT, STACKS, STACKS_ROOM))
    }

    fn bytes(&self, at: usize, length: usize, room: usize) -> Vec<u8> {
        let length = usize::try_from(self.memory.number(length).load(Ordering::Relaxed)).unwrap_or(0);
        let mut bytes = vec![0; length.min(room)];
        self.memory.read(at, &mut bytes);
        bytes
    }

    /// The memory, and where a crash is written down in it.
    pub(super) fn crash_place(&self) -> (&SharedMemory, usize) {
        (&self.memory, CRASH)
    }

    /// The memory as bytes, as far as it was written.
    #[cfg(unix)]
    pub(super) fn image(&self) -> RingImage {
        let position = |at| self.memory.number(at).load(Ordering::Acquire);
        let written = position(WRITTEN);
        let mut ring = vec![0; usize::try_from(written).map_or(RING, |written| written.min(RING))];
        self.memory.read(RING_AT, &mut ring);
        RingImage { positions: (written, position(READ)), ring, ..RingImage::default() }
    }

    /// Puts bytes there, as far as there is room for them.
    #[cfg(unix)]
    pub(super) fn put_image(&self, image: &RingImage) {
        let put = |at, bytes: &[u8], room: usize| self.memory.write(at, &bytes[..bytes.len().min(room)]);
        self.memory.number(WRITTEN).store(image.positions.0, Ordering::Release);
        self.memory.number(READ).store(image.positions.1, Ordering::Release);
        self.position.store(image.positions.1, Ordering::Relaxed);
        put(CRASH, &image.crash, CRASH_MAPS);
        put(CRASH + CRASH_MAPS, &image.maps, CRASH_ROOM - CRASH_MAPS);
        put(RING_AT, &image.ring, RING);
    }

    /// Writes a record; one that does not fit at once in parts. There is one writer at a time. `gone` says that nobody reads
    /// any more: then what does not fit is lost.
    pub(super) fn write(&self, kind: RecordKind, bytes: &[u8], gone: impl Fn() -> bool) {
        if is_forked_copy() {
            // The copy says nothing: what it does is not what the worker does.
            return;
        }
        let mut rest = bytes;
        while rest.len() > MOST_AT_ONCE {
            let (part, more) = rest.split_at(MOST_AT_ONCE);
            self.write_one(RecordKind::Part, part, &gone);
            rest = more;
        }
        self.write_one(kind, rest, &gone);
    }

    fn write_one(&self, kind: RecordKind, bytes: &[u8], gone: &impl Fn() -> bool) {
        let written = self.position.load(Ordering::Relaxed);
        if self.memory.number(WRITTEN).load(Ordering::Relaxed) != written {
            // The handler wrote there. No position is so far: the reader sees it, however late it looks.
            self.memory.number(WRITTEN).store(u64::MAX, Ordering::Release);
            return;
        }
        let size = 4 + bytes.len();
        let mut full = false;
        // What the numbers say cannot be trusted: the handler can write there.
        let waiting = || usize::try_from(written.saturating_sub(self.memory.number(READ).load(Ordering::Acquire)));
        while waiting().unwrap_or(usize::MAX).saturating_add(size) > RING {
            if gone() {
                return;
            }
            if !std::mem::replace(&mut full, true) {
                tracing::debug!("the ring is full: waiting for the parent to read");
            }
            std::thread::sleep(NAP);
        }
        // The length is below 2^24, and shares its four bytes with the kind.
        let head = (bytes.len() as u32) << 8 | kind as u32;
        self.put(written, &head.to_ne_bytes());
        self.put(written.wrapping_add(4), bytes);
        let written = written.wrapping_add(size as u64);
        self.position.store(written, Ordering::Relaxed);
        self.memory.number(WRITTEN).store(written, Ordering::Release);
    }

    fn put(&self, position: u64, bytes: &[u8]) {
        let at = (position % RING as u64) as usize;
        let first = bytes.len().min(RING - at);
        self.memory.write(RING_AT + at, &bytes[..first]);
        if first < bytes.len() {
            self.memory.write(RING_AT, &bytes[first..]);
        }
    }

    fn get(&self, position: u64, into: &mut [u8]) {
        let at = (position % RING as u64) as usize;
        let first = into.len().min(RING - at);
        let (begin, end) = into.split_at_mut(first);
        self.memory.read(RING_AT + at, begin);
        self.memory.read(RING_AT, end);
    }

    /// Takes whole records away, all or as many as make a batch; false when there is none. `parts` keeps what has come of one that goes on. An error means that the ring makes no
    /// sense: somebody wrote into it.
    pub(super) fn read(
        &self,
        parts: &mut Vec<u8>,
        mut record: impl FnMut(RecordKind, Vec<u8>),
    ) -> Result<bool, Corrupt> {
        let mut read = self.position.load(Ordering::Relaxed);
        let written = self.memory.number(WRITTEN).load(Ordering::Acquire);
        if self.memory.number(READ).load(Ordering::Relaxed) != read {
            return Err(Corrupt);
        }
        if written.checked_sub(read).is_none_or(|waiting| waiting > RING as u64) {
            return Err(Corrupt);
        }
        let any = read < written;
        let enough = read.saturating_add(BATCH);
        while read < written.min(enough) {
            let mut head = [0; 4];
            self.get(read, &mut head);
            let head = u32::from_ne_bytes(head);
            let length = u64::from(head >> 8);
            let begin = read.checked_add(4).ok_or(Corrupt)?;
            let end = begin.checked_add(length).filter(|end| *end <= written).ok_or(Corrupt)?;
            let mut bytes = vec![0; length as usize];
            self.get(begin, &mut bytes);
            read = end;
            let kind = match head & 0xff {
                1 => RecordKind::Event,
                2 => RecordKind::Part,
                3 => RecordKind::Plan,
                4 => RecordKind::Done,
                5 => RecordKind::Stop,
                6 => RecordKind::Refused,
                _ => return Err(Corrupt),
            };
            if kind == RecordKind::Part {
                if parts.len() + bytes.len() > MOST_IN_PARTS {
                    return Err(Corrupt);
                }
                parts.extend(bytes);
                continue;
            }
            if !parts.is_empty() {
                parts.extend(bytes);
                bytes = std::mem::take(parts);
            }
            record(kind, bytes);
        }
        self.position.store(read, Ordering::Relaxed);
        self.memory.number(READ).store(read, Ordering::Release);
        Ok(any)
    }
}

/// The ring makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Corrupt;

/// A file of that size which nobody but the two processes knows. Where the system can do that, nobody can cut it off: a
/// handler that tried would end the parent.
#[cfg(target_os = "linux")]
fn shared_file(size: usize) -> io::Result<SharedFile> {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    use nix::sys::memfd::{MFdFlags, memfd_create};

    let file = File::from(memfd_create(c"mobsync", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    file.set_len(size as u64)?;
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

/// A file of that size that has no name any more.
#[cfg(all(unix, not(target_os = "linux")))]
fn shared_file(size: usize) -> io::Result<SharedFile> {
    let file = tempfile::tempfile()?;
    file.set_len(size as u64)?;
    Ok(file)
}

/// A file of that size, which is removed with what is returned: a worker opens it by its path.
#[cfg(windows)]
fn shared_file(size: usize) -> io::Result<SharedFile> {
    let file = tempfile::Builder::new().prefix("mobsync-").tempfile()?;
    file.as_file().set_len(size as u64)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_in_order_around_the_end_of_the_ring() {
        let (reader, file) = Channel::new(b"the job").unwrap();
        let writer = Channel::open(as_file(&file)).unwrap();
        assert_eq!(writer.job(), b"the job");
        let record = |nth: u32| vec![nth as u8; (nth as usize * 7919) % 100_000];
        let mut seen = 0;
        for nth in 0..1000_u32 {
            writer.write(RecordKind::Event, &record(nth), || panic!("there is room"));
            if nth % 3 == 1 {
                let any = reader.read(&mut Vec::new(), |kind, bytes| {
                    assert_eq!((kind, bytes), (RecordKind::Event, record(seen)));
                    seen += 1;
                });
                assert_eq!(any, Ok(true));
            }
        }
        assert_eq!(reader.read(&mut Vec::new(), |_, _| seen += 1), Ok(true));
        assert_eq!(seen, 1000);
        assert_eq!(reader.read(&mut Vec::new(), |_, _| unreachable!()), Ok(false));
    }

    #[test]
    fn a_worker_from_another_build_is_refused_and_known_to_its_parent() {
        let (parent, file) = Channel::new(b"the job").unwrap();
        assert!(!parent.is_refused(), "none has come");
        parent.memory.number(FORMAT).store(THIS_FORMAT ^ 1, Ordering::Release);
        assert!(Channel::open(as_file(&file)).is_err());
        assert!(!parent.is_opened(), "nothing of the job was taken");
        // What it left is what a worker of this build leaves: seen from a parent of the other one, it is not its own.
        assert!(!parent.is_refused());
        parent.memory.number(WORKER_FORMAT).store(THIS_FORMAT ^ 1, Ordering::Release);
        assert!(parent.is_refused());
        parent.memory.number(FORMAT).store(THIS_FORMAT, Ordering::Release);
        assert!(Channel::open(as_file(&file)).is_ok());
        assert!(parent.is_opened() && !parent.is_refused());
    }

    #[test]
    fn what_the_user_does_comes_in_order_and_what_makes_no_sense_is_nothing() {
        let (parent, file) = Channel::new(b"").unwrap();
        let worker = Channel::open(as_file(&file)).unwrap();
        let item = Guid::from_alias("A").unwrap();
        let all = [Act::Skip(item), Act::SkipAll, Act::ShowError(item), Act::Close];
        let mut heeded = 0;
        assert_eq!(worker.acts_since(&mut heeded), []);
        for _ in 0..100 {
            all.into_iter().for_each(|act| parent.act(act));
            assert_eq!(worker.acts_since(&mut heeded), all);
        }
        assert_eq!(worker.acts_since(&mut heeded), []);
        for number in [u64::MAX, 0, 5_000] {
            worker.memory.number(ACTS).store(number, Ordering::Release);
            assert_eq!(worker.acts_since(&mut heeded), []);
        }
    }

    #[test]
    fn a_record_larger_than_a_part_is_put_together_again() {
        let (reader, file) = Channel::new(b"").unwrap();
        let writer = Channel::open(as_file(&file)).unwrap();
        let large: Vec<u8> = (0..MOST_AT_ONCE + MOST_AT_ONCE / 2).map(|at| at as u8).collect();
        writer.write(RecordKind::Plan, &large, || panic!("there is room"));
        writer.write(RecordKind::Done, b"x", || panic!("there is room"));
        let (mut came, mut parts) = (Vec::new(), Vec::new());
        while reader.read(&mut parts, |kind, bytes| came.push((kind, bytes))).unwrap() {}
        assert_eq!(came, [(RecordKind::Plan, large), (RecordKind::Done, b"x".to_vec())]);
    }

    #[test]
    fn a_record_whose_parts_have_no_end_makes_no_sense() {
        let (reader, file) = Channel::new(b"").unwrap();
        let writer = Channel::open(as_file(&file)).unwrap();
        let (part, mut parts) = (vec![0; MOST_AT_ONCE], Vec::new());
        let mut read = Ok(true);
        for _ in 0..=MOST_IN_PARTS / MOST_AT_ONCE {
            assert_eq!(read, Ok(true));
            writer.write_one(RecordKind::Part, &part, &|| panic!("there is room"));
            read = reader.read(&mut parts, |_, _| unreachable!());
        }
        assert_eq!(read, Err(Corrupt));
    }

    #[test]
    fn a_full_ring_is_read_in_batches_and_empty_after_as_many_as_are_foreseen() {
        let (reader, file) = Channel::new(b"").unwrap();
        let writer = Channel::open(as_file(&file)).unwrap();
        let record = vec![7; 60_000];
        let many = RING / (record.len() + 4);
        (0..many).for_each(|_| writer.write(RecordKind::Event, &record, || panic!("there is room")));
        let (mut seen, mut most) = (0, 0);
        for _ in 0..=BATCHES {
            let before = seen;
            let any = reader.read(&mut Vec::new(), |_, _| seen += 1).unwrap();
            most = most.max(seen - before);
            if !any {
                break;
            }
        }
        assert_eq!(seen, many);
        assert!(most * record.len() < 2 * BATCH as usize, "{most} records at once");
    }

    #[test]
    fn a_full_ring_waits_for_its_reader_and_gives_up_when_nobody_reads() {
        let (reader, file) = Channel::new(b"").unwrap();
        let writer = Channel::open(as_file(&file)).unwrap();
        let record = vec![7; 1 << 20];
        std::thread::scope(|scope| {
            scope.spawn(|| (0..100).for_each(|_| writer.write(RecordKind::Event, &record, || false)));
            let mut seen = 0;
            while seen < 100 {
                reader.read(&mut Vec::new(), |_, bytes| seen += usize::from(bytes == record)).unwrap();
            }
        });
        (0..100).for_each(|_| writer.write(RecordKind::Event, &record, || true));
    }

    #[test]
    fn a_ring_in_which_somebody_wrote_is_known() {
        let (reader, file) = Channel::new(b"").unwrap();
        let writer = Channel::open(as_file(&file)).unwrap();
        writer.write(RecordKind::Event, b"four", || false);
        writer.memory.write(RING_AT, &[0xff; 64]);
        assert_eq!(reader.read(&mut Vec::new(), |_, _| unreachable!()), Err(Corrupt));
        writer.memory.number(WRITTEN).store(u64::MAX, Ordering::Release);
        assert_eq!(reader.read(&mut Vec::new(), |_, _| unreachable!()), Err(Corrupt));
        // Both numbers at their ends: neither side adds beyond them.
        writer.memory.number(READ).store(u64::MAX - 5, Ordering::Release);
        assert_eq!(reader.read(&mut Vec::new(), |_, _| unreachable!()), Err(Corrupt));
        writer.write(RecordKind::Event, b"four", || true);
        writer.memory.write(0, &[0xff; 64]);
        writer.write(RecordKind::Event, b"four", || true);
        let _ = reader.read(&mut Vec::new(), |_, _| {});
    }

    #[test]
    fn a_ring_whose_numbers_were_set_back_is_known_however_late_its_reader_looks() {
        for (number, read_before) in [(WRITTEN, false), (WRITTEN, true), (READ, true)] {
            let (reader, file) = Channel::new(b"").unwrap();
            let writer = Channel::open(as_file(&file)).unwrap();
            writer.write(RecordKind::Event, b"lost if nobody notices", || false);
            if read_before {
                assert_eq!(reader.read(&mut Vec::new(), |_, _| {}), Ok(true));
            }
            writer.memory.number(number).store(0, Ordering::Release);
            for _ in 0..3 {
                writer.write(RecordKind::Event, b"what comes afterwards", || false);
            }
            assert_eq!(reader.read(&mut Vec::new(), |_, _| unreachable!()), Err(Corrupt));
        }
    }
}
