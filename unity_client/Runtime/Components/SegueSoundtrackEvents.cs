// What a soundtrack tells the game, to scripts and to UnityEvents.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Game;
using Segue.Protocol;
using Segue.Session;
using UnityEngine;
using UnityEngine.Events;

namespace Segue
{
    /// <summary>Events for the inspector; each is told beside the C# event of the same name.</summary>
    [Serializable]
    public sealed class SoundtrackUnityEvents
    {
        [Tooltip("The session is up, also after a reconnection. The rules' title.")]
        public UnityEvent<string> onConnected = new UnityEvent<string>();

        [Tooltip("The session is interrupted or has ended. The reason.")]
        public UnityEvent<string> onDisconnected = new UnityEvent<string>();

        [Tooltip("No service can be started or reached. Why, and what to do.")]
        public UnityEvent<string> onFailed = new UnityEvent<string>();

        [Tooltip("A beat is heard. The bar and the beat, from 0.")]
        public UnityEvent<int, int> onBeat = new UnityEvent<int, int>();

        [Tooltip("The first beat of a bar is heard. The bar, from 0.")]
        public UnityEvent<int> onBar = new UnityEvent<int>();

        [Tooltip("A change is heard. The layer and its new state.")]
        public UnityEvent<string, string> onChanged = new UnityEvent<string, string>();

        [Tooltip("A stinger begins to be heard. Its name.")]
        public UnityEvent<string> onStinger = new UnityEvent<string>();

        [Tooltip("A text for players who do not hear the music.")]
        public UnityEvent<string> onCaption = new UnityEvent<string>();
    }

    /// <summary>What a player reads in place of a change or a stinger.</summary>
    [Serializable]
    public sealed class CaptionText
    {
        [Tooltip("layer/state, a state, or a stinger's name.")]
        public string key = "";

        [Tooltip("The text; empty: no caption.")]
        public string text = "";
    }

    public sealed partial class SegueSoundtrack
    {
        private const int MostWarnings = 256;

        [Header("Events")]
        public SoundtrackUnityEvents unityEvents = new SoundtrackUnityEvents();

        [Tooltip("Captions; without one the name itself is shown.")]
        public List<CaptionText> captionTexts = new List<CaptionText>();

        // Each kind of mistake is warned of once.
        private readonly HashSet<string> warned = new HashSet<string>();

        /// <summary>The session is up, also after a reconnection; gets the rules' title.</summary>
        public event Action<string>? Connected;

        /// <summary>The session is interrupted or has ended; gets the reason. Music plays on from the buffer.</summary>
        public event Action<string>? Disconnected;

        /// <summary>No service can be started or reached; gets why, and what to do.</summary>
        public event Action<string>? Failed;

        /// <summary>A beat is heard.</summary>
        public event Action<BeatHeard>? Beat;

        /// <summary>
        /// The rules have decided on a change: layer, state before, state after, seconds until it is heard.
        /// </summary>
        public event Action<string, string, string, double>? Decided;

        /// <summary>A change is heard, with its causes.</summary>
        public event Action<HeardChange>? Changed;

        /// <summary>A game frame's number, and whether it was accepted, with the code.</summary>
        public event Action<long, bool, string>? Receipt;

        /// <summary>The rules do not know an input, or not this value; gets the input, and what is expected.</summary>
        public event Action<string, string>? Refused;

        /// <summary>The music has stopped, since no more had arrived; gets how often so far.</summary>
        public event Action<long>? Underrun;

        /// <summary>A stinger begins to be heard; gets its name.</summary>
        public event Action<string>? Stinger;

        /// <summary>A text for players who do not hear the music.</summary>
        public event Action<string>? Caption;

        /// <summary>The rules were loaded again; gets the mistakes in them.</summary>
        public event Action<IReadOnlyList<Value>>? RulesChanged;

        /// <summary>Why there is no session, in words; empty: there is one, or none is wanted.</summary>
        public string Failure { get; private set; } = "";

        private void TakeOpening() => State = SoundtrackState.Connecting;

        private void TakeFailure(string text, bool isFinal)
        {
            if (isFinal)
            {
                State = SoundtrackState.Failed;
                EndSession();
            }
            else
            {
                State = SoundtrackState.Starting;
            }
            TellFailure(text);
        }

        private void TakeRefusal(string input, InputError error)
        {
            if (warned.Count < MostWarnings && warned.Add(input + " " + error.Code))
            {
                Debug.LogWarning("Segue: " + error.Text, this);
            }
            Guarded(() => Refused?.Invoke(input, error.Text));
        }

        private void TakeSafely(ClientEvent happened) => Guarded(() => Take(happened));

        /// <summary>
        /// Calls what a game has given. What that throws is logged, and keeps nothing from what comes next: other handlers,
        /// the end of the service, the next game frame.
        /// </summary>
        private void Guarded(Action call)
        {
            try
            {
                call();
            }
            catch (Exception error)
            {
                Debug.LogException(error, this);
            }
        }

