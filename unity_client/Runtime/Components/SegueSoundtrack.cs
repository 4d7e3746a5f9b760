// Plays music that follows the game: what a scene or a script uses.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Game;
using Segue.Protocol;
using Segue.Session;
using UnityEngine;

namespace Segue
{
    /// <summary>
    /// Connects to a Segue service, or starts one, and adds its music to what the AudioSource beside it plays, so that the
    /// source's mixer group and volume count. It plays as long as it is enabled. Zones, bindings, triggers and ducks tell
    /// it without code what happens; scripts call SetInput and Fire.
    /// </summary>
    // After other scripts, so that what they tell in a frame leaves at its end.
    [DefaultExecutionOrder(10_000)]
    [AddComponentMenu("Segue/Segue Soundtrack")]
    [DisallowMultipleComponent]
    [RequireComponent(typeof(AudioSource))]
    public sealed partial class SegueSoundtrack : MonoBehaviour
    {
        private const double SampleRate = 48_000.0;

        // After a longer one the next is as long as usual.
        private const double LongestFrameS = 0.1;

        // The one before all others that a game's sounds may silence.
        private const int HighestPriority = 0;

        private static readonly List<SegueSoundtrack> Playing = new List<SegueSoundtrack>();

        /// <summary>Where the music comes from, and what it asks for.</summary>
        public SoundtrackSettings settings = new SoundtrackSettings();

        /// <summary>The music's volume, in dB. Above 0 dB the loudest samples are clipped.</summary>
        [Header("Sound")]
        [Range(-96.0f, 12.0f)]
        public float volumeDb;

        /// <summary>Whether the music is silent; it plays on meanwhile.</summary>
        public bool muted;

        /// <summary>What pauses or lowers the music.</summary>
        public InterruptionSettings interruptions = new InterruptionSettings();

        /// <summary>An ordinary clip for the time without a service.</summary>
        public BedSettings bed = new BedSettings();

        // Kept, so that no game frame allocates them.
        private static readonly Predicate<object> IsGone = claimant => claimant is UnityEngine.Object known && known == null;

        private readonly MusicLevel level = new MusicLevel();
        private readonly ScheduledCalls scheduled = new ScheduledCalls();
        private readonly MusicRequests requests = new MusicRequests();
        private GameInputs? inputsMade;
        private Action<ClientEvent>? take;
        private Action<Action>? guarded;
        private SoundtrackInterruptions? interrupted;
        private SoundtrackBed? bedPlayer;
        private AudioSource? source;

        // The audio thread reads it.
        private volatile SoundtrackSession? session;

        /// <summary>The soundtracks that are enabled, in the order in which they were.</summary>
        public static IReadOnlyList<SegueSoundtrack> All => Playing;

        /// <summary>What it does now.</summary>
        public SoundtrackState State { get; private set; }

        /// <summary>What the rules declare, as in PROTOCOL.md's record Declaration; null: not known.</summary>
        public Record? Declaration => Inputs.Declaration;

        /// <summary>The number of the last game frame in which something was set or fired.</summary>
        public long LastFrame { get; private set; }

        /// <summary>What is heard now and why; it stays known after the end.</summary>
        public HeardMusic Heard { get; private set; } = new HeardMusic();

        /// <summary>The volume that the music has after all ducks and interruptions, in dB.</summary>
        public double GainDb => level.GainDb;

        /// <summary>Whether the music pauses.</summary>
        public bool IsPaused => level.MustPause;

        /// <summary>Whether the bed is heard.</summary>
        public bool IsBed => bedPlayer != null && bedPlayer.Level > 0.0f;

        /// <summary>The number of the process of the game's own service; 0: there is none.</summary>
        public int ServiceId => session == null ? 0 : session.ServiceId;

        /// <summary>How often ResetInputs was called.</summary>
        internal long Resets => Inputs.Resets;

        private GameInputs Inputs => inputsMade ??= new GameInputs(TakeRefusal);

        /// <summary>
        /// The soundtrack that a component uses: the one given, or the nearest above it, or the first that is enabled;
        /// null: there is none.
        /// </summary>
        public static SegueSoundtrack? Of(Component component, SegueSoundtrack? given = null)
        {
            if (given != null)
            {
                return given;
            }
            var above = component.GetComponentInParent<SegueSoundtrack>();
            if (above != null)
            {
                return above;
            }
            return Playing.Count > 0 ? Playing[0] : null;
        }

        // --- calls of the game

