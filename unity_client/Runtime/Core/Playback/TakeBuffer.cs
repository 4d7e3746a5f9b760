// The received samples of a take, or of a stinger, by absolute position. What came first is never overwritten.
#nullable enable
using System;

namespace Segue.Playback
{
    /// <summary>
    /// A *run* is a stretch without a gap; a *piece* is a stretch of received samples, which are kept, not copied. The
    /// arrays have room for what a service sends; only a stretch in more pieces makes them grow.
    /// </summary>
    public sealed class TakeBuffer
    {
        /// <summary>The opening of a take that is not known to open anywhere.</summary>
        public const long Nowhere = -1;

        // 45 s of ordinary chunks.
        private const int UsualPieces = 128;
        private const int UsualRuns = 16;

        private long[] runStarts = new long[UsualRuns];
        private long[] runEnds = new long[UsualRuns];
        private int runs;
        private long[] pieceStarts = new long[UsualPieces];
        private Piece[] pieces = new Piece[UsualPieces];
        private int pieceCount;

        /// <summary>The take's number.</summary>
        public long Take { get; private set; }

        /// <summary>Where the take can be entered: the `start` of its `mixed` chunk, or Nowhere.</summary>
        public long Opening { get; set; } = Nowhere;

        /// <summary>Whether nothing is kept.</summary>
        public bool IsEmpty => runs == 0;

        /// <summary>Empties the buffer for another take.</summary>
        public void Reset(long take)
        {
            Take = take;
            Opening = Nowhere;
            Array.Clear(pieces, 0, pieceCount);
            runs = pieceCount = 0;
        }

        /// <summary>Whether the sample at a position was received.</summary>
        public bool Has(long position) => End(position) > position;

        /// <summary>The end of the run that a position lies in; the position itself if it lies in none.</summary>
        public long End(long position)
        {
            var run = After(runStarts, runs, position) - 1;
            return run >= 0 ? Math.Max(position, runEnds[run]) : position;
        }

        /// <summary>Where the next run begins beyond a position; `none` if there is none.</summary>
        public long StartAfter(long position, long none)
        {
            var run = After(runStarts, runs, position);
            return run < runs ? runStarts[run] : none;
        }

        /// <summary>
        /// Fills the gaps from `start` on with interleaved samples, of which the first `skip` are passed over. Whether
        /// there was a gap.
        /// </summary>
        public bool Write(long start, float[] samples, int skip)
        {
            var last = start + (samples.Length / Lengths.Channels) - skip;
            var at = End(start);
            var hasGap = at < last;
            while (at < last)
            {
                var until = Math.Min(last, StartAfter(at, last));
                AddPiece(at, new Piece(samples, skip + (int)(at - start), (int)(until - at)));
                AddRun(at, until);
                at = End(until);
            }
            return hasGap;
        }

        /// <summary>Copies the samples from a position on, all of which were received.</summary>
        public void Copy(long position, Span<float> output)
        {
            while (output.Length > 0)
            {
                var samples = Samples(position, output.Length / Lengths.Channels);
                samples.CopyTo(output);
                output = output.Slice(samples.Length);
                position += samples.Length / Lengths.Channels;
            }
        }

        /// <summary>
        /// The samples at a position that was received: as many as lie together, at most `most`. Nobody changes them.
        /// </summary>
        public Span<float> Samples(long position, int most)
        {
            var index = After(pieceStarts, pieceCount, position) - 1;
            var piece = pieces[index];
            var skip = (int)(position - pieceStarts[index]);
            var count = Math.Min(most, piece.Count - skip);
            return piece.Samples.AsSpan((piece.First + skip) * Lengths.Channels, count * Lengths.Channels);
        }

        /// <summary>Frees samples before a position; a run that ends there is still known.</summary>
        public void Forget(long position)
        {
            var over = 0;
            while (over < runs && runEnds[over] < position)
            {
                over++;
            }
            RemoveRuns(0, over);
            over = 0;
            while (over < pieceCount && pieceStarts[over] + pieces[over].Count <= position)
            {
                over++;
            }
            if (over > 0)
            {
                Array.Copy(pieceStarts, over, pieceStarts, 0, pieceCount - over);
                Array.Copy(pieces, over, pieces, 0, pieceCount - over);
                Array.Clear(pieces, pieceCount - over, over);
                pieceCount -= over;
            }
        }

        private void AddPiece(long start, Piece piece)
        {
            if (pieceCount == pieces.Length)
            {
                Array.Resize(ref pieces, 2 * pieceCount);
                Array.Resize(ref pieceStarts, 2 * pieceCount);
            }
            var index = After(pieceStarts, pieceCount, start);
            Array.Copy(pieceStarts, index, pieceStarts, index + 1, pieceCount - index);
            Array.Copy(pieces, index, pieces, index + 1, pieceCount - index);
            pieceStarts[index] = start;
            pieces[index] = piece;
            pieceCount++;
        }

        /// <summary>Adds a run that fills a gap, or a part of one, and merges it with those it touches.</summary>
        private void AddRun(long start, long end)
        {
            var next = After(runStarts, runs, start);
            var joinsNext = next < runs && runStarts[next] == end;
            if (next > 0 && runEnds[next - 1] == start)
            {
                runEnds[next - 1] = joinsNext ? runEnds[next] : end;
                RemoveRuns(next, joinsNext ? 1 : 0);
            }
            else if (joinsNext)
            {
                runStarts[next] = start;
            }
            else
            {
                InsertRun(next, start, end);
            }
        }

        private void InsertRun(int index, long start, long end)
        {
            if (runs == runStarts.Length)
            {
                Array.Resize(ref runStarts, 2 * runs);
                Array.Resize(ref runEnds, 2 * runs);
            }
            Array.Copy(runStarts, index, runStarts, index + 1, runs - index);
            Array.Copy(runEnds, index, runEnds, index + 1, runs - index);
            runStarts[index] = start;
            runEnds[index] = end;
            runs++;
        }

        private void RemoveRuns(int index, int count)
        {
            if (count == 0)
            {
                return;
            }
            Array.Copy(runStarts, index + count, runStarts, index, runs - index - count);
            Array.Copy(runEnds, index + count, runEnds, index, runs - index - count);
            runs -= count;
        }

        /// <summary>The index of the first of the ordered values beyond a position.</summary>
        private static int After(long[] values, int count, long position)
        {
            var low = 0;
            var high = count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (values[middle] > position)
                {
                    high = middle;
                }
                else
                {
                    low = middle + 1;
                }
            }
            return low;
        }

        /// <summary>Samples that came together, or a part of them: the first and how many, per channel.</summary>
        private readonly struct Piece
        {
            public readonly float[] Samples;
            public readonly int First;
            public readonly int Count;

            public Piece(float[] samples, int first, int count)
            {
                Samples = samples;
                First = first;
                Count = count;
            }
        }
    }
}
