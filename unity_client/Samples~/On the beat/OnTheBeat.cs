// A light and a ball that move with the music: beats are known before they are heard, so what takes time begins early.
#nullable enable
using UnityEngine;

namespace Segue.Samples
{
    /// <summary>
    /// Add it to an empty object, give it the rules, and press play. The ball jumps so that it lands on each bar, and the
    /// light flashes on each beat; with a greater energy both do so faster, since the music is.
    /// </summary>
    public sealed class OnTheBeat : MonoBehaviour
    {
        [Tooltip("The file Dance.yaml of this sample.")]
        public TextAsset? rules;

        [Tooltip("Seconds that a jump takes.")]
        public float jumpS = 0.4f;

        [Tooltip("Seconds in which the light goes out.")]
        public float flashS = 0.25f;

        [Tooltip("Seconds that a screen takes to show a picture: the light flashes so much earlier.")]
        public float screenS = 0.03f;

        private const float JumpHeight = 2.0f;

        private SegueSoundtrack? soundtrack;
        private Transform? ball;
        private Light? lamp;
        private double jumpedS = double.NegativeInfinity;

        /// <summary>How often the ball has jumped.</summary>
        public int Jumps { get; private set; }

        /// <summary>How often the light has flashed.</summary>
        public int Flashes { get; private set; }

        private void Start()
        {
            var music = new GameObject("Music");
            music.SetActive(false);
            soundtrack = music.AddComponent<SegueSoundtrack>();
            soundtrack.settings.rules = rules;
            music.AddComponent<SegueOverlay>();
            music.SetActive(true);
            ball = GameObject.CreatePrimitive(PrimitiveType.Sphere).transform;
            lamp = new GameObject("Lamp").AddComponent<Light>();
            lamp.intensity = 0.0f;
            // Each call asks for the next one.
            soundtrack.ScheduleOnBeat(Flash, leadS: screenS);
            soundtrack.ScheduleOnBeat(Jump, isBar: true, leadS: jumpS);
        }

        private void Update()
        {
            var part = (float)(Time.realtimeSinceStartupAsDouble - jumpedS) / jumpS;
            // A parabola that begins and ends on the ground.
            var height = part >= 0.0f && part <= 1.0f ? 4.0f * JumpHeight * part * (1.0f - part) : 0.0f;
            ball!.position = new Vector3(0.0f, height, 0.0f);
            lamp!.intensity -= Time.deltaTime / flashS;
            if (lamp.intensity < 0.0f)
            {
                lamp.intensity = 0.0f;
            }
        }

        private void Jump()
        {
            Jumps++;
            jumpedS = Time.realtimeSinceStartupAsDouble;
            soundtrack!.ScheduleOnBeat(Jump, isBar: true, leadS: jumpS);
        }

        private void Flash()
        {
            Flashes++;
            lamp!.intensity = 1.0f;
            soundtrack!.ScheduleOnBeat(Flash, leadS: screenS);
        }
    }
}
