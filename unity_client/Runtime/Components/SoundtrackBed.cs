// An ordinary clip that is heard while there is no music, faded in and out.
#nullable enable
using System;
using UnityEngine;

namespace Segue
{
    internal sealed class SoundtrackBed
    {
        private readonly SegueSoundtrack soundtrack;
        private readonly AudioSource source;
        private double silentS;

        /// <summary>Makes an AudioSource of its own below the soundtrack, whose filter would add the music to it.</summary>
        public SoundtrackBed(SegueSoundtrack soundtrack)
        {
            this.soundtrack = soundtrack;
            var below = new GameObject("Segue bed");
            below.transform.SetParent(soundtrack.transform, false);
            source = below.AddComponent<AudioSource>();
            source.playOnAwake = false;
            source.loop = true;
            source.ignoreListenerPause = true;
        }

        /// <summary>From 0, silent, to 1.</summary>
        public float Level { get; private set; }

        /// <summary>Goes on by a game frame.</summary>
        public void Step(bool isSilent, bool isPaused, double frameS, double gainDb)
        {
            if (isPaused)
            {
                source.Pause();
                return;
            }
            source.UnPause();
            var settings = soundtrack.bed;
            silentS = isSilent ? silentS + frameS : 0.0;
            var wanted = isSilent && silentS >= settings.afterS && settings.clip != null ? 1.0f : 0.0f;
            var step = settings.fadeS > 0.0f ? (float)(frameS / settings.fadeS) : 1.0f;
            Level += Math.Min(step, Math.Max(-step, wanted - Level));
            source.volume = (float)Math.Min(1.0, Level * Math.Pow(10.0, (settings.volumeDb + gainDb) / 20.0));
            if (Level > 0.0f && !source.isPlaying)
            {
                source.clip = settings.clip;
                source.outputAudioMixerGroup = soundtrack.GetComponent<AudioSource>().outputAudioMixerGroup;
                source.Play();
            }
            else if (Level <= 0.0f && source.isPlaying)
            {
                source.Stop();
            }
        }

        public void End()
        {
            // It may have been destroyed before the soundtrack, with its scene.
            if (source != null)
            {
                UnityEngine.Object.Destroy(source.gameObject);
            }
        }
    }
}
