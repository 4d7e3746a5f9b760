// The editor tools on stand-ins for Unity's editor: a user opens the window, plays, chooses names, and builds a game.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading;
using Segue.EditorTools;
using Segue.Game;
using Segue.Tests;
using UnityEditor;
using UnityEditor.Build.Reporting;
using UnityEngine;

namespace Segue.Probes
{
    internal sealed class EditorToolsProbe
    {
        private const double GiveUpS = 60.0;
        private const string Rules = "Assets/Music/meadow.yaml";

        private readonly JsonObject given;
        private readonly Dictionary<string, object?> results = new Dictionary<string, object?>();

        private EditorToolsProbe(JsonObject given)
        {
            this.given = given;
        }

        public static object? Run(object cases)
        {
            var probe = new EditorToolsProbe((JsonObject)cases);
            var project = (string)probe.given["project"]!;
            Application.dataPath = project + "/Assets";
            Application.persistentDataPath = project;
            AssetDatabase.Assets["ProjectSettings/AudioManager.asset"] = new AudioManager();
            AssetDatabase.Assets[Rules] = new TextAsset(File.ReadAllText(project + "/" + Rules)) { name = "meadow" };
            // As the editor does with [InitializeOnLoad].
            RuntimeHelpers.RunClassConstructor(typeof(SegueProject).TypeHandle);
            probe.Setup();
            probe.Audition();
            probe.Drawer();
            probe.Game();
            probe.Names();
            probe.Settings();
            probe.Build();
            AssemblyReloadEvents.Reload();
            probe.results["logged"] = Debug.Logged.ConvertAll(line => (object?)line);
            return probe.results;
        }

        /// <summary>A project that has nothing: each step in turn, until none is left.</summary>
        private void Setup()
        {
            File.Delete((string)given["project"]! + "/" + Rules);
            SegueWindow.Open();
            var steps = new List<object?>();
            steps.Add(Shown("The service is missing"));
            EditorUtility.ChosenFile = (string)given["program"]!;
            Draw("Choose the program…");
            steps.Add(SegueProject.Program == EditorUtility.ChosenFile);
            steps.Add(Shown("sample rate"));
            Draw("Set the sample rate to 48 kHz");
            steps.Add((long)SegueProject.SampleRate);
            steps.Add(Shown("no rule file"));
            Draw("New rule file");
            Until(() => SegueProject.Declarations.Paths.Count == 1);
            steps.Add(new List<string>(SegueProject.Declarations.Paths));
            steps.Add(Shown("no soundtrack"));
            Draw("Add a soundtrack to the scene");
            steps.Add(Selection.activeGameObject!.GetComponent<SegueSoundtrack>() != null);
            steps.Add(!Shown("no soundtrack"));
            UnityEngine.Object.DestroyImmediate(Selection.activeGameObject);
            results["steps"] = steps;
            foreach (var made in Directory.GetFiles((string)given["project"]! + "/Assets", "Soundtrack*"))
            {
                File.Delete(made);
            }
            File.WriteAllText((string)given["project"]! + "/" + Rules, (string)given["text"]!);
            EditorApplication.TellProjectChanged();
            Until(() => SegueProject.Declarations.Of(Rules) != null);
        }

