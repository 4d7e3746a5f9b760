// What the runtime asks of Unity's editor. Manual: ScriptReference/EditorApplication, PauseState, PlayModeStateChange,
// below https://docs.unity3d.com/.
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

        /// <summary>The play button, for tests.</summary>
        public static void Change(PlayModeStateChange change) => playModeStateChanged?.Invoke(change);
    }
}
