// The client's timeline: chunks in any order in, one stream of samples out (PROTOCOL.md section 7).
#nullable enable
using System;

namespace Segue.Playback
{
    /// <summary>
    /// It belongs to one thread, and Read does not allocate. A block without a fade is copied, never computed sample by
    /// sample. Samples are interleaved stereo.
    /// </summary>
    public sealed class Timeline
    {
        private readonly TakeList takes = new TakeList();
        private readonly float[] joining = new float[Lengths.Join * Lengths.Channels];
        private TakeBuffer? followed;
        private TakeBuffer? joined;
        private int joinDone;
        private int riseDone;
        private int fadeOutDone;
        private int fadeOutLength;
        private bool isHalted;

        /// <summary>The sample clock: the first sample not read yet. It stands while nothing is played.</summary>
        public long Committed { get; private set; }

        /// <summary>As in `playhead`.</summary>
        public long Underruns { get; private set; }

        /// <summary>As in `playhead`.</summary>
        public long Late { get; private set; }

        /// <summary>As in `playhead`.</summary>
        public long Dropped { get; private set; }

        /// <summary>Music that must be there before playing begins, in samples.</summary>
        public int PreRoll { get; set; } = Lengths.PreRoll;

        /// <summary>Mixed into the music before any fade into or out of silence.</summary>
        public StingerMixer Stingers { get; } = new StingerMixer();

        /// <summary>Whether the sample clock stands: before the pre-roll, after an underrun, or paused.</summary>
        public bool IsStanding => followed == null;

        /// <summary>The end of what is played if nothing more arrives and no older take is used.</summary>
        public long Have
        {
            get
            {
                var take = joined ?? followed;
                return take == null ? takes.MostPlayedUntil(Committed) : takes.PlayedUntil(take, Committed);
            }
        }

        /// <summary>
        /// Takes a chunk of a take from a sample on. Its samples are kept, not copied. isMixed: whether the take can be
        /// entered there.
        /// </summary>
        public void Write(long take, long start, float[] samples, bool isMixed)
        {
            var end = start + (samples.Length / Lengths.Channels);
            if (end <= Committed || end > Committed + Lengths.Capacity)
            {
                Dropped++;
                return;
            }
            var buffer = takes.Of(take);
            var past = (int)Math.Max(0, Committed - start);
            if (!buffer.Write(start + past, samples, past))
            {
                return;
            }
            if (isMixed)
            {
                buffer.Opening = start;
            }
            Late += start < Committed ? 1 : 0;
            takes.Bound(followed, joined);
        }

        /// <summary>Fades out and stops the sample clock until Resume.</summary>
        public void Pause()
        {
            if (followed != null && !isHalted && fadeOutLength == 0)
            {
                var ahead = joined == null ? takes.Reach(followed, Committed) - Committed : Lengths.Fade;
                fadeOutDone = 0;
                fadeOutLength = (int)Math.Min(Lengths.Fade, ahead);
            }
            isHalted = true;
        }

        /// <summary>Continues where Pause stopped.</summary>
        public void Resume() => isHalted = false;

        /// <summary>
        /// Fills the block with the next samples, and with silence while the clock stands. How many samples per channel
        /// the clock moved. Throws ArgumentException for an odd number of values.
        /// </summary>
        public int Read(Span<float> output)
        {
            Lengths.CheckStereo(output);
            var before = Committed;
            while (output.Length > 0)
            {
                if (followed == null && !Begin())
                {
                    break;
                }
                var step = Step(output.Length / Lengths.Channels);
                Render(output.Slice(0, step * Lengths.Channels));
                output = output.Slice(step * Lengths.Channels);
                Advance(step);
            }
            output.Clear();
            takes.Forget(Committed, followed, joined);
            return (int)(Committed - before);
        }

        /// <summary>Starts following the greatest take that has the pre-roll, unless paused.</summary>
        private bool Begin()
        {
            followed = isHalted ? null : takes.Reaching(Committed, Committed + PreRoll);
            riseDone = 0;
            return followed != null;
        }

