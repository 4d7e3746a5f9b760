// Lets the editor's window be heard outside of play mode.
#nullable enable
#if UNITY_EDITOR
using System;
using UnityEngine;

namespace Segue
{
    /// <summary>A component of the window's own hidden object. It is not in built games.</summary>
    [ExecuteAlways]
    [AddComponentMenu("")]
    [RequireComponent(typeof(AudioSource))]
    internal sealed class EditorSpeaker : MonoBehaviour
    {
        private volatile Action<float[], int>? music;

        /// <summary>Plays from now on. from: adds to a block of interleaved samples, on the audio thread.</summary>
        public void Play(Action<float[], int> from)
        {
            music = from;
            var source = GetComponent<AudioSource>();
            source.playOnAwake = false;
            source.ignoreListenerPause = true;
            source.Play();
        }

        /// <summary>On the audio thread.</summary>
        private void OnAudioFilterRead(float[] data, int channels) => music?.Invoke(data, channels);
    }
}
#endif
