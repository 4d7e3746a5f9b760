// Where playback stands, written by the audio thread and read by others without a lock.
#nullable enable
using System.Threading;

namespace Segue.Playback
{
    /// <summary>
    /// A sequence lock: the writer never waits and never allocates; a reader that meets a write reads again.
    /// Source: H. Boehm, "Can seqlocks get along with programming language memory models?", 2012.
    /// </summary>
    internal sealed class PublishedPosition
    {
        // Odd while the fields are being written.
        private int version;
        private long played;
        private long committed;
        private long have;
        private long standing = 1;
        private long underruns;
        private long late;
        private long dropped;

        /// <summary>From the one thread that writes.</summary>
        public void Write(Timeline timeline, long heard)
        {
            version++;
            // No field may be seen before the odd version, and none may be written after the even one.
            Thread.MemoryBarrier();
            Volatile.Write(ref played, heard);
            Volatile.Write(ref committed, timeline.Committed);
            Volatile.Write(ref have, timeline.Have);
            Volatile.Write(ref standing, timeline.IsStanding ? 1 : 0);
            Volatile.Write(ref underruns, timeline.Underruns);
            Volatile.Write(ref late, timeline.Late);
            Volatile.Write(ref dropped, timeline.Dropped);
            Volatile.Write(ref version, version + 1);
        }

        /// <summary>From any thread.</summary>
        public PlaybackPosition Read()
        {
            var spin = default(SpinWait);
            while (true)
            {
                var before = Volatile.Read(ref version);
                var position = new PlaybackPosition(
                    Volatile.Read(ref played),
                    Volatile.Read(ref committed),
                    Volatile.Read(ref have),
                    Volatile.Read(ref standing) != 0,
                    Volatile.Read(ref underruns),
                    Volatile.Read(ref late),
                    Volatile.Read(ref dropped));
                Thread.MemoryBarrier();
                if ((before & 1) == 0 && before == Volatile.Read(ref version))
                {
                    return position;
                }
                spin.SpinOnce();
            }
        }
    }
}