        /// <summary>
        /// Decides what is played at `committed`; the number of samples, up to `most`, for which that holds.
        /// </summary>
        private int Step(int most)
        {
            if (joined != null)
            {
                var left = Lengths.Join - joinDone;
                return Math.Min(most, fadeOutLength > 0 ? Math.Min(left, fadeOutLength - fadeOutDone) : left);
            }
            var take = takes.Entered(followed!, Committed);
            followed = take;
            long until;
            if (fadeOutLength > 0)
            {
                // A take that arrived out of order can remove an entry that the fade counted on; then it ends early.
                var left = takes.Last(take, Committed) - Committed;
                fadeOutLength = (int)Math.Min(fadeOutLength, fadeOutDone + left);
                until = Committed + fadeOutLength - fadeOutDone;
                var entry = takes.Entry(take, Committed);
                until = entry == null ? until : Math.Min(until, entry.Opening);
            }
            else
            {
                joined = takes.Newer(take, Committed);
                joinDone = 0;
                until = joined == null ? TurningPoint(take) : Committed + Lengths.Join;
            }
            return (int)Math.Min(most, until - Committed);
        }

        /// <summary>Where to decide again; starts to leave the followed take or to fade out if that is due.</summary>
        private long TurningPoint(TakeBuffer take)
        {
            var until = takes.NewerStart(take, Committed);
            var entry = takes.Entry(take, Committed);
            if (entry != null)
            {
                return Math.Min(until, entry.Opening);
            }
            var end = take.End(Committed);
            var leave = end - Lengths.Join;
            var fallback = Committed <= leave ? takes.Fallback(take, leave) : null;
            if (fallback != null && Committed < leave)
            {
                return Math.Min(until, leave);
            }
            if (fallback != null)
            {
                joined = fallback;
                joinDone = 0;
                return end;
            }
            if (Committed < end - Lengths.Fade)
            {
                return Math.Min(until, end - Lengths.Fade);
            }
            Underruns++;
            fadeOutDone = 0;
            fadeOutLength = (int)(end - Committed);
            return end;
        }

        /// <summary>The samples at `committed` under the fades in progress.</summary>
        private void Render(Span<float> output)
        {
            var count = output.Length / Lengths.Channels;
            followed!.Copy(Committed, output);
            if (joined != null)
            {
                var other = joining.AsSpan(0, output.Length);
                joined.Copy(Committed, other);
                for (var i = 0; i < output.Length; i++)
                {
                    var gain = Lengths.Rising(joinDone + (i / Lengths.Channels), Lengths.Join);
                    output[i] = (float)(output[i] + (((double)other[i] - output[i]) * gain));
                }
            }
            Stingers.Mix(Committed, output);
            for (var i = 0; i < Math.Min(count, Lengths.Fade - riseDone); i++)
            {
                Scale(output, i, Lengths.Rising(riseDone + i, Lengths.Fade));
            }
            for (var i = 0; fadeOutLength > 0 && i < count; i++)
            {
                Scale(output, i, 1.0 - Lengths.Rising(fadeOutDone + i, fadeOutLength));
            }
        }

        private static void Scale(Span<float> output, int sample, double gain)
        {
            output[2 * sample] = (float)(output[2 * sample] * gain);
            output[(2 * sample) + 1] = (float)(output[(2 * sample) + 1] * gain);
        }

        /// <summary>Advances the clock and the fades; ends those that are over.</summary>
        private void Advance(int step)
        {
            Committed += step;
            riseDone = Math.Min(Lengths.Fade, riseDone + step);
            if (joined != null)
            {
                joinDone += step;
                if (joinDone == Lengths.Join)
                {
                    followed = joined;
                    joined = null;
                }
            }
            if (fadeOutLength > 0)
            {
                fadeOutDone += step;
                var hasEnded = joined == null && takes.Last(followed!, Committed - 1) == Committed;
                if (hasEnded || fadeOutDone == fadeOutLength)
                {
                    Stand();
                }
            }
            else if (step == 0)
            {
                // Nothing is left to fade.
                Stand();
            }
        }

        private void Stand()
        {
            followed = null;
            joined = null;
            fadeOutLength = 0;
        }
    }
}
