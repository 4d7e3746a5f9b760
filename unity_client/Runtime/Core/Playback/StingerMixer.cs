// Mixes stingers into the music at their sample position and ducks the music under them: PROTOCOL.md section 7.
#nullable enable
using System;

namespace Segue.Playback
{
    public sealed class StingerMixer
    {
        // Stingers remembered that are not played or over, so that their later parts are ignored.
        private const int FinishedKept = 64;
        private const long NoStinger = -1;

        // The first `count` are placed, in the order of their coming; the others wait to be used again.
        private readonly PlacedStinger[] placed = new PlacedStinger[Lengths.MostStingers];
        private readonly long[] finished = new long[FinishedKept];
        private int count;
        private int finishedNext;

        public StingerMixer()
        {
            for (var i = 0; i < placed.Length; i++)
            {
                placed[i] = new PlacedStinger();
            }
            finished.AsSpan().Fill(NoStinger);
        }

        /// <summary>
        /// Takes a stinger's part or its cancellation; false if it is not played: too late, or too many at once.
        /// </summary>
        public bool Take(StingerPart part, long committed)
        {
            var known = IndexOf(part.Id);
            if (part.IsOver)
            {
                if (known >= 0 && placed[known].Start < committed)
                {
                    placed[known].Cancel(committed);
                    return true;
                }
                if (known >= 0)
                {
                    Remove(known);
                }
                Finish(part.Id);
                return true;
            }
            if (!part.IsPlaced)
            {
                return true;
            }
            if (known < 0)
            {
                var isLate = part.Start < committed && !part.IsPlayedLate;
                if (isLate || count == placed.Length || IsFinished(part.Id))
                {
                    Finish(part.Id);
                    return false;
                }
                known = count++;
                placed[known].Reset(part, Math.Max(part.Start, committed));
            }
            placed[known].Samples.Write(placed[known].Start + part.Offset, part.Samples!, 0);
            return true;
        }

        /// <summary>
        /// Ducks the block of music at a sample position, adds the stingers, clips the sum at ±1; in place.
        /// </summary>
        public void Mix(long position, Span<float> music)
        {
            var until = position + (music.Length / Lengths.Channels);
            var isPlaying = false;
            for (var i = 0; i < count;)
            {
                if (placed[i].Over <= position)
                {
                    Finish(placed[i].Id);
                    Remove(i);
                    continue;
                }
                isPlaying |= placed[i].Start < until;
                i++;
            }
            if (!isPlaying)
            {
                return;
            }
            Duck(position, music);
            for (var i = 0; i < count; i++)
            {
                Add(placed[i], position, music);
            }
            Lengths.Clip(music);
        }

        /// <summary>Between two corners of all ducks their sum is linear in dB.</summary>
        private void Duck(long position, Span<float> music)
        {
            var until = position + (music.Length / Lengths.Channels);
            for (var at = position; at < until;)
            {
                var corner = until;
                var gainDb = 0.0;
                var slopeDb = 0.0;
                for (var i = 0; i < count; i++)
                {
                    corner = placed[i].NextCorner(at, corner);
                    gainDb += placed[i].DuckDb(at);
                    slopeDb += placed[i].DuckSlopeDb(at);
                }
                var first = (int)(at - position) * Lengths.Channels;
                var stretch = music.Slice(first, (int)(corner - at) * Lengths.Channels);
                if (gainDb != 0.0 || slopeDb != 0.0)
                {
                    Scale(stretch, gainDb, slopeDb);
                }
                at = corner;
            }
        }

        private static void Scale(Span<float> stretch, double gainDb, double slopeDb)
        {
            var gain = Lengths.Factor(gainDb);
            for (var i = 0; i < stretch.Length; i += Lengths.Channels)
            {
                if (slopeDb != 0.0)
                {
                    gain = Lengths.Factor(gainDb + (slopeDb * (i / Lengths.Channels)));
                }
                stretch[i] = (float)(stretch[i] * gain);
                stretch[i + 1] = (float)(stretch[i + 1] * gain);
            }
        }

        /// <summary>Adds the received samples of a stinger to the block.</summary>
        private static void Add(PlacedStinger stinger, long position, Span<float> music)
        {
            var at = Math.Max(position, stinger.Start);
            var until = Math.Min(position + (music.Length / Lengths.Channels), stinger.End);
            while (at < until)
            {
                var there = Math.Min(until, stinger.Samples.End(at));
                if (there == at)
                {
                    at = stinger.Samples.StartAfter(at, until);
                    continue;
                }
                var sound = stinger.Samples.Samples(at, (int)(there - at));
                var output = music.Slice((int)(at - position) * Lengths.Channels, sound.Length);
                for (var i = 0; i < sound.Length; i += Lengths.Channels)
                {
                    var level = stinger.Level(at + (i / Lengths.Channels));
                    output[i] = (float)(output[i] + (level * sound[i]));
                    output[i + 1] = (float)(output[i + 1] + (level * sound[i + 1]));
                }
                at += sound.Length / Lengths.Channels;
            }
        }

        private int IndexOf(long id)
        {
            for (var i = 0; i < count; i++)
            {
                if (placed[i].Id == id)
                {
                    return i;
                }
            }
            return -1;
        }

        // A search of the library's would make a comparer at its first call, on the audio thread.
        private bool IsFinished(long id)
        {
            foreach (var each in finished)
            {
                if (each == id)
                {
                    return true;
                }
            }
            return false;
        }

        private void Remove(int index)
        {
            var over = placed[index];
            over.Samples.Reset(NoStinger);
            count--;
            Array.Copy(placed, index + 1, placed, index, count - index);
            placed[count] = over;
        }

        private void Finish(long id)
        {
            finished[finishedNext] = id;
            finishedNext = (finishedNext + 1) % finished.Length;
        }
    }
}