        private void Audition()
        {
            Step();
            var seen = new List<object?>(User.Seen);
            results["window"] = seen;
            Draw("Play");
            Until(() => User.Seen.Exists(line => line.Contains("action: rest")));
            Until(() => Shown("The editor plays no sound"));
            User.Choose("danger", 0.9f);
            Until(() => User.Seen.Exists(line => line.Contains("action: rest → fight") && line.Contains("fight 100 %")));
            results["playing"] = User.Seen.Find(line => line.Contains("mix: "));
            var speaker = Array.Exists(AudioDevice.Sources().ToArray(), source => source.gameObject.name == "Segue audition");
            // What is saved is heard.
            File.AppendAllText((string)given["project"]! + "/" + Rules, "# edited\n");
            Until(() => User.Seen.Contains("live; the rules were loaded again"));
            Draw("Edit");
            Draw("danger");
            Draw("Stop");
            results["audition"] = new List<object?> { speaker, User.Seen.Contains("stopped"), AudioDevice.Sources().Count == 0 };
            results["opened"] = AssetDatabase.Opened.FindAll(line => line.StartsWith("open", StringComparison.Ordinal));
            // With an audio thread the music is heard.
            Draw("Play");
            var loudest = 0.0f;
            Until(() =>
            {
                foreach (var sample in AudioDevice.Callback(480))
                {
                    loudest = Math.Max(loudest, Math.Abs(sample));
                }
                return loudest > 0.01f;
            });
            results["heard"] = !Shown("The editor plays no sound");
            EditorApplication.Change(PlayModeStateChange.ExitingEditMode);
            results["ended by play mode"] = User.Seen.Contains("Stop") && AudioDevice.Sources().Count == 0;
            Service.ServiceProcess.EndAll(5_000);
        }

        private void Drawer()
        {
            var zone = new GameObject("zone").AddComponent<SegueZone>();
            var soundtrack = new GameObject("music").AddComponent<SegueSoundtrack>();
            soundtrack.settings.rules = (TextAsset)AssetDatabase.Assets[Rules];
            var faults = new List<object?>();
            zone.input = "dangre";
            faults.Add(Drawn(zone, "input", new SegueInputAttribute()));
            User.Choose("Names", "place");
            User.Press("▾");
            Drawn(zone, "input", new SegueInputAttribute());
            faults.Add(zone.input);
            zone.value = "cvae";
            faults.Add(Drawn(zone, "value", new SegueInputAttribute(RuleName.Value, "input")));
            User.Choose("Names", "cave");
            User.Press("▾");
            Drawn(zone, "value", new SegueInputAttribute(RuleName.Value, "input"));
            faults.Add(zone.value);
            faults.Add(Drawn(zone, "value", new SegueInputAttribute(RuleName.Value, "input")));
            AssetDatabase.Opened.Clear();
            User.Press("→");
            Drawn(zone, "value", new SegueInputAttribute(RuleName.Value, "input"));
            faults.Add(AssetDatabase.Opened[0]);
            faults.Add(Drawn(zone, "priority", new SegueInputAttribute()));
            results["drawer"] = faults;
            UnityEngine.Object.DestroyImmediate(zone.gameObject);
            UnityEngine.Object.DestroyImmediate(soundtrack.gameObject);
        }

        /// <summary>What the drawer shows as wrong; empty: nothing.</summary>
        private static string Drawn(Component edited, string field, SegueInputAttribute attribute)
        {
            var drawer = new SegueInputDrawer { attribute = attribute };
            var of = new SerializedObject(edited);
            var property = of.FindProperty(field)!;
            User.Look();
            drawer.GetPropertyHeight(property, new GUIContent(field));
            drawer.OnGUI(new Rect(0.0f, 0.0f, 300.0f, 40.0f), property, new GUIContent(field));
            of.ApplyModifiedProperties();
            return User.Seen.Find(line => line.Contains(": expected") || line.StartsWith("Warning: ", StringComparison.Ordinal)
                || line.StartsWith("Error: ", StringComparison.Ordinal)) ?? "";
        }

        /// <summary>The window beside a game that runs.</summary>
        private void Game()
        {
            results["logged before"] = Debug.Logged.ConvertAll(line => (object?)line);
            Application.isPlaying = true;
            using var stage = new Stage(false, () => 480);
            var soundtrack = Stage.Soundtrack((string)given["address"]!);
            var game = new List<object?>();
            Until(() =>
            {
                stage.Frame(0.01f);
                return User.Seen.Contains("level");
            });
            game.Add(User.Seen.Contains("watching the running game"));
            game.Add(User.Seen.Contains("game: Music"));
            User.Choose("level", 0.75f);
            Until(() =>
            {
                stage.Frame(0.01f);
                return !soundtrack.InputValue("level").IsNil && soundtrack.InputValue("level").Kind == Protocol.ValueKind.Real
                    && soundtrack.InputValue("level").AsReal == 0.75;
            });
            User.Press("Fire");
            Until(() =>
            {
                stage.Frame(0.01f);
                return User.Seen.Exists(line => line.Contains("answer: ") && line.Contains("→ heard"));
            });
            // The game sets it; what the user has chosen stands for a moment only.
            soundtrack.SetInput("level", 0.25);
            Until(() =>
            {
                stage.Frame(0.01f);
                return User.Seen.Contains("0.25");
            });
            game.Add(true);
            results["game"] = game;
        }

