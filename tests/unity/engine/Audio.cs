// Audio of Unity. Manual: ScriptReference/AudioSource, AudioClip, AudioListener, AudioSettings, AudioConfiguration,
// AudioSpeakerMode, Audio.AudioMixerGroup and MonoBehaviour.OnAudioFilterRead, all below https://docs.unity3d.com/.
#nullable enable
using System;
using System.Collections.Generic;
using UnityEngine.Audio;

namespace UnityEngine.Audio
{
    /// <summary>Audio.AudioMixerGroup.html</summary>
    public class AudioMixerGroup : Object
    {
    }
}

namespace UnityEngine
{
    /// <summary>AudioClip.html: a constant, for tests.</summary>
    public sealed class AudioClip : Object
    {
        public float Sample { get; set; }
    }

    /// <summary>AudioListener.html</summary>
    public sealed class AudioListener : Behaviour
    {
        public static bool pause { get; set; }

        public static float volume { get; set; } = 1.0f;
    }

    /// <summary>AudioSource.html</summary>
    public sealed class AudioSource : Behaviour
    {
        public AudioClip? clip { get; set; }

        public AudioMixerGroup? outputAudioMixerGroup { get; set; }

        public bool playOnAwake { get; set; } = true;

        public bool loop { get; set; }

        public bool mute { get; set; }

        public float volume { get; set; } = 1.0f;

        public float spatialBlend { get; set; }

        public int priority { get; set; } = 128;

        public bool ignoreListenerPause { get; set; }

        public bool bypassReverbZones { get; set; }

        public bool isPlaying { get; private set; }

        internal bool IsPaused { get; private set; }

        public void Play()
        {
            MainThread.Check();
            isPlaying = isActiveAndEnabled;
            IsPaused = false;
        }

        public void Stop() => isPlaying = false;

        public void Pause() => IsPaused = true;

        public void UnPause() => IsPaused = false;
    }

    /// <summary>AudioSpeakerMode.html</summary>
    public enum AudioSpeakerMode
    {
        Mono = 1,
        Stereo = 2,
        Quad = 3,
        Surround = 4,
        Mode5point1 = 5,
        Mode7point1 = 6,
        Prologic = 7,
    }

    /// <summary>AudioConfiguration.html</summary>
    public struct AudioConfiguration
    {
        public AudioSpeakerMode speakerMode;
        public int dspBufferSize;
        public int sampleRate;
        public int numRealVoices;
        public int numVirtualVoices;
    }

    /// <summary>AudioSettings.html</summary>
    public static class AudioSettings
    {
        private const int Buffers = 4;

        private static AudioConfiguration current = new AudioConfiguration
        {
            speakerMode = AudioSpeakerMode.Stereo,
            dspBufferSize = 512,
            sampleRate = 48_000,
            numRealVoices = 32,
            numVirtualVoices = 512,
        };

        public delegate void AudioConfigurationChangeHandler(bool deviceWasChanged);

        public static event AudioConfigurationChangeHandler? OnAudioConfigurationChanged;

        public static int outputSampleRate => current.sampleRate;

        public static int Listeners => OnAudioConfigurationChanged?.GetInvocationList().Length ?? 0;

        public static void GetDSPBufferSize(out int bufferLength, out int numBuffers)
        {
            bufferLength = current.dspBufferSize;
            numBuffers = Buffers;
        }

        public static AudioConfiguration GetConfiguration() => current;

        /// <summary>Stops all sources; scripts start again those that shall play.</summary>
        public static bool Reset(AudioConfiguration config)
        {
            MainThread.Check();
            current = config;
            foreach (var source in AudioDevice.Sources())
            {
                source.Stop();
            }
            OnAudioConfigurationChanged?.Invoke(false);
            return true;
        }
    }

    /// <summary>The sound card, for tests: asks for blocks on any thread, as the engine does on its audio thread.</summary>
    public static class AudioDevice
    {
        private static readonly int[] Channels = { 0, 1, 2, 4, 5, 6, 8, 2 };

        /// <summary>
        /// One block of interleaved samples: each source that plays, through the filters beside it.
        /// </summary>
        public static float[] Callback(int samples)
        {
            var channels = Channels[(int)AudioSettings.GetConfiguration().speakerMode];
            var mixed = new float[samples * channels];
            foreach (var source in Sources())
            {
                var isPaused = source.IsPaused || (AudioListener.pause && !source.ignoreListenerPause);
                if (!source.isPlaying || isPaused || !source.isActiveAndEnabled)
                {
                    continue;
                }
                var data = new float[mixed.Length];
                for (var i = 0; i < data.Length && !(source.clip is null); i++)
                {
                    data[i] = source.clip.Sample;
                }
                Filter(source, data, channels);
                for (var i = 0; i < data.Length; i++)
                {
                    mixed[i] += source.mute ? 0.0f : data[i] * source.volume * AudioListener.volume;
                }
            }
            return mixed;
        }

        public static List<AudioSource> Sources()
        {
            var found = new List<AudioSource>();
            foreach (var gameObject in GameLoop.Objects.Items)
            {
                foreach (var component in gameObject.Components)
                {
                    if (component is AudioSource source)
                    {
                        found.Add(source);
                    }
                }
            }
            return found;
        }

        private static void Filter(AudioSource source, float[] data, int channels)
        {
            foreach (var component in source.gameObject.Components)
            {
                if (component is MonoBehaviour behaviour && behaviour.isActiveAndEnabled)
                {
                    behaviour.Send("OnAudioFilterRead", data, channels);
                }
            }
        }
    }
}
