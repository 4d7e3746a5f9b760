// Events and curves of Unity. Manual: ScriptReference/Events.UnityEvent, Events.UnityAction, AnimationCurve, below
// https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;

namespace UnityEngine.Events
{
    public delegate void UnityAction();

    public delegate void UnityAction<T0>(T0 arg0);

    public delegate void UnityAction<T0, T1>(T0 arg0, T1 arg1);

    /// <summary>Events.UnityEvent.html</summary>
    [Serializable]
    public class UnityEvent
    {
        private event UnityAction? Calls;

        public void AddListener(UnityAction call) => Calls += call;

        public void Invoke() => Calls?.Invoke();
    }

    /// <summary>Events.UnityEvent_1.html</summary>
    [Serializable]
    public class UnityEvent<T0>
    {
        private event UnityAction<T0>? Calls;

        public void AddListener(UnityAction<T0> call) => Calls += call;

        public void Invoke(T0 arg0) => Calls?.Invoke(arg0);
    }

    /// <summary>Events.UnityEvent_2.html</summary>
    [Serializable]
    public class UnityEvent<T0, T1>
    {
        private event UnityAction<T0, T1>? Calls;

        public void AddListener(UnityAction<T0, T1> call) => Calls += call;

        public void Invoke(T0 arg0, T1 arg1) => Calls?.Invoke(arg0, arg1);
    }
}

namespace UnityEngine
{
    /// <summary>AnimationCurve.html: straight lines between its keys, other than Unity's.</summary>
    [Serializable]
    public sealed class AnimationCurve
    {
        private readonly List<KeyValuePair<float, float>> keys = new List<KeyValuePair<float, float>>();

        public int length => keys.Count;

        public static AnimationCurve Linear(float timeStart, float valueStart, float timeEnd, float valueEnd)
        {
            var curve = new AnimationCurve();
            curve.AddKey(timeStart, valueStart);
            curve.AddKey(timeEnd, valueEnd);
            return curve;
        }

        public int AddKey(float time, float value)
        {
            var at = keys.FindIndex(key => key.Key > time);
            keys.Insert(at < 0 ? keys.Count : at, new KeyValuePair<float, float>(time, value));
            return at < 0 ? keys.Count - 1 : at;
        }

        public float Evaluate(float time)
        {
            if (keys.Count == 0)
            {
                return 0.0f;
            }
            var next = keys.FindIndex(key => key.Key >= time);
            if (next <= 0)
            {
                return keys[next < 0 ? keys.Count - 1 : 0].Value;
            }
            var (left, right) = (keys[next - 1], keys[next]);
            return left.Value + ((right.Value - left.Value) * (time - left.Key) / (right.Key - left.Key));
        }
    }
}
