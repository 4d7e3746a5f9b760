// What the game tells the rules: inputs with the claims on them, and triggers.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Client;
using Segue.Protocol;
using Segue.Session;

namespace Segue.Game
{
    /// <summary>What is told in one game frame leaves at its end, as one event. From the game's thread only.</summary>
    public sealed class GameInputs
    {
        private readonly Action<string, InputError> refused;
        private readonly InputClaims claims = new InputClaims();

        // Triggers that were fired before there is a client, in order.
        private readonly List<string> early = new List<string>();
        private SegueClient? client;

        /// <summary>refused: gets an input or a trigger that was not taken, and why.</summary>
        public GameInputs(Action<string, InputError> refused)
        {
            this.refused = refused;
        }

        /// <summary>What the rules declare; null: not known.</summary>
        public Record? Declaration { get; set; }

        /// <summary>How often everything was set back to its start.</summary>
        public long Resets { get; private set; }

        /// <summary>Tells this client from now on, first of all that is known and was fired; null: none.</summary>
        public void SetClient(SegueClient? next)
        {
            client = next;
            if (next == null)
            {
                return;
            }
            foreach (var input in claims.Known())
            {
                SetAgain(input);
            }
            var fired = early.ToArray();
            early.Clear();
            foreach (var trigger in fired)
            {
                WasTaken(trigger, next.Fire(trigger));
            }
        }

        /// <summary>Forgets the triggers that wait for a client: none comes.</summary>
        public void ForgetTriggers() => early.Clear();

        /// <summary>Sets the game's own value of an input. Whether it was taken.</summary>
        public bool SetOwn(string input, Value value)
        {
            var error = client != null
                ? client.MistakeIn(input, value)
                : InputTable.CheckName(input) ?? InputTable.CheckPlain(input, value);
            if (!WasTaken(input, error))
            {
                return false;
            }
            claims.SetOwn(input, value);
            return claims.IsClaimed(input) || SetNow(input, value);
        }

        /// <summary>
        /// Fires a trigger. waits: whether it waits for a client where there is none. Whether it was taken.
        /// </summary>
        public bool Fire(string trigger, bool waits)
        {
            if (client != null)
            {
                return WasTaken(trigger, client.Fire(trigger));
            }
            if (!waits)
            {
                return false;
            }
            var error = InputTable.CheckName(trigger);
            error ??= early.Count >= SessionLimits.MostSettings
                ? new InputError("queue_full", "too many triggers wait for the service to start")
                : null;
            if (!WasTaken(trigger, error))
            {
                return false;
            }
            early.Add(trigger);
            return true;
        }

        /// <summary>Sets everything back to its start but what is claimed.</summary>
        public void Reset()
        {
            Resets++;
            claims.ForgetOwn();
            early.Clear();
            if (client == null || !WasTaken("", client.Reset()))
            {
                return;
            }
            foreach (var input in claims.Claimed())
            {
                SetAgain(input);
            }
        }

        /// <summary>Lets a claimant have an input at a value, in place of what it wanted before.</summary>
        public void Claim(object claimant, string input, Value value, int priority)
        {
            claims.Add(claimant, input, value, priority);
            SetAgain(input);
        }

        /// <summary>Ends a claim: the next one counts, or the game's own value, or the rules' default.</summary>
        public void Release(object claimant, string input)
        {
            claims.Release(claimant, input);
            SetAgain(input);
        }

        /// <summary>Ends the claims of claimants that are gone.</summary>
        public void ReleaseGone(Predicate<object> isGone)
        {
            var lost = claims.ReleaseGone(isGone);
            for (var i = 0; i < lost.Count; i++)
            {
                SetAgain(lost[i]);
            }
        }

        /// <summary>The value that counts, or the rules' default; nil: none is known.</summary>
        public Value ValueOf(string input)
        {
            if (claims.TryGet(input, out var value))
            {
                return value;
            }
            var declared = Declared(input);
            return declared == null ? Value.Nil : declared["default"];
        }

        /// <summary>
        /// What a text of the inspector means: true, false, a number, or the name of a choice.
        /// </summary>
        public Value Parsed(string input, string text)
        {
            var declared = Declared(input);
            return declared != null && declared["type"].AsText == "choice" ? Value.Of(text) : InputText.Parse(text);
        }

        /// <summary>Ends a game frame: its number; 0 if nothing was set or fired in it.</summary>
        public long EndFrame() => client == null ? 0 : client.EndFrame();

        private Record? Declared(string input)
        {
            foreach (var each in Declaration == null ? Array.Empty<Value>() : Declaration["inputs"].AsList)
            {
                if (each.AsRecord["name"].AsText == input)
                {
                    return each.AsRecord;
                }
            }
            return null;
        }

        /// <summary>Sets the value that counts now.</summary>
        private void SetAgain(string input)
        {
            var value = ValueOf(input);
            if (!value.IsNil)
            {
                SetNow(input, value);
            }
        }

        private bool SetNow(string input, Value value) => client == null || WasTaken(input, client.SetValue(input, value));

        private bool WasTaken(string input, InputError? error)
        {
            if (error != null)
            {
                refused(input, error);
            }
            return error == null;
        }
    }
}
