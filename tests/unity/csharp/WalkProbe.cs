// The five minutes of the package's documentation: its rules, what a reader does in the editor, and its script.
#nullable enable
using System.Collections.Generic;
using System.IO;
using Segue.Tests;
using UnityEngine;
using UnityEngine.Events;

namespace Segue.Probes
{
    internal static class WalkProbe
    {
        // As far beside the cube as the page puts the sphere.
        private static readonly Vector3 Beside = new Vector3(3.0f, 0.0f, 0.0f);

        /// <summary>What is heard after each step, and what the console has. rules: the page's file; edited: another text.</summary>
        public static object Run(JsonObject given)
        {
            var file = (string)given["sample"]!;
            using var stage = new Stage(false, () => 480);
            // Steps 3 and 4.
            var music = new GameObject();
            music.SetActive(false);
            var soundtrack = music.AddComponent<SegueSoundtrack>();
            soundtrack.settings.rules = new TextAsset(File.ReadAllText(file)) { name = file };
            // Step 5.
            var cube = GameObject.CreatePrimitive(PrimitiveType.Cube);
            cube.GetComponent<Collider>().isTrigger = true;
            var zone = cube.AddComponent<SegueZone>();
            zone.input = "place";
            zone.value = "cave";
            var sphere = GameObject.CreatePrimitive(PrimitiveType.Sphere);
            sphere.tag = "Player";
            sphere.AddComponent<Rigidbody>().isKinematic = true;
            sphere.transform.position = Beside;
            // Step 6.
            var onClick = new UnityEvent();
            onClick.AddListener(() => soundtrack.FireTrigger("victory"));
            var binding = new GameObject().AddComponent<SegueBinding>();
            binding.input = "threat";
            var onValueChanged = new UnityEvent<float>();
            onValueChanged.AddListener(binding.SetValue);
            var hero = new GameObject().AddComponent<Hero>();
            hero.soundtrack = soundtrack;

            var heard = new List<object?>();
            soundtrack.Changed += change => heard.Add(change.To);
            soundtrack.Stinger += name => heard.Add(name);
            void Hear(string what) => stage.Until(() => heard.Contains(what));
            music.SetActive(true);
            stage.Until(() => soundtrack.State == SoundtrackState.Live && soundtrack.Heard.Position.Played > 0);
            sphere.transform.position = cube.transform.position;
            Hear("cave");
            sphere.transform.position = Beside;
            Hear("meadow");
            onValueChanged.Invoke(0.9f);
            Hear("combat");
            onValueChanged.Invoke(0.0f);
            Hear("calm");
            onClick.Invoke();
            Hear("fanfare");
            heard.Clear();
            Object.Destroy(binding.gameObject);
            hero.OnHit(0.1f);
            Hear("combat");
            hero.OnWon();
            Hear("fanfare");
            var mistakes = -1;
            soundtrack.RulesChanged += errors => mistakes = errors.Count;
            File.WriteAllText(file, (string)given["edited"]!);
            stage.Until(() => mistakes >= 0 && soundtrack.Declaration!["title"].AsText == "Edited");
            // Several scenes: the music goes on, what the old scene had claimed ends, and the new one finds the soundtrack.
            sphere.transform.position = cube.transform.position;
            stage.Until(() => soundtrack.InputValue("place").AsText == "cave");
            Object.DontDestroyOnLoad(music);
            GameLoop.LoadEmptyScene();
            var inNextScene = new GameObject().AddComponent<SegueBinding>();
            inNextScene.input = "threat";
            inNextScene.SetValue(0.25f);
            stage.Until(() => soundtrack.InputValue("threat").AsReal == 0.25);
            return new Dictionary<string, object?>
            {
                ["state"] = soundtrack.State.ToString(),
                ["place"] = soundtrack.InputValue("place"),
                ["mistakes"] = (long)mistakes,
                ["logged"] = Debug.Logged.ConvertAll(line => (object?)line),
            };
        }
    }
}
