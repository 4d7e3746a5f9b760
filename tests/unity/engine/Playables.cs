// Playables and the package Timeline, as far as tracks need them. Manual: ScriptReference/Playables.Playable,
// Playables.PlayableGraph, Playables.ScriptPlayable_1, Playables.PlayableBehaviour, Playables.PlayableAsset,
// Playables.PlayableExtensions, Playables.FrameData, Playables.IPlayable,
// Playables.IPlayableBehaviour, below https://docs.unity3d.com/, and of com.unity.timeline the pages
// UnityEngine.Timeline.TrackAsset, ITimelineClipAsset, ClipCaps, TrackClipTypeAttribute, TrackBindingTypeAttribute,
// TrackColorAttribute.
#nullable enable
using System;
using System.Collections.Generic;

namespace UnityEngine.Playables
{
    public interface IPlayable
    {
        Playable GetHandle();
    }

    public readonly struct PlayableGraph
    {
    }

    public readonly struct FrameData
    {
    }

    public interface IPlayableBehaviour
    {
    }

    public abstract class PlayableBehaviour : IPlayableBehaviour
    {
        public virtual void OnGraphStop(Playable playable)
        {
        }

        public virtual void OnPlayableDestroy(Playable playable)
        {
        }

        public virtual void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
        }
    }

    public abstract class PlayableAsset : ScriptableObject
    {
        public abstract Playable CreatePlayable(PlayableGraph graph, GameObject owner);
    }

    /// <summary>A node of the graph; tests connect nodes and set weights.</summary>
    public readonly struct Playable : IPlayable
    {
        internal Playable(PlayableBehaviour behaviour, int inputCount)
        {
            Behaviour = behaviour;
            Inputs = new Playable[inputCount];
            Weights = new float[inputCount];
        }

        internal PlayableBehaviour Behaviour { get; }

        public Playable[] Inputs { get; }

        public float[] Weights { get; }

        public Playable GetHandle() => this;
    }

    public readonly struct ScriptPlayable<T> : IPlayable
        where T : PlayableBehaviour, new()
    {
        private readonly Playable playable;

        private ScriptPlayable(Playable playable)
        {
            this.playable = playable;
        }

        public static implicit operator Playable(ScriptPlayable<T> typed) => typed.playable;

        public static explicit operator ScriptPlayable<T>(Playable playable) => new ScriptPlayable<T>(playable);

        public static ScriptPlayable<T> Create(PlayableGraph graph, int inputCount = 0) =>
            new ScriptPlayable<T>(new Playable(new T(), inputCount));

        public T GetBehaviour() => (T)playable.Behaviour;

        public Playable GetHandle() => playable;
    }

    public static class PlayableExtensions
    {
        public static int GetInputCount<U>(this U playable)
            where U : struct, IPlayable => playable.GetHandle().Inputs.Length;

        public static float GetInputWeight<U>(this U playable, int inputIndex)
            where U : struct, IPlayable => playable.GetHandle().Weights[inputIndex];

        public static Playable GetInput<U>(this U playable, int inputPort)
            where U : struct, IPlayable => playable.GetHandle().Inputs[inputPort];
    }
}

namespace UnityEngine.Timeline
{
    [Flags]
    public enum ClipCaps
    {
        None = 0,
        Blending = 8,
    }

    public interface ITimelineClipAsset
    {
        ClipCaps clipCaps { get; }
    }

    public abstract class TrackAsset : Playables.PlayableAsset
    {
        public abstract Playables.Playable CreateTrackMixer(Playables.PlayableGraph graph, GameObject go, int inputCount);

        public override Playables.Playable CreatePlayable(Playables.PlayableGraph graph, GameObject owner) => default;
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class TrackClipTypeAttribute : Attribute
    {
        public TrackClipTypeAttribute(Type clipClass)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class TrackBindingTypeAttribute : Attribute
    {
        public TrackBindingTypeAttribute(Type type)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class TrackColorAttribute : Attribute
    {
        public TrackColorAttribute(float r, float g, float b)
        {
        }
    }
}
