// The game's own gain over all that is played, and its mute: PROTOCOL.md section 7, "Volume".
#nullable enable
using System;

namespace Segue.Playback
{
    public enum VolumeChange
    {
        Volume,
        Mute,
        Unmute,
    }

    /// <summary>Both are changed without a click.</summary>
    public sealed class Volume
    {
        private double volume = 1.0;
        private bool isMuted;
        private double from = 1.0;
        private double to = 1.0;
        private int done;
        private int length;

        /// <summary>Begins a change with the next sample. gainDb: for Volume.</summary>
        public void Change(VolumeChange change, double gainDb, int rampMs)
        {
            if (change == VolumeChange.Volume)
            {
                volume = gainDb <= Lengths.SilentDb ? 0.0 : Lengths.Factor(gainDb);
            }
            else
            {
                isMuted = change == VolumeChange.Mute;
            }
            from = At(done);
            to = isMuted ? 0.0 : volume;
            done = 0;
            length = Math.Max(rampMs * (Lengths.SampleRate / 1000), Lengths.GainRamp);
        }

        /// <summary>Scales interleaved samples in place; a gain above 0 dB clips them at ±1.</summary>
        public void Apply(Span<float> samples)
        {
            var changing = Math.Min(samples.Length / Lengths.Channels, length - done);
            if (changing <= 0 && to == 1.0)
            {
                return;
            }
            for (var i = 0; i < changing; i++)
            {
                var gain = At(done + i);
                samples[2 * i] = (float)(samples[2 * i] * gain);
                samples[(2 * i) + 1] = (float)(samples[(2 * i) + 1] * gain);
            }
            done += changing;
            var rest = samples.Slice(changing * Lengths.Channels);
            if (to == 0.0)
            {
                rest.Clear();
            }
            else if (to != 1.0)
            {
                for (var i = 0; i < rest.Length; i++)
                {
                    rest[i] = (float)(rest[i] * to);
                }
            }
            if (Math.Max(from, to) > 1.0)
            {
                Lengths.Clip(samples);
            }
        }

        /// <summary>The factor in a sample of the change in progress.</summary>
        private double At(int sample) =>
            sample >= length ? to : from + ((to - from) * Lengths.Rising(sample, length));
    }
}
