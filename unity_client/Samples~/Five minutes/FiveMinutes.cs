// An empty scene becomes a meadow with a cave and a wolf: primitives, three zones, and a ball that walks through them.
#nullable enable
using UnityEngine;

namespace Segue.Samples
{
    /// <summary>
    /// Add it to an empty object, give it the rules, and press play. What it builds is what you would build in the editor:
    /// a SegueSoundtrack, and zones with box colliders. The ball needs no script that knows of music.
    /// </summary>
    public sealed class FiveMinutes : MonoBehaviour
    {
        [Tooltip("The file Meadow.yaml of this sample.")]
        public TextAsset? rules;

        [Tooltip("Seconds in which the ball walks once through all zones.")]
        public float roundS = 40.0f;

        private const float Length = 30.0f;

        private Transform? ball;

        private void Start()
        {
            var music = new GameObject("Music");
            music.SetActive(false);
            var soundtrack = music.AddComponent<SegueSoundtrack>();
            soundtrack.settings.rules = rules;
            music.AddComponent<SegueOverlay>();
            music.SetActive(true);

            Zone("Cave", 10.0f, "place", "cave", Color.blue);
            Zone("Wolf", 20.0f, "threat", "0.8", Color.red);
            var shrine = Zone("Shrine", 28.0f, "", "", Color.yellow);
            var trigger = shrine.AddComponent<SegueTrigger>();
            trigger.trigger = "victory";
            trigger.moment = TriggerMoment.TriggerEnter;
            trigger.onlyTag = "Player";

            var made = GameObject.CreatePrimitive(PrimitiveType.Sphere);
            made.name = "Ball";
            made.tag = "Player";
            // The engine tells of triggers where one of the two is a body.
            made.AddComponent<Rigidbody>().isKinematic = true;
            ball = made.transform;
        }

        private void Update()
        {
            if (ball != null)
            {
                ball.position = new Vector3(Time.time % roundS / roundS * Length, 0.0f, 0.0f);
            }
        }

        /// <summary>A box that is a trigger; without an input it sets none.</summary>
        private static GameObject Zone(string name, float at, string input, string value, Color color)
        {
            var box = GameObject.CreatePrimitive(PrimitiveType.Cube);
            box.name = name;
            box.transform.position = new Vector3(at, 0.0f, 0.0f);
            box.transform.localScale = new Vector3(4.0f, 1.5f, 1.5f);
            box.GetComponent<Collider>().isTrigger = true;
            box.GetComponent<Renderer>().material.color = color;
            if (input.Length > 0)
            {
                var zone = box.AddComponent<SegueZone>();
                zone.input = input;
                zone.value = value;
            }
            return box;
        }
    }
}