        private void Names()
        {
            Draw("Find uses");
            Step();
            var seen = User.Seen.FindAll(line => line.StartsWith("Assets/", StringComparison.Ordinal) && line.Contains("did you mean"));
            results["unknown"] = seen;
            EditorUtility.Answer = true;
            User.Choose(seen[0], "danger");
            Step();
            Step();
            results["asked"] = EditorUtility.Asked;
            results["renamed"] = File.ReadAllText((string)given["project"]! + "/Assets/Main.unity").Contains("input: danger");
            results["all known"] = User.Seen.Contains("the rules declare all names that are used");
        }

        private void Settings()
        {
            var page = (SettingsProvider)typeof(SegueWindow).Assembly.GetType("Segue.EditorTools.SegueSettingsPage")!
                .GetMethod("Create")!.Invoke(null, null)!;
            User.Look();
            User.Choose("Constants File", "Assets/Music/MusicNames.cs");
            User.Choose("Bundle", "bundle");
            page.guiHandler!("");
            results["page"] = new List<object?> { page.settingsPath, User.Seen.Contains("Rules Folder"), SegueSettings.instance.Saves > 0 };
            results["constants"] = File.ReadAllText((string)given["project"]! + "/Assets/Music/MusicNames.cs");
        }

        private void Build()
        {
            var built = (string)given["project"]! + "/Build/Game.x86_64";
            var summary = new BuildSummary(BuildTarget.StandaloneLinux64, BuildTargetGroup.Standalone, built);
            EditorBuildSettings.scenes = new[] { new EditorBuildSettingsScene("Assets/Main.unity", true) };
            AssetDatabase.Dependencies["Assets/Main.unity"] = new[] { "Assets/Music.prefab" };
            AssetDatabase.Guids[(string)given["guid"]!] = Rules;
            var type = typeof(SegueWindow).Assembly.GetType("Segue.EditorTools.BuildSteps")!;
            var steps = Activator.CreateInstance(type)!;
            var from = Debug.Logged.Count;
            ((UnityEditor.Build.IPreprocessBuildWithReport)steps).OnPreprocessBuild(new BuildReport(summary));
            ((UnityEditor.Build.IPostprocessBuildWithReport)steps).OnPostprocessBuild(new BuildReport(summary));
            results["build"] = Debug.Logged.GetRange(from, Debug.Logged.Count - from);
            Debug.Logged.RemoveRange(from, Debug.Logged.Count - from);
        }

        private static bool Shown(string words)
        {
            Step();
            return User.Seen.Exists(line => line.Contains(words));
        }

        /// <summary>Presses a button of the window, and draws it again.</summary>
        private static void Draw(string button)
        {
            User.Press(button);
            Step();
            Step();
        }

        /// <summary>What the editor does some times a second.</summary>
        private static void Step()
        {
            EditorApplication.update?.Invoke();
            var window = EditorWindow.GetWindow<SegueWindow>("Segue");
            Thread.Sleep(110);
            window.Send("Update");
            User.Look();
            window.Send("OnGUI");
        }

        private static void Until(Func<bool> isSo)
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            for (Step(); !isSo(); Step())
            {
                if (clock.Elapsed.TotalSeconds > GiveUpS)
                {
                    throw new TimeoutException(string.Join("\n", User.Seen) + "\n" + string.Join("\n", Debug.Logged));
                }
            }
        }

        /// <summary>The project setting Audio.</summary>
        private sealed class AudioManager : UnityEngine.Object
        {
            public int m_SampleRate = 44_100;
        }
    }
}