        /// <summary>What the client tells.</summary>
        private void Take(ClientEvent happened)
        {
            switch (happened.Kind)
            {
                case ClientEvent.Live:
                    TakeLive(happened["welcome"].AsRecord["rules"].AsRecord);
                    break;
                case ClientEvent.Lost:
                    State = SoundtrackState.Connecting;
                    TellDisconnected(happened["reason"].AsText);
                    break;
                case ClientEvent.Closed:
                    State = SoundtrackState.Failed;
                    EndSession();
                    TellFailure(happened["text"].AsText);
                    TellDisconnected(happened["reason"].AsText);
                    break;
                case ClientEvent.ConnectionFailed:
                    TellFailure(happened["text"].AsText);
                    break;
                case ClientEvent.InputRefused:
                    TakeRefusal(
                        happened["name"].AsText,
                        new InputError(happened["code"].AsText, happened["text"].AsText));
                    break;
                case "rules":
                    TakeRules(happened);
                    break;
                default:
                    if (!requests.Take(happened))
                    {
                        TakeMusic(happened);
                    }
                    break;
            }
        }

        private void TakeMusic(ClientEvent happened)
        {
            switch (happened.Kind)
            {
                case ClientEvent.BeatHeard:
                    TakeBeat(new BeatHeard(happened.Fields));
                    break;
                case ClientEvent.Receipt:
                    Receipt?.Invoke(
                        happened["seq"].AsInteger, happened["accepted"].AsBoolean, happened["code"].AsText);
                    break;
                case ClientEvent.Underrun:
                    Underrun?.Invoke(happened["count"].AsInteger);
                    break;
                case ClientEvent.StingerHeard:
                    var name = happened["name"].AsText;
                    Guarded(() => Stinger?.Invoke(name));
                    Guarded(() => unityEvents.onStinger.Invoke(name));
                    TellCaption(name, name);
                    break;
                case "change" when Heard.IsNewDecision(happened.Fields):
                    var seconds = Math.Max(0.0, (happened["audible"].AsInteger - Heard.Sample) / SampleRate);
                    Decided?.Invoke(
                        happened["layer"].AsText, happened["from_state"].AsText, happened["to_state"].AsText, seconds);
                    break;
                case ClientEvent.ChangeHeard:
                    TakeChange(new HeardChange(happened["change"].AsRecord));
                    break;
                case "error":
                    TellFailure(happened["code"].AsText + ": " + happened["text"].AsText);
                    break;
            }
        }

        private void TakeLive(Record declaration)
        {
            State = SoundtrackState.Live;
            Failure = "";
            Inputs.Declaration = declaration;
            var title = declaration["title"].AsText;
            Guarded(() => Connected?.Invoke(title));
            Guarded(() => unityEvents.onConnected.Invoke(title));
        }

        private void TakeRules(ClientEvent happened)
        {
            if (!happened["declaration"].IsNil)
            {
                Inputs.Declaration = happened["declaration"].AsRecord;
            }
            RulesChanged?.Invoke(happened["errors"].AsList);
        }

        private void TakeBeat(BeatHeard heard)
        {
            Guarded(() => Beat?.Invoke(heard));
            Guarded(() => unityEvents.onBeat.Invoke(heard.BarIndex, heard.BeatIndex));
            if (heard.BeatIndex == 0)
            {
                Guarded(() => unityEvents.onBar.Invoke(heard.BarIndex));
            }
        }

        private void TakeChange(HeardChange change)
        {
            Guarded(() => Changed?.Invoke(change));
            Guarded(() => unityEvents.onChanged.Invoke(change.Layer, change.To));
            TellCaption(change.Layer + "/" + change.To, change.To);
        }

        /// <summary>Tells the first text that is set for one of the keys, or the last key itself.</summary>
        private void TellCaption(string first, string last)
        {
            var found = captionTexts.Find(each => each.key == first) ?? captionTexts.Find(each => each.key == last);
            var text = found == null ? "[music: " + last.Replace('_', ' ') + "]" : found.text;
            if (text.Length > 0)
            {
                Guarded(() => Caption?.Invoke(text));
                Guarded(() => unityEvents.onCaption.Invoke(text));
            }
        }

        /// <summary>Tells the game, and whoever reads the console.</summary>
        private void TellFailure(string text)
        {
            if (text != Failure)
            {
                Debug.LogWarning("Segue: " + text, this);
            }
            Failure = text;
            Guarded(() => Failed?.Invoke(text));
            Guarded(() => unityEvents.onFailed.Invoke(text));
        }

        private void TellDisconnected(string reason)
        {
            Guarded(() => Disconnected?.Invoke(reason));
            Guarded(() => unityEvents.onDisconnected.Invoke(reason));
        }
    }

    /// <summary>A beat that is heard.</summary>
    public readonly struct BeatHeard
    {
        internal BeatHeard(Map fields)
        {
            BarIndex = (int)fields["bar"].AsInteger;
            BeatIndex = (int)fields["beat"].AsInteger;
            TempoBpm = fields["tempo_bpm"].AsReal;
            IsExact = fields["exact"].AsBoolean;
        }

        /// <summary>From 0.</summary>
        public int BarIndex { get; }

        /// <summary>In its bar, from 0.</summary>
        public int BeatIndex { get; }

        public double TempoBpm { get; }

        /// <summary>Whether the music's beats lie exactly there.</summary>
        public bool IsExact { get; }
    }
}
