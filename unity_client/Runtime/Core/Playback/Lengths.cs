// The lengths and bounds of the timeline, in samples: PROTOCOL.md sections 7 and 10.6.
#nullable enable
using System;

namespace Segue.Playback
{
    public static class Lengths
    {
        public const int SampleRate = 48_000;

        public const int Channels = 2;

        /// <summary>Crossfade from one take to another.</summary>
        public const int Join = 960;

        /// <summary>Fade into and out of silence.</summary>
        public const int Fade = 1_440;

        /// <summary>Music that must be there before playing begins, unless the lookahead is shorter.</summary>
        public const int PreRoll = 14_400;

        /// <summary>How far beyond `committed` a chunk may end.</summary>
        public const int Capacity = 2_160_000;

        /// <summary>Takes kept at once.</summary>
        public const int MostTakes = 16;

        /// <summary>Stingers kept at once.</summary>
        public const int MostStingers = 16;

        /// <summary>Shortest change of the game's volume.</summary>
        public const int GainRamp = 2_400;

        /// <summary>A volume of this or less, in dB, is silence.</summary>
        public const double SilentDb = -96.0;

        /// <summary>The gain of a fade-in at sample `done` of `length`: u²(3 - 2u) at the sample's middle.</summary>
        public static double Rising(int done, int length)
        {
            var u = (done + 0.5) / length;
            return u * u * (3.0 - (2.0 * u));
        }

        /// <summary>The factor of a gain in dB.</summary>
        public static double Factor(double gainDb) => Math.Pow(10.0, gainDb / 20.0);

        /// <summary>
        /// Refuses a block that is no interleaved stereo, which nobody could fill. Throws ArgumentException.
        /// </summary>
        internal static void CheckStereo(Span<float> output)
        {
            if (output.Length % Channels != 0)
            {
                throw new ArgumentException(
                    "output: expected interleaved stereo, an even number of values, got " + output.Length);
            }
        }

        /// <summary>Brings samples into ±1.</summary>
        internal static void Clip(Span<float> samples)
        {
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] = Math.Min(1.0f, Math.Max(-1.0f, samples[i]));
            }
        }
    }
}
