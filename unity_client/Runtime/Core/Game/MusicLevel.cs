// How loud the music is, and whether it pauses: from its volume, the ducks and the interruptions.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Client;
using Segue.Playback;

namespace Segue.Game
{
    /// <summary>What the music does while the game is interrupted, the strongest first.</summary>
    public enum Interruption
    {
        /// <summary>It stops with a fade and continues there; the rules' timers stand still.</summary>
        Pause,

        /// <summary>It plays on, lowered.</summary>
        Duck,

        /// <summary>It plays on.</summary>
        Keep,
    }

    /// <summary>The client that plays is told whenever something changes. From the game's thread only.</summary>
    public sealed class MusicLevel
    {
        private const double LoudestDb = 12.0;
        private const int RampMs = 50;
        private const int LongestRampMs = 60_000;

        private readonly List<KeyValuePair<object, double>> ducks = new List<KeyValuePair<object, double>>();
        private readonly Dictionary<string, Interruption> interruptions = new Dictionary<string, Interruption>();
        private double volumeDb;
        private bool isMuted;
        private double interruptionDuckDb = -12.0;
        private SegueClient? client;

        /// <summary>Whether the client pauses.</summary>
        public bool IsPaused { get; private set; }

        /// <summary>The gain that all of it makes, in dB.</summary>
        public double GainDb
        {
            get
            {
                var lowered = Policy == Interruption.Duck ? interruptionDuckDb : 0.0;
                foreach (var duck in ducks)
                {
                    lowered = Math.Min(lowered, duck.Value);
                }
                var gain = Math.Min(LoudestDb, Math.Max(Lengths.SilentDb, volumeDb + lowered));
                return isMuted ? Lengths.SilentDb : gain;
            }
        }

        /// <summary>Whether an interruption wants the music to pause.</summary>
        public bool MustPause => Policy == Interruption.Pause;

        /// <summary>The strongest interruption that holds.</summary>
        private Interruption Policy
        {
            get
            {
                var strongest = Interruption.Keep;
                foreach (var what in interruptions.Values)
                {
                    strongest = what < strongest ? what : strongest;
                }
                return strongest;
            }
        }

        /// <summary>Tells this client from now on.</summary>
        public void Open(SegueClient opened)
        {
            client = opened;
            IsPaused = false;
            ApplyPause();
            ApplyGain(0);
        }

        /// <summary>Lets go of the client.</summary>
        public void Close() => client = null;

        /// <summary>
        /// Sets the volume, whether it is silent, and how much an interruption lowers it. Values that are no number
        /// count as 0 dB.
        /// </summary>
        public void Set(double volume, bool muted, double interruptionDuck)
        {
            volume = double.IsNaN(volume) ? 0.0 : volume;
            interruptionDuck = Lowering(interruptionDuck);
            if (volume != volumeDb || muted != isMuted || interruptionDuck != interruptionDuckDb)
            {
                volumeDb = volume;
                isMuted = muted;
                interruptionDuckDb = interruptionDuck;
                ApplyGain(RampMs);
            }
        }

        /// <summary>Lowers the music for a ducker until Unduck. Of several the lowest counts.</summary>
        public void Duck(object ducker, double gainDb, int rampMs)
        {
            Remove(ducker);
            ducks.Add(new KeyValuePair<object, double>(ducker, Lowering(gainDb)));
            ApplyGain(rampMs);
        }

        /// <summary>Ends a duck.</summary>
        public void Unduck(object ducker, int rampMs)
        {
            if (Remove(ducker))
            {
                ApplyGain(rampMs);
            }
        }

        /// <summary>Ends the ducks of duckers that are gone.</summary>
        public void ReleaseGone(Predicate<object> isGone)
        {
            for (var i = ducks.Count - 1; i >= 0; i--)
            {
                if (isGone(ducks[i].Key))
                {
                    ducks.RemoveAt(i);
                    ApplyGain(RampMs);
                }
            }
        }

        /// <summary>Notes that an interruption begins, or with Keep that it is over.</summary>
        public void Interrupt(string reason, Interruption what)
        {
            var isKnown = interruptions.TryGetValue(reason, out var before);
            if (what == (isKnown ? before : Interruption.Keep))
            {
                return;
            }
            interruptions[reason] = what;
            ApplyPause();
            ApplyGain(RampMs);
        }

        private static double Lowering(double gainDb) => double.IsNaN(gainDb) ? 0.0 : Math.Min(0.0, gainDb);

        private bool Remove(object ducker) => ducks.RemoveAll(each => ReferenceEquals(each.Key, ducker)) > 0;

        private void ApplyGain(int rampMs) =>
            client?.SetVolume(GainDb, Math.Min(LongestRampMs, Math.Max(0, rampMs)));

        private void ApplyPause()
        {
            if (client != null && MustPause != IsPaused)
            {
                IsPaused = !IsPaused;
                client.SetPaused(IsPaused);
            }
        }
    }
}
