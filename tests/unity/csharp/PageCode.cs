// What the package's pages take from the reader's own code; the pieces of C# on them are compiled as parts of this.
using Segue.Client;
using UnityEngine;

namespace Segue.Probes
{
    public abstract class PageCode : MonoBehaviour
    {
        protected readonly SavedGame save = new SavedGame();
        protected readonly Subtitles subtitles = new Subtitles();
        protected readonly string program = "";
        protected readonly int deviceRate = 48_000;
        protected readonly int latencySamples = 0;
        protected readonly double nowS = 0.0;
        protected readonly double frameSeconds = 0.0;
        protected readonly float[] stereoBlock = new float[2];
        protected SegueSoundtrack soundtrack = null;
        protected SegueClient client = null;

        protected void Jump()
        {
        }

        protected sealed class SavedGame
        {
            public byte[] music = new byte[0];
        }

        protected sealed class Subtitles
        {
            public string text = "";
        }
    }
}
