// Keeps an input of the rules at a number of the game.
#nullable enable
using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Events;

namespace Segue
{
    /// <summary>How the numbers of several objects become one.</summary>
    public enum Aggregate
    {
        Min,
        Max,
        Sum,
        Mean,

        /// <summary>How many objects there are; their numbers do not matter.</summary>
        Count,
    }

    /// <summary>
    /// A health of 0 to 100 becomes a threat of 1 to 0, say. The number comes from a UnityEvent that calls SetValue, from
    /// scripts that call Contribute, or is a distance. The rate is limited, and what does not change is not sent.
    /// </summary>
    [AddComponentMenu("Segue/Segue Binding")]
    public sealed class SegueBinding : MonoBehaviour
    {
        [Tooltip("The soundtrack; none: the nearest one above, or the first.")]
        public SegueSoundtrack? soundtrack;

        [Tooltip("The input of the rules.")]
        [SegueInput]
        public string input = "";

        [Header("From")]
        [Tooltip("If it is set, the number is the distance to it.")]
        public Transform? distanceTo;

        [Tooltip("How the numbers of several contributors become one.")]
        public Aggregate aggregate = Aggregate.Max;

        [Header("Mapping")]
        [Tooltip("Whether the number is mapped; otherwise it is passed on.")]
        public bool isMapped;

        [Tooltip("The number that becomes To Low.")]
        public float fromLow;

        [Tooltip("The number that becomes To High.")]
        public float fromHigh = 1.0f;

        [Tooltip("The input's value for From Low.")]
        public float toLow;

        [Tooltip("The input's value for From High.")]
        public float toHigh = 1.0f;

        [Tooltip("From 0 to 1 on both axes, between the two; without keys: a straight line.")]
        public AnimationCurve curve = new AnimationCurve();

        [Header("Rate")]
        [Tooltip("Most values in a second.")]
        [Range(0.1f, 60.0f)]
        public float rate = 10.0f;

        [Tooltip("The least change that is sent.")]
        [Min(0.0f)]
        public float leastChange = 0.001f;

        [Tooltip("A value was sent.")]
        public UnityEvent<float> onSent = new UnityEvent<float>();

        private readonly List<KeyValuePair<object, float>> contributions = new List<KeyValuePair<object, float>>();
        private double nextS = double.NegativeInfinity;
        private float sent;

        // To whom it was sent, and what may have made it forgotten since.
        private SegueSoundtrack? sentTo;
        private long sentAfterResets;
        private Protocol.Record? sentFor;

        /// <summary>The number, such as of a slider; it counts as a contribution of this component.</summary>
        public void SetValue(float number) => Contribute(this, number);

        /// <summary>Sets the number of one of several objects, in place of the one before.</summary>
        public void Contribute(object contributor, float number)
        {
            for (var i = 0; i < contributions.Count; i++)
            {
                if (ReferenceEquals(contributions[i].Key, contributor))
                {
                    contributions[i] = new KeyValuePair<object, float>(contributor, number);
                    return;
                }
            }
            contributions.Add(new KeyValuePair<object, float>(contributor, number));
        }

        /// <summary>Forgets an object's number. Those of destroyed objects are forgotten by themselves.</summary>
        public void Withdraw(object contributor) =>
            contributions.RemoveAll(each => ReferenceEquals(each.Key, contributor));

        /// <summary>The value for the input. False: there is none, such as of nobody.</summary>
        public bool TryGetValue(out float value)
        {
            var isThere = TryGetNumber(out value);
            value = isThere && isMapped ? Mapped(value) : value;
            return isThere && !float.IsNaN(value) && !float.IsInfinity(value);
        }

        /// <summary>A number of the game as one of the input.</summary>
        public float Mapped(float number)
        {
            var part = fromHigh == fromLow ? 0.0f : (number - fromLow) / (fromHigh - fromLow);
            part = Math.Min(1.0f, Math.Max(0.0f, part));
            part = curve.length > 0 ? curve.Evaluate(part) : part;
            return toLow + ((toHigh - toLow) * part);
        }

        private void Update()
        {
            ForgetDestroyed();
            var nowS = Time.realtimeSinceStartupAsDouble;
            if (nowS < nextS || !TryGetValue(out var value))
            {
                return;
            }
            var to = SegueSoundtrack.Of(this, soundtrack);
            if (to == null || (IsKnownTo(to) && Math.Abs(value - sent) < Math.Max(leastChange, 1e-9f)))
            {
                return;
            }
            nextS = nowS + (1.0 / rate);
            sent = value;
            sentTo = to;
            sentAfterResets = to.Resets;
            sentFor = to.Declaration;
            var isWhole = aggregate == Aggregate.Count && distanceTo == null && !isMapped;
            if (to.SetInput(input, isWhole ? Protocol.Value.Of((long)value) : Protocol.Value.Of((double)value)))
            {
                onSent.Invoke(value);
            }
        }

        /// <summary>
        /// Whether a soundtrack has the last value: it is another in a new scene, ResetInputs forgets it, and rules that
        /// were mended may take what those before have refused.
        /// </summary>
        private bool IsKnownTo(SegueSoundtrack to) =>
            sentTo == to && sentAfterResets == to.Resets && ReferenceEquals(sentFor, to.Declaration);

        private void ForgetDestroyed()
        {
            for (var i = contributions.Count - 1; i >= 0; i--)
            {
                if (contributions[i].Key is UnityEngine.Object known && known == null)
                {
                    contributions.RemoveAt(i);
                }
            }
        }

        private bool TryGetNumber(out float number)
        {
            number = contributions.Count;
            if (distanceTo != null)
            {
                number = Vector3.Distance(transform.position, distanceTo.position);
                return true;
            }
            if (aggregate == Aggregate.Count)
            {
                return true;
            }
            if (contributions.Count == 0)
            {
                return false;
            }
            var least = float.PositiveInfinity;
            var greatest = float.NegativeInfinity;
            var sum = 0.0f;
            foreach (var each in contributions)
            {
                least = Math.Min(least, each.Value);
                greatest = Math.Max(greatest, each.Value);
                sum += each.Value;
            }
            switch (aggregate)
            {
                case Aggregate.Min:
                    number = least;
                    break;
                case Aggregate.Max:
                    number = greatest;
                    break;
                case Aggregate.Sum:
                    number = sum;
                    break;
                default:
                    number = sum / contributions.Count;
                    break;
            }
            return true;
        }
    }
}
