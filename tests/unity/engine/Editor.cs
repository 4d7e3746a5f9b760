// States of Unity's editor. Manual: ScriptReference/EditorApplication, PauseState, PlayModeStateChange, InitializeOnLoad,
// AssemblyReloadEvents, below https://docs.unity3d.com/.
#nullable enable
using System;

namespace UnityEditor
{
    /// <summary>PauseState.html</summary>
    public enum PauseState
    {
        Paused,
        Unpaused,
    }

    /// <summary>PlayModeStateChange.html</summary>
    public enum PlayModeStateChange
    {
        EnteredEditMode,
        ExitingEditMode,
        EnteredPlayMode,
        ExitingPlayMode,
    }

    /// <summary>EditorApplication.html</summary>
    public static class EditorApplication
    {
        public static event Action<PauseState>? pauseStateChanged;

        public static event Action<PlayModeStateChange>? playModeStateChanged;

        public static event Action? projectChanged;

        /// <summary>Called many times a second; a delegate, not an event.</summary>
        public static Action? update { get; set; }

        public static double timeSinceStartup => Clock.Elapsed.TotalSeconds;

        private static readonly System.Diagnostics.Stopwatch Clock = System.Diagnostics.Stopwatch.StartNew();

        /// <summary>How many methods are subscribed, for tests.</summary>
        public static int Listeners =>
            (pauseStateChanged?.GetInvocationList().Length ?? 0)
            + (playModeStateChanged?.GetInvocationList().Length ?? 0);

        public static bool isPaused { get; private set; }

        /// <summary>The pause button, for tests.</summary>
        public static void Press(PauseState state)
        {
            isPaused = state == PauseState.Paused;
            pauseStateChanged?.Invoke(state);
        }

        /// <summary>Files of the project have come or gone, for tests.</summary>
        public static void TellProjectChanged() => projectChanged?.Invoke();

        /// <summary>The play button, for tests.</summary>
        public static void Change(PlayModeStateChange change) => playModeStateChanged?.Invoke(change);
    }

    /// <summary>InitializeOnLoadAttribute.html: the static constructor runs when the editor has loaded the scripts.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class InitializeOnLoad : Attribute
    {
    }

    /// <summary>AssemblyReloadEvents.html</summary>
    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback? beforeAssemblyReload;

        /// <summary>Scripts are about to be loaded again, for tests.</summary>
        public static void Reload() => beforeAssemblyReload?.Invoke();
    }
}
