// The audition of the editor's window: its session, and a hidden object of the editor that makes it heard.
#nullable enable
using UnityEditor;
using UnityEngine;

namespace Segue.EditorTools
{
    internal sealed class EditorAudition
    {
        private GameObject? holder;
        private double lastS;

        public Audition Audition { get; } = new Audition();

        /// <summary>Plays a rule file of the project.</summary>
        public void Start(string path)
        {
            Stop();
            AudioSettings.GetDSPBufferSize(out var length, out var count);
            lastS = EditorApplication.timeSinceStartup;
            Audition.Start(SegueProject.Program, SegueProject.Paths.Full(path), AudioSettings.outputSampleRate, length * count);
            if (!Audition.IsRunning)
            {
                return;
            }
            holder = EditorUtility.CreateGameObjectWithHideFlags(
                "Segue audition", HideFlags.HideAndDontSave, typeof(AudioSource), typeof(EditorSpeaker));
            holder.GetComponent<EditorSpeaker>().Play(Audition.AddTo);
        }

        public void Stop()
        {
            Audition.Stop();
            if (holder != null)
            {
                Object.DestroyImmediate(holder);
            }
            holder = null;
        }

        /// <summary>Goes on; call it some times a second.</summary>
        public void Step()
        {
            var nowS = EditorApplication.timeSinceStartup;
            Audition.Step(nowS - lastS);
            lastS = nowS;
            if (!Audition.IsRunning && holder != null)
            {
                // It has ended by itself.
                Stop();
            }
        }
    }
}
