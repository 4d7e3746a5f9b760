// One stinger on the timeline: its samples by absolute position, and the duck of the music under it.
#nullable enable
using System;

namespace Segue.Playback
{
    internal sealed class PlacedStinger
    {
        private const long NotCancelled = -1;

        // Positions between which the duck is linear in dB, and the gains there.
        private readonly long[] corners = new long[4];
        private readonly double[] gainsDb = new double[4];
        private int cornerCount;
        private long cancelledAt = NotCancelled;
        private double gain;

        public long Id { get; private set; }

        /// <summary>Where it begins to be heard.</summary>
        public long Start { get; private set; }

        /// <summary>The first sample after its sound.</summary>
        public long End { get; private set; }

        /// <summary>Its parts.</summary>
        public TakeBuffer Samples { get; } = new TakeBuffer();

        /// <summary>The first sample after the sound and its duck.</summary>
        public long Over => cornerCount == 0 ? End : Math.Max(End, corners[cornerCount - 1]);

        /// <summary>Becomes another stinger. first: the message that came first. begin: where it is heard.</summary>
        public void Reset(StingerPart first, long begin)
        {
            Id = first.Id;
            Start = begin;
            End = begin + first.Total;
            gain = first.Gain;
            cancelledAt = NotCancelled;
            cornerCount = 0;
            Samples.Reset(first.Id);
            if (first.HasDuck)
            {
                var down = begin + first.FadeOut;
                var held = Math.Max(End, down) + first.Recovery;
                AddCorner(begin, 0.0);
                AddCorner(down, first.DepthDb);
                AddCorner(held, first.DepthDb);
                AddCorner(held + first.FadeIn, 0.0);
            }
        }

        /// <summary>Fades out from a position on, and ends the duck.</summary>
        public void Cancel(long position)
        {
            if (cancelledAt != NotCancelled)
            {
                return;
            }
            if (cornerCount > 0)
            {
                var presentDb = DuckDb(position);
                var back = Math.Max(Lengths.Fade, corners[cornerCount - 1] - corners[cornerCount - 2]);
                cornerCount = 0;
                AddCorner(position, presentDb);
                AddCorner(position + back, 0.0);
            }
            cancelledAt = position;
            End = Math.Min(End, position + Lengths.Fade);
        }

        /// <summary>The music's gain under this stinger.</summary>
        public double DuckDb(long position)
        {
            var corner = CornerAfter(position);
            if (corner == 0)
            {
                return 0.0;
            }
            var lowDb = gainsDb[corner - 1];
            if (corner == cornerCount)
            {
                return lowDb;
            }
            var low = corners[corner - 1];
            return lowDb + ((gainsDb[corner] - lowDb) * (position - low) / (corners[corner] - low));
        }

        /// <summary>How much the duck's gain changes from a position to the next sample, in dB.</summary>
        public double DuckSlopeDb(long position)
        {
            var corner = CornerAfter(position);
            if (corner == 0 || corner == cornerCount)
            {
                return 0.0;
            }
            return (gainsDb[corner] - gainsDb[corner - 1]) / (corners[corner] - corners[corner - 1]);
        }

        /// <summary>Where the slope changes next after a position; `most` if not before that.</summary>
        public long NextCorner(long position, long most)
        {
            var corner = CornerAfter(position);
            return corner < cornerCount ? Math.Min(most, corners[corner]) : most;
        }

        /// <summary>The factor of the stinger's sample at a position.</summary>
        public double Level(long position) => cancelledAt == NotCancelled
            ? gain
            : gain * (1.0 - Lengths.Rising((int)(position - cancelledAt), Lengths.Fade));

        private void AddCorner(long position, double cornerDb)
        {
            corners[cornerCount] = position;
            gainsDb[cornerCount] = cornerDb;
            cornerCount++;
        }

        private int CornerAfter(long position)
        {
            var corner = 0;
            while (corner < cornerCount && corners[corner] <= position)
            {
                corner++;
            }
            return corner;
        }
    }
}
