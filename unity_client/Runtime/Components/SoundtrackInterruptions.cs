// What pauses or lowers the music: a paused game, a window in the background, the editor's pause.
#nullable enable
using System;
using Segue.Game;
using UnityEngine;

namespace Segue
{
    internal sealed class SoundtrackInterruptions
    {
        private readonly MusicLevel level;
        private readonly InterruptionSettings settings;
        private readonly Action stop;

        /// <summary>stop: called where the editor leaves play mode.</summary>
        public SoundtrackInterruptions(MusicLevel level, InterruptionSettings settings, Action stop)
        {
            this.level = level;
            this.settings = settings;
            this.stop = stop;
        }

        /// <summary>Listens to the editor from now on, and looks how things are: nothing was told before.</summary>
        public void Watch()
        {
#if UNITY_EDITOR
            UnityEditor.EditorApplication.pauseStateChanged += TakeEditorPause;
            UnityEditor.EditorApplication.playModeStateChanged += TakePlayMode;
            TakeEditorPause(UnityEditor.EditorApplication.isPaused
                ? UnityEditor.PauseState.Paused
                : UnityEditor.PauseState.Unpaused);
#endif
            TakeFocus(Application.isFocused);
            TakePause(false);
            Step();
        }

        /// <summary>Listens no more.</summary>
        public void Unwatch()
        {
#if UNITY_EDITOR
            UnityEditor.EditorApplication.pauseStateChanged -= TakeEditorPause;
            UnityEditor.EditorApplication.playModeStateChanged -= TakePlayMode;
#endif
        }

        /// <summary>Looks whether the game is paused, in each game frame.</summary>
        public void Step()
        {
            var isPaused = AudioListener.pause || Time.timeScale == 0.0f;
            level.Interrupt("pause", isPaused ? settings.onPause : Interruption.Keep);
        }

        public void TakeFocus(bool hasFocus) =>
            level.Interrupt("focus", hasFocus ? Interruption.Keep : settings.onFocusLoss);

        /// <summary>The engine stops all frames and all sound: the rules' timers shall not go on meanwhile.</summary>
        public void TakePause(bool isPaused) =>
            level.Interrupt("suspension", isPaused ? Interruption.Pause : Interruption.Keep);

#if UNITY_EDITOR
        private void TakeEditorPause(UnityEditor.PauseState state) => level.Interrupt(
            "editor",
            state == UnityEditor.PauseState.Paused ? settings.onEditorPause : Interruption.Keep);

        private void TakePlayMode(UnityEditor.PlayModeStateChange change)
        {
            if (change == UnityEditor.PlayModeStateChange.ExitingPlayMode)
            {
                stop();
            }
        }
#endif
    }
}
