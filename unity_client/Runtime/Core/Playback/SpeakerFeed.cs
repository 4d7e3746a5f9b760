// Music into the blocks of an engine's audio callback, at the device's rate and for its speakers.
#nullable enable
using System;
using System.Diagnostics;
using System.Threading;

namespace Segue.Playback
{
    /// <summary>Fills a block, interleaved stereo at 48 kHz. latency: samples after it that are not heard yet.</summary>
    public delegate void MusicSource(Span<float> output, int latency);

    /// <summary>AddTo belongs to the audio thread, and neither locks nor allocates.</summary>
    public sealed class SpeakerFeed
    {
        private const int MostBlock = 1_024;

        private readonly MusicSource source;
        private readonly Resampler resampler;
        private readonly float[] stereo = new float[MostBlock * Lengths.Channels];
        private readonly int latency;
        private long renderedAt;

        /// <summary>
        /// rate: of the device, in Hz. waiting: samples at this rate that the engine holds before they are heard.
        /// Throws ArgumentException for a rate that no device has.
        /// </summary>
        public SpeakerFeed(MusicSource source, int rate, int waiting)
        {
            this.source = source;
            resampler = new Resampler(Read, rate);
            latency = (int)((long)waiting * Lengths.SampleRate / rate) + resampler.Latency;
        }

        /// <summary>From any thread: the seconds since the last block was rendered; 0: none was.</summary>
        public double AgeS
        {
            get
            {
                var at = Volatile.Read(ref renderedAt);
                return at == 0 ? 0.0 : (double)(Stopwatch.GetTimestamp() - at) / Stopwatch.Frequency;
            }
        }

        /// <summary>
        /// Adds music to a block of interleaved samples of any length. One channel gets both sides at half; of more,
        /// the first two, which are the front speakers in every layout of 2 to 8 channels.
        /// </summary>
        public void AddTo(float[] data, int channels)
        {
            if (channels < 1)
            {
                return;
            }
            var count = data.Length / channels;
            for (var done = 0; done < count;)
            {
                var block = Math.Min(count - done, MostBlock);
                var music = stereo.AsSpan(0, block * Lengths.Channels);
                resampler.Render(music);
                Add(music, data, done * channels, channels);
                done += block;
            }
            Volatile.Write(ref renderedAt, Stopwatch.GetTimestamp());
        }

        private static void Add(Span<float> music, float[] data, int at, int channels)
        {
            for (var i = 0; i < music.Length; i += Lengths.Channels)
            {
                if (channels == 1)
                {
                    data[at] += 0.5f * (music[i] + music[i + 1]);
                }
                else
                {
                    data[at] += music[i];
                    data[at + 1] += music[i + 1];
                }
                at += channels;
            }
        }

        private void Read(Span<float> output) => source(output, latency);
    }
}
