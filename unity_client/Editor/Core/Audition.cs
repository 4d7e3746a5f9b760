// Plays a rule file in the editor: a service of its own, and a session whose music goes to a speaker.
#nullable enable
using System;
using System.Diagnostics;
using System.Threading;
using Segue.Client;
using Segue.Game;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;

namespace Segue.EditorTools
{
    /// <summary>
    /// From the editor's thread, but AddTo, which belongs to the audio thread. Where no audio thread asks for music within
    /// a second, Step takes its place in silence, so that states and causes are seen.
    /// </summary>
    public sealed class Audition
    {
        private const int NoDriver = 0;
        private const int AudioDriver = 1;
        private const int SilentDriver = 2;
        private const double SilentAfterS = 1.0;
        private const double LongestStepS = 0.25;

        private readonly MusicLevel level = new MusicLevel();
        private readonly Stopwatch clock = new Stopwatch();
        private GameInputs? inputs;
        private volatile SoundtrackSession? session;
        private float[] silence = Array.Empty<float>();
        private int rate;
        private int driver;

        /// <summary>What it does has changed, in words.</summary>
        public event Action<string>? StatusChanged;

        /// <summary>What is wrong, in words.</summary>
        public event Action<string>? Failed;

        /// <summary>The session is up, or its rules were loaded again.</summary>
        public event Action? Live;

        /// <summary>Whether it plays, or is about to.</summary>
        public bool IsRunning => session != null;

        /// <summary>Whether there is a session with music, so that Heard has something to show.</summary>
        public bool IsPlaying => session?.Client != null;

        /// <summary>Whether no audio thread asks for the music, so that it is not heard.</summary>
        public bool IsSilent => Volatile.Read(ref driver) == SilentDriver;

        /// <summary>What is heard; of an empty session where it does not play.</summary>
        public HeardMusic Heard => session == null ? new HeardMusic() : session.Heard;

        /// <summary>
        /// Starts a service that plays a rule file. rulesFile: its full path. deviceRate: in Hz. waiting: samples that the
        /// engine holds before they are heard.
        /// </summary>
        public void Start(string program, string rulesFile, int deviceRate, int waiting)
        {
            Stop();
            if (program.Length == 0)
            {
                Failed?.Invoke("no program 'segue': set the bundle or the program in the project settings of Segue");
                return;
            }
            inputs = new GameInputs((input, error) => Failed?.Invoke(error.Text));
            var next = new SoundtrackSession(new ClientOptions(), level, inputs, () => { }, TakeFailure);
            try
            {
                next.SetDevice(deviceRate, waiting);
            }
            catch (ArgumentException error)
            {
                Failed?.Invoke(error.Message);
                return;
            }
            rate = deviceRate;
            Volatile.Write(ref driver, NoDriver);
            clock.Reset();
            session = next;
            StatusChanged?.Invoke("starting");
            next.StartService(program, new[] { rulesFile });
        }

        /// <summary>Ends the music and its service.</summary>
        public void Stop()
        {
            var ended = session;
            if (ended == null)
            {
                return;
            }
            session = null;
            ended.Close();
            StatusChanged?.Invoke("stopped");
        }

        /// <summary>Sets an input.</summary>
        public void SetInput(string input, Value value)
        {
            if (session != null)
            {
                inputs!.SetOwn(input, value);
            }
        }

        /// <summary>Fires a trigger; while the service starts, it waits for it.</summary>
        public void Fire(string trigger)
        {
            if (session != null)
            {
                inputs!.Fire(trigger, true);
            }
        }

        /// <summary>Goes on by so many seconds.</summary>
        public void Step(double seconds)
        {
            var running = session;
            if (running == null)
            {
                return;
            }
            running.Step(seconds, Take);
            if (!IsPlaying)
            {
                return;
            }
            var number = inputs!.EndFrame();
            if (number > 0)
            {
                running.Heard.Sent(number);
            }
            RenderInSilence(running, seconds);
        }

        /// <summary>From the audio thread: adds the next music to a block of interleaved samples.</summary>
        public void AddTo(float[] data, int channels)
        {
            var running = session;
            if (running?.Client == null)
            {
                return;
            }
            Interlocked.CompareExchange(ref driver, AudioDriver, NoDriver);
            if (Volatile.Read(ref driver) == AudioDriver)
            {
                running.AddTo(data, channels);
            }
        }

        private void RenderInSilence(SoundtrackSession running, double seconds)
        {
            if (!clock.IsRunning)
            {
                clock.Start();
            }
            if (clock.Elapsed.TotalSeconds > SilentAfterS)
            {
                Interlocked.CompareExchange(ref driver, SilentDriver, NoDriver);
            }
            if (IsSilent)
            {
                var count = (int)(Math.Min(seconds, LongestStepS) * rate);
                silence = silence.Length == count * Lengths.Channels ? silence : new float[count * Lengths.Channels];
                Array.Clear(silence, 0, silence.Length);
                running.AddTo(silence, Lengths.Channels);
            }
        }

        private void TakeFailure(string text, bool isFinal)
        {
            if (isFinal)
            {
                Stop();
            }
            Failed?.Invoke(text);
        }

        private void Take(ClientEvent happened)
        {
            switch (happened.Kind)
            {
                case ClientEvent.Live:
                    inputs!.Declaration = happened["welcome"].AsRecord["rules"].AsRecord;
                    StatusChanged?.Invoke("live");
                    Live?.Invoke();
                    break;
                case "rules" when !happened["declaration"].IsNil:
                    inputs!.Declaration = happened["declaration"].AsRecord;
                    StatusChanged?.Invoke("live; the rules were loaded again");
                    Live?.Invoke();
                    break;
                case ClientEvent.Lost:
                    StatusChanged?.Invoke("connection lost");
                    break;
                case ClientEvent.ConnectionFailed:
                case ClientEvent.InputRefused:
                case "error":
                    Failed?.Invoke(happened["text"].AsText);
                    break;
                case ClientEvent.Closed:
                    Stop();
                    Failed?.Invoke(happened["text"].AsText);
                    break;
            }
        }
    }
}
