// A play of a scene for probes: game frames in real time, and a sound card on a thread of its own.
#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using UnityEngine;

namespace Segue.Probes
{
    internal sealed class Stage : IDisposable
    {
        private const double GiveUpS = 60.0;
        private const int FrameMs = 10;

        private readonly System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        private readonly object guard = new object();
        private readonly Func<int> nextBlock;
        private readonly Thread? card;
        private volatile bool isOver;
        private double lastS;

        /// <summary>nextBlock: the lengths of the sound card's blocks; null: it has none.</summary>
        public Stage(bool reloadsDomain = false, Func<int>? nextBlock = null)
        {
            this.nextBlock = nextBlock ?? (() => 0);
            Debug.Logged.Clear();
            AudioSettings.Reset(new AudioConfiguration
            {
                speakerMode = AudioSpeakerMode.Stereo,
                dspBufferSize = 512,
                sampleRate = 48_000,
            });
            GameLoop.EnterPlay(typeof(SegueSoundtrack).Assembly, reloadsDomain);
            if (nextBlock != null)
            {
                card = new Thread(RunCard) { IsBackground = true, Name = "card" };
                card.Start();
            }
        }

        /// <summary>Blocks of the sound card, with the samples committed before and after each.</summary>
        public List<(float[] Block, long Before, long After)> Heard { get; } =
            new List<(float[] Block, long Before, long After)>();

        /// <summary>Whose sample clock is noted.</summary>
        public SegueSoundtrack? Watched { get; set; }

        /// <summary>The sound card ends once so many samples of what is watched are committed.</summary>
        public long Most { get; set; } = long.MaxValue;

        /// <summary>A soundtrack that connects to an address; empty: it does nothing by itself.</summary>
        public static SegueSoundtrack Soundtrack(string address)
        {
            var holder = new GameObject("Music");
            holder.SetActive(false);
            var soundtrack = holder.AddComponent<SegueSoundtrack>();
            soundtrack.settings.service = ServiceChoice.Connect;
            soundtrack.settings.address = address;
            soundtrack.settings.playOnEnable = address.Length > 0;
            soundtrack.settings.seed = 1;
            holder.SetActive(true);
            return soundtrack;
        }

        /// <summary>One game frame of this many seconds, at once.</summary>
        public void Frame(float seconds) => GameLoop.Frame(seconds);

        /// <summary>Game frames in real time until something is so. Throws TimeoutException.</summary>
        public void Until(Func<bool> isSo)
        {
            var from = clock.Elapsed.TotalSeconds;
            lastS = from;
            while (!isSo())
            {
                var nowS = clock.Elapsed.TotalSeconds;
                if (nowS - from > GiveUpS)
                {
                    throw new TimeoutException("logged: " + string.Join("\n", Debug.Logged));
                }
                Frame((float)(nowS - lastS));
                lastS = nowS;
                Thread.Sleep(FrameMs);
            }
        }

        /// <summary>Game frames in real time for so long.</summary>
        public void For(double seconds)
        {
            var until = clock.Elapsed.TotalSeconds + seconds;
            Until(() => clock.Elapsed.TotalSeconds >= until);
        }

        /// <summary>Leaves play mode.</summary>
        public void Dispose()
        {
            StopCard();
            GameLoop.ExitPlay();
        }

        /// <summary>Ends the sound card's thread.</summary>
        public void StopCard()
        {
            isOver = true;
            card?.Join();
        }

        private void RunCard()
        {
            var rendered = 0L;
            var from = clock.Elapsed.TotalSeconds;
            for (var after = 0L; !isOver && after <= Most;)
            {
                var length = nextBlock();
                while (!isOver && rendered > (clock.Elapsed.TotalSeconds - from) * AudioSettings.outputSampleRate)
                {
                    Thread.Sleep(1);
                }
                var before = Watched is null ? 0 : Watched.Heard.Position.Committed;
                var block = AudioDevice.Callback(length);
                after = Watched is null ? 0 : Watched.Heard.Position.Committed;
                lock (guard)
                {
                    Heard.Add((block, before, after));
                }
                rendered += length;
            }
        }
    }
}
