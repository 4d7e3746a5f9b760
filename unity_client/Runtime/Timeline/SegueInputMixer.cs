// What the clips of a SegueInputTrack are together, in each game frame.
#nullable enable
using Segue.Game;
using Segue.Protocol;
using UnityEngine;
using UnityEngine.Playables;

namespace Segue
{
    /// <summary>It claims the input while clips are played.</summary>
    public sealed class SegueInputMixer : PlayableBehaviour
    {
        private string input = "";
        private double rest;
        private int priority;
        private SegueSoundtrack? claimed;
        private Value value;

        public override void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
            var to = Application.isPlaying ? Soundtracks.Bound(playerData) : null;
            if (to == null || !TryGetValue(playable, out var next))
            {
                Release();
                return;
            }
            if (claimed == to && next.EqualsPlain(value))
            {
                return;
            }
            if (claimed != to)
            {
                Release();
            }
            claimed = to;
            value = next;
            to.ClaimInput(this, input, next, priority);
        }

        public override void OnGraphStop(Playable playable) => Release();

        public override void OnPlayableDestroy(Playable playable) => Release();

        internal void Set(string name, double restingAt, int claimPriority)
        {
            input = name;
            rest = restingAt;
            priority = claimPriority;
        }

        private void Release()
        {
            if (claimed != null)
            {
                claimed.ReleaseInput(this, input);
            }
            claimed = null;
        }

        /// <summary>False: no clip is played.</summary>
        private bool TryGetValue(Playable playable, out Value found)
        {
            var weights = 0.0;
            var greatest = 0.0f;
            var sum = 0.0;
            var areNumbers = true;
            found = Value.Nil;
            for (var i = 0; i < playable.GetInputCount(); i++)
            {
                var weight = playable.GetInputWeight(i);
                if (weight <= 0.0f)
                {
                    continue;
                }
                var clip = (ScriptPlayable<SegueInputValue>)playable.GetInput(i);
                var parsed = InputText.Parse(clip.GetBehaviour().Text);
                areNumbers &= parsed.Kind == ValueKind.Integer || parsed.Kind == ValueKind.Real;
                sum += areNumbers ? weight * Number(parsed) : 0.0;
                weights += weight;
                if (weight > greatest)
                {
                    greatest = weight;
                    found = parsed;
                }
            }
            // One clip at full weight keeps whole numbers whole, which inputs of integers need.
            if (weights > 0.0 && areNumbers && greatest < 1.0f)
            {
                found = Value.Of(sum + ((1.0 - weights) * rest));
            }
            return weights > 0.0;
        }

        private static double Number(Value parsed) => parsed.Kind == ValueKind.Integer ? parsed.AsInteger : parsed.AsReal;
    }
}
