// Music at 48 kHz to the rate of a device, block by block.
#nullable enable
using System;

namespace Segue.Playback
{
    /// <summary>Fills a block with the next samples at 48 kHz, interleaved stereo.</summary>
    public delegate void SampleSource(Span<float> output);

    /// <summary>
    /// A polyphase filter: a sinc under a Kaiser window, one phase for each position of an output sample between two
    /// input samples. At 48 kHz it copies. Render does not allocate, and asks its source for exactly what it needs.
    /// Source: J. O. Smith, "Digital Audio Resampling", CCRMA.
    /// </summary>
    public sealed class Resampler
    {
        /// <summary>Lowest and highest rate of a device.</summary>
        public const int LowestRate = 8_000;

        /// <summary>Highest rate of a device.</summary>
        public const int HighestRate = 384_000;

        // Input samples under the filter at 48 kHz and above; more where the device is slower, in proportion.
        private const int BaseTaps = 48;

        // Stopband of 90 dB. The window's main lobe then takes 5.7 kHz at 48 taps.
        private const double KaiserBeta = 9.0;

        // The middle of the transition as a share of the lower rate's half: flat to 17 kHz at 44.1 kHz. What folds
        // back lies above 19 kHz.
        private const double CutoffShare = 0.92;

        // A rate whose ratio to 48 kHz has more phases takes the nearest of these.
        private const int MostPhases = 1_024;
        private const int BlockSamples = 256;

        private readonly SampleSource source;
        private readonly int phases;
        private readonly int taps;
        private readonly long step;
        private readonly long whole;
        private readonly float[] filter;

        // Input samples that are still under the filter, and those of the block to come.
        private readonly float[] history;
        private int filled;

        // Position of the next output sample between two input samples, in 1 / whole.
        private long fraction;

        /// <summary>source: gives the input. rate: of the device, in Hz. Throws ArgumentException.</summary>
        public Resampler(SampleSource source, int rate)
        {
            if (rate < LowestRate || rate > HighestRate)
            {
                throw new ArgumentException(
                    "rate: expected " + LowestRate + " to " + HighestRate + " Hz, got " + rate);
            }
            this.source = source;
            IsCopy = rate == Lengths.SampleRate;
            var common = GreatestCommonDivisor(Lengths.SampleRate, rate);
            whole = rate / common;
            step = Lengths.SampleRate / common;
            phases = (int)Math.Min(whole, MostPhases);
            var slowdown = Math.Max(1.0, (double)Lengths.SampleRate / rate);
            taps = 2 * (int)Math.Ceiling(BaseTaps * slowdown / 2.0);
            filter = IsCopy ? Array.Empty<float>() : Filter(CutoffShare / slowdown);
            var most = taps + (int)(BlockSamples * step / whole) + 2;
            history = new float[IsCopy ? 0 : most * Lengths.Channels];
            // Half a filter of silence, so that the first input sample comes out first.
            filled = (taps / 2) - 1;
        }

        /// <summary>Whether the device has 48 kHz, and nothing is computed.</summary>
        public bool IsCopy { get; }

        /// <summary>Samples at 48 kHz that are read ahead of what is rendered.</summary>
        public int Latency => IsCopy ? 0 : taps / 2;

        /// <summary>
        /// Fills the block with the next samples at the device's rate, interleaved stereo. Throws ArgumentException for
        /// an odd number of values.
        /// </summary>
        public void Render(Span<float> output)
        {
            Lengths.CheckStereo(output);
            if (IsCopy)
            {
                source(output);
                return;
            }
            while (output.Length > 0)
            {
                var count = Math.Min(output.Length / Lengths.Channels, BlockSamples);
                RenderBlock(output.Slice(0, count * Lengths.Channels));
                output = output.Slice(count * Lengths.Channels);
            }
        }

        private void RenderBlock(Span<float> output)
        {
            var count = output.Length / Lengths.Channels;
            var last = fraction + ((count - 1) * step);
            var wanted = (int)(last / whole) + taps;
            if (wanted > filled)
            {
                source(history.AsSpan(filled * Lengths.Channels, (wanted - filled) * Lengths.Channels));
                filled = wanted;
            }
            var at = fraction;
            for (var i = 0; i < count; i++)
            {
                var phase = whole == phases ? at % whole : ((at % whole * phases) + (whole / 2)) / whole;
                var first = (int)(at / whole);
                // The nearest phase may be the next sample's first.
                first += phase == phases ? 1 : 0;
                phase = phase == phases ? 0 : phase;
                Convolve(first, (int)phase, output.Slice(i * Lengths.Channels, Lengths.Channels));
                at += step;
            }
            Drop((int)(at / whole));
            fraction = at % whole;
        }

        private void Convolve(int first, int phase, Span<float> output)
        {
            var left = 0.0f;
            var right = 0.0f;
            var input = history;
            var from = first * Lengths.Channels;
            // Where the nearest phase is the next sample's, the last tap may lie beyond the input; it is near 0.
            var most = Math.Min(taps, filled - first);
            for (var tap = 0; tap < most; tap++)
            {
                var weight = filter[(phase * taps) + tap];
                left += weight * input[from + (2 * tap)];
                right += weight * input[from + (2 * tap) + 1];
            }
            output[0] = left;
            output[1] = right;
        }

        /// <summary>Drops input samples that no later output sample needs.</summary>
        private void Drop(int count)
        {
            Array.Copy(
                history, count * Lengths.Channels, history, 0, (filled - count) * Lengths.Channels);
            filled -= count;
        }

        /// <summary>The weights of each phase, one phase after another; each phase sums up to 1.</summary>
        private float[] Filter(double cutoff)
        {
            var weights = new float[phases * taps];
            var phase = new double[taps];
            for (var p = 0; p < phases; p++)
            {
                var sum = 0.0;
                for (var tap = 0; tap < taps; tap++)
                {
                    var x = tap - ((taps / 2) - 1) - ((double)p / phases);
                    phase[tap] = Sinc(cutoff * x) * Kaiser(x / (taps / 2.0));
                    sum += phase[tap];
                }
                for (var tap = 0; tap < taps; tap++)
                {
                    weights[(p * taps) + tap] = (float)(phase[tap] / sum);
                }
            }
            return weights;
        }

        private static double Sinc(double x) => x == 0.0 ? 1.0 : Math.Sin(Math.PI * x) / (Math.PI * x);

        private static double Kaiser(double x) =>
            Math.Abs(x) > 1.0 ? 0.0 : Bessel(KaiserBeta * Math.Sqrt(1.0 - (x * x))) / Bessel(KaiserBeta);

        /// <summary>The modified Bessel function of the first kind and order 0, by its series.</summary>
        private static double Bessel(double x)
        {
            var sum = 1.0;
            var term = 1.0;
            for (var k = 1; term > sum * 1e-12; k++)
            {
                term *= x * x / (4.0 * k * k);
                sum += term;
            }
            return sum;
        }

        private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
    }
}