        /// <summary>Starts the service or connects, and plays. Nothing, if it does already or is not enabled.</summary>
        public void Play()
        {
            var isIdle = State == SoundtrackState.Stopped || State == SoundtrackState.Failed;
            if (!isIdle || !isActiveAndEnabled)
            {
                return;
            }
            State = SoundtrackState.Starting;
            try
            {
                Begin(new SoundtrackSession(settings.ClientOptions(), level, Inputs, TakeOpening, TakeFailure));
            }
            catch (Exception error) when (error is ArgumentException || error is Service.ServiceException)
            {
                TakeFailure(error.Message, true);
            }
        }

        /// <summary>
        /// Ends the session, and the service if the game has started it. Inputs keep their values for the next start.
        /// </summary>
        public void Stop()
        {
            scheduled.Clear();
            if (State != SoundtrackState.Stopped)
            {
                State = SoundtrackState.Stopped;
                EndSession();
                TellDisconnected("quit");
            }
        }

        /// <summary>
        /// Sets an input of the rules; the last value of a game frame counts. Whether it was taken; if not, Refused and a
        /// warning say why.
        /// </summary>
        public bool SetInput(string input, double value) => SetInput(input, Value.Of(value));

        /// <summary>Sets an input of whole numbers.</summary>
        public bool SetInput(string input, long value) => SetInput(input, Value.Of(value));

        /// <summary>Sets a flag.</summary>
        public bool SetInput(string input, bool value) => SetInput(input, Value.Of(value));

        /// <summary>Sets a choice.</summary>
        public bool SetInput(string input, string value) => SetInput(input, Value.Of(value));

        /// <summary>Sets an input of any type.</summary>
        public bool SetInput(string input, Value value) => Inputs.SetOwn(input, value);

        /// <summary>
        /// The value that counts of an input: of a zone or another claim, or what the game has set, or the rules'
        /// default; nil: none is known.
        /// </summary>
        public Value InputValue(string input) => Inputs.ValueOf(input);

        /// <summary>
        /// Fires a trigger of the rules. Whether it was taken. While the service starts it waits for the session. It can
        /// be called by a UnityEvent.
        /// </summary>
        public void FireTrigger(string trigger) => Fire(trigger);

        /// <summary>As FireTrigger; whether it was taken.</summary>
        public bool Fire(string trigger) => Inputs.Fire(trigger, State == SoundtrackState.Starting);

        /// <summary>
        /// Sets all inputs and states of the rules back to their start; the music continues, and zones count at once.
        /// </summary>
        public void ResetInputs() => Inputs.Reset();

        /// <summary>
        /// Lets a claimant have an input at a value, above the game's own until ReleaseInput. Of several the greatest
        /// priority counts, then the latest.
        /// </summary>
        public void ClaimInput(object claimant, string input, Value value, int priority = 0) =>
            Inputs.Claim(claimant, input, value, priority);

        /// <summary>As the other, for a value as the inspector has it: true, false, a number or a choice.</summary>
        public void ClaimInput(object claimant, string input, string value, int priority = 0) =>
            Inputs.Claim(claimant, input, Inputs.Parsed(input, value), priority);

        /// <summary>Ends a claim: the next one counts, or the game's own value, or the rules' default.</summary>
        public void ReleaseInput(object claimant, string input) => Inputs.Release(claimant, input);

        /// <summary>
        /// Requests the music for a save game. done: gets it; empty if the service does not answer.
        /// </summary>
        public void SaveMusic(Action<byte[]> done) =>
            requests.Save(State == SoundtrackState.Live ? session?.Client : null, done);

        /// <summary>
        /// Continues from a saved blob. done: gets "all", "rules" without the sound, "nothing", or why not.
        /// </summary>
        public void RestoreMusic(byte[] blob, Action<string> done)
        {
            var isOpen = State == SoundtrackState.Live || State == SoundtrackState.Connecting;
            requests.Restore(isOpen ? session?.Client : null, blob, done);
        }

        /// <summary>Pauses the music with a fade; the rules' timers stand still.</summary>
        public void PauseMusic() => level.Interrupt("game", Interruption.Pause);

        /// <summary>Continues where PauseMusic stopped. Other interruptions still hold.</summary>
        public void ResumeMusic() => level.Interrupt("game", Interruption.Keep);

        /// <summary>Lowers the music to a gain in dB until Unduck. Of several the lowest counts.</summary>
        public void Duck(object ducker, float gainDb, int rampMs = 200) => level.Duck(ducker, gainDb, rampMs);

        /// <summary>Ends what Duck began.</summary>
        public void Unduck(object ducker, int rampMs = 600) => level.Unduck(ducker, rampMs);

