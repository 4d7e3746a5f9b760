// What a soundtrack does between one start and its stop: a service of its own, where it has one, a client, the level.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Client;
using Segue.Playback;
using Segue.Service;
using Segue.Session;

namespace Segue.Game
{
    /// <summary>From the game's thread only, but AddTo, which belongs to the audio thread.</summary>
    public sealed class SoundtrackSession
    {
        // How long a session with a started service may be interrupted before the service is killed and started again,
        // and the longest game frame that counts.
        private const double HungS = 30.0;
        private const double LongestFrameS = 1.0;

        private readonly ClientOptions options;
        private readonly MusicLevel level;
        private readonly GameInputs inputs;
        private readonly Action opened;
        private readonly Action<string, bool> failed;
        private SupervisedService? service;
        private int rate;
        private int waiting;
        private bool isLost;
        private double lostS;

        // The audio thread reads it; null: there is no music.
        private volatile SpeakerFeed? feed;

        /// <summary>
        /// opened: called when the client begins to connect. failed: gets why the service has ended or cannot be
        /// started, or the settings are wrong, and whether nothing more happens.
        /// </summary>
        public SoundtrackSession(
            ClientOptions options, MusicLevel level, GameInputs inputs, Action opened, Action<string, bool> failed)
        {
            this.options = options;
            this.level = level;
            this.inputs = inputs;
            this.opened = opened;
            this.failed = failed;
        }

        /// <summary>The client; null: there is none yet, or no more.</summary>
        public SegueClient? Client { get; private set; }

        /// <summary>What is heard. It stays known after the end.</summary>
        public HeardMusic Heard { get; } = new HeardMusic();

        /// <summary>The number of the service's process; 0: it has none.</summary>
        public int ServiceId => service == null ? 0 : service.Id;

        /// <summary>The beats ahead that are announced and not heard yet.</summary>
        public List<BeatAhead> UpcomingBeats => Client == null ? new List<BeatAhead>() : Client.UpcomingBeats;

        /// <summary>
        /// Sets the device's rate in Hz, and the samples at this rate that the engine holds before they are heard.
        /// Throws ArgumentException for a rate that no device has.
        /// </summary>
        public void SetDevice(int deviceRate, int deviceWaiting)
        {
            rate = deviceRate;
            waiting = deviceWaiting;
            if (Client != null)
            {
                MakeFeed();
            }
        }

        /// <summary>
        /// Starts a service and connects to it. program: its path. arguments: of `segue serve`, without an address.
        /// </summary>
        public void StartService(string program, IEnumerable<string> arguments)
        {
            service = new SupervisedService(program, arguments, Open, TakeFailure);
            service.Start();
        }

        /// <summary>Connects to a service at an address. A session that there is continues there.</summary>
        public void Open(string address)
        {
            try
            {
                if (Client != null)
                {
                    Client.Move(address);
                    return;
                }
                Client = new SegueClient(address, options);
                MakeFeed();
            }
            catch (Exception error) when (error is ArgumentException || error is Protocol.ProtocolException)
            {
                TakeFailure(error.Message, true);
                return;
            }
            level.Open(Client);
            inputs.SetClient(Client);
            opened();
        }

        /// <summary>
        /// Goes on by a game frame of this many seconds. told: gets what the client tells, in order; it may close.
        /// </summary>
        public void Step(double frameS, Action<ClientEvent> told)
        {
            service?.Step(frameS);
            if (Client == null)
            {
                return;
            }
            WatchService(frameS);
            var events = Client.Poll();
            if (events.Count == 0)
            {
                return;
            }
            foreach (var happened in events)
            {
                if (happened.Kind == ClientEvent.Live || happened.Kind == ClientEvent.Lost)
                {
                    isLost = happened.Kind == ClientEvent.Lost;
                }
                Heard.Take(happened);
                told(happened);
                if (Client == null)
                {
                    // The game has stopped the music in a handler.
                    return;
                }
            }
        }

        /// <summary>
        /// From the audio thread: adds the next music to a block of interleaved samples. It neither locks nor allocates.
        /// </summary>
        public void AddTo(float[] data, int channels) => feed?.AddTo(data, channels);

        /// <summary>Ends the client, and the service. Nothing is told any more.</summary>
        public void Close()
        {
            CloseClient();
            service?.Stop();
            service = null;
        }

        private void MakeFeed()
        {
            var client = Client!;
            feed = new SpeakerFeed((output, latency) => client.Render(output, latency), rate, waiting);
            Heard.Open(client, feed);
        }

        private void CloseClient()
        {
            if (Client == null)
            {
                return;
            }
            feed = null;
            Client.Close();
            Client = null;
            inputs.SetClient(null);
            level.Close();
            Heard.Close();
        }

        /// <summary>Kills a service of the game's own that hangs: otherwise its music would never come back.</summary>
        private void WatchService(double frameS)
        {
            if (!isLost || ServiceId == 0)
            {
                lostS = 0.0;
                return;
            }
            lostS += Math.Min(frameS, LongestFrameS);
            if (lostS > HungS)
            {
                lostS = 0.0;
                service!.Kill("the service did not answer for " + HungS + " s and was killed");
            }
        }

        private void TakeFailure(string text, bool isFinal)
        {
            if (isFinal)
            {
                CloseClient();
            }
            else
            {
                // What listens at the old address from now on may be another program.
                Client?.Move("");
            }
            failed(text, isFinal);
        }
    }
}