        /// <summary>Seconds until the next beat, or the next bar's first; infinite while none is known.</summary>
        public double NextBeatS(bool isBar = false)
        {
            var now = Heard.Sample;
            var beats = session == null ? new List<BeatAhead>() : session.UpcomingBeats;
            var at = ScheduledCalls.Next(beats, now, isBar);
            return at < 0 ? double.PositiveInfinity : (at - now) / SampleRate;
        }

        /// <summary>
        /// Makes a call once in the game frame nearest to the next beat, or to the next bar's first, or leadS seconds
        /// before it.
        /// </summary>
        public void ScheduleOnBeat(Action call, bool isBar = false, double leadS = 0.0) =>
            scheduled.Add(call, isBar, leadS * SampleRate, Heard.Sample);

        // --- messages of the engine

        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void ResetStatics()
        {
            // Without a reload of the domain the list is that of the play before.
            foreach (var left in Playing.ToArray())
            {
                left.Stop();
            }
            Playing.Clear();
            Service.ServiceProcess.EndAll(0);
        }

        private void OnEnable()
        {
            Prepare();
            Playing.Add(this);
            AudioSettings.OnAudioConfigurationChanged += TakeDevice;
            interrupted!.Watch();
            if (settings.playOnEnable)
            {
                Play();
            }
        }

        /// <summary>Not in Awake, which does not come again where scripts are compiled while the game plays.</summary>
        private void Prepare()
        {
            source = GetComponent<AudioSource>();
            source.playOnAwake = false;
            source.priority = HighestPriority;
            // What a pause does is decided here: the source itself goes on.
            source.ignoreListenerPause = true;
            interrupted = new SoundtrackInterruptions(level, interruptions, Stop);
        }

        private void OnDisable()
        {
            Stop();
            interrupted!.Unwatch();
            AudioSettings.OnAudioConfigurationChanged -= TakeDevice;
            Playing.Remove(this);
            bedPlayer?.End();
            bedPlayer = null;
        }

        private void OnApplicationQuit()
        {
            Stop();
            Service.ServiceProcess.EndAll(SoundtrackSettings.QuitMs);
        }

        private void OnApplicationFocus(bool hasFocus) => interrupted?.TakeFocus(hasFocus);

        private void OnApplicationPause(bool isPaused) => interrupted?.TakePause(isPaused);

        private void Update()
        {
            interrupted!.Step();
            level.Set(volumeDb, muted, interruptions.duckDb);
            level.ReleaseGone(IsGone);
            Inputs.ReleaseGone(IsGone);
            var frameS = (double)Time.unscaledDeltaTime;
            var running = session;
            if (running != null)
            {
                running.Step(frameS, take ??= TakeSafely);
            }
            if (running != null && !scheduled.IsEmpty)
            {
                var samples = Math.Min(frameS, LongestFrameS) * SampleRate;
                scheduled.Step(running.UpcomingBeats, Heard.Sample, samples, guarded ??= Guarded);
            }
            var isSilent = State != SoundtrackState.Stopped && Heard.Position.IsStanding;
            bedPlayer ??= bed.clip == null ? null : new SoundtrackBed(this);
            bedPlayer?.Step(isSilent, level.MustPause, frameS, level.GainDb);
        }

        private void LateUpdate()
        {
            var number = Inputs.EndFrame();
            if (number > 0)
            {
                LastFrame = number;
                Heard.Sent(number);
            }
        }

        /// <summary>On the audio thread.</summary>
        private void OnAudioFilterRead(float[] data, int channels) => session?.AddTo(data, channels);

        // --- the session

        private void Begin(SoundtrackSession next)
        {
            SetDevice(next);
            session = next;
            Heard = next.Heard;
            source!.Play();
            if (settings.service == ServiceChoice.Connect)
            {
                next.Open(settings.address);
            }
            else
            {
                next.StartService(settings.Program(), settings.Arguments());
            }
        }

        private void EndSession()
        {
            session?.Close();
            session = null;
            if (source != null)
            {
                source.Stop();
            }
            Inputs.ForgetTriggers();
            requests.GiveUp(Guarded);
        }

        private void TakeDevice(bool deviceWasChanged)
        {
            var running = session;
            if (running == null)
            {
                return;
            }
            try
            {
                SetDevice(running);
                source!.Play();
            }
            catch (ArgumentException error)
            {
                // There is no device any more, or sound is off.
                TakeFailure("the audio device has none of the rates that are played: " + error.Message, true);
            }
        }

        private static void SetDevice(SoundtrackSession of)
        {
            AudioSettings.GetDSPBufferSize(out var length, out var count);
            of.SetDevice(AudioSettings.outputSampleRate, length * count);
        }
    }
}
