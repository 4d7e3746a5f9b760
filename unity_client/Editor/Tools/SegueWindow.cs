// The window "Segue": plays a rule file in the editor, or watches a soundtrack of the running game, with one control for
// each input; shows what plays and why; lists the mistakes of all rule files, and names that no rules know.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Game;
using Segue.Protocol;
using UnityEditor;
using UnityEngine;

namespace Segue.EditorTools
{
    public sealed class SegueWindow : EditorWindow
    {
        private const double ShowEveryS = 0.1;
        private const string Title = "Segue";

        private readonly EditorAudition audition = new EditorAudition();
        private readonly InputControls controls = new InputControls();
        private readonly SetupPanel setup = new SetupPanel();
        private readonly NamesPanel names = new NamesPanel();

        // What the user has asked for, done between two drawings: a drawing must have the same controls to its end.
        private readonly List<Action> later = new List<Action>();
        private string chosen = "";
        private string status = "stopped";
        private string playing = "";
        private SegueSoundtrack? watched;
        private Vector2 scrolled;
        private double nextS;

        private Audition Played => audition.Audition;

        /// <summary>Opens it.</summary>
        [MenuItem("Window/Segue")]
        public static void Open() => GetWindow<SegueWindow>(Title);

        private void OnEnable()
        {
            Played.StatusChanged += ShowStatus;
            Played.Failed += ShowFailure;
            Played.Live += SendAll;
            SegueProject.Changed += Repaint;
            EditorApplication.playModeStateChanged += TakePlayMode;
        }

        private void OnDisable()
        {
            audition.Stop();
            Played.StatusChanged -= ShowStatus;
            Played.Failed -= ShowFailure;
            Played.Live -= SendAll;
            SegueProject.Changed -= Repaint;
            EditorApplication.playModeStateChanged -= TakePlayMode;
        }

        /// <summary>The engine calls it many times a second, also where the window is not drawn.</summary>
        private void Update()
        {
            DoLater();
            audition.Step();
            if (EditorApplication.timeSinceStartup < nextS)
            {
                return;
            }
            nextS = EditorApplication.timeSinceStartup + ShowEveryS;
            FollowSources();
            ShowPlaying();
            setup.Step(ShowFailure);
            Repaint();
        }

        private void DoLater()
        {
            var asked = later.ToArray();
            later.Clear();
            foreach (var each in asked)
            {
                each();
            }
        }

        private void OnGUI()
        {
            scrolled = EditorGUILayout.BeginScrollView(scrolled);
            setup.Draw(later.Add);
            DrawSources();
            if (watched == null)
            {
                DrawRules();
            }
            EditorGUILayout.LabelField(status, EditorStyles.wordWrappedLabel);
            if (Played.IsRunning && Played.IsSilent)
            {
                EditorGUILayout.HelpBox(
                    "The editor plays no sound outside of play mode here: press play in the editor to hear the music.",
                    MessageType.Info);
            }
            foreach (var control in controls.All)
            {
                DrawControl(control);
            }
            if (playing.Length > 0)
            {
                EditorGUILayout.LabelField(playing, EditorStyles.wordWrappedLabel);
            }
            DrawProblems();
            names.Draw(later.Add, ShowFailure);
            EditorGUILayout.EndScrollView();
        }

        // --- what is played

        /// <summary>The soundtracks of the running game come first; the one that was chosen stays.</summary>
        private void FollowSources()
        {
            var all = SegueSoundtrack.All;
            var isThere = false;
            foreach (var each in all)
            {
                isThere |= each == watched;
            }
            if (!isThere)
            {
                Watch(all.Count > 0 && !Played.IsRunning ? all[0] : null);
            }
            if (watched != null)
            {
                controls.Set("game: " + watched.gameObject.name, InputControls.InputsOf(watched.Declaration));
                foreach (var control in controls.All)
                {
                    control.Show(watched.InputValue(control.Name), EditorApplication.timeSinceStartup);
                }
                return;
            }
            var paths = new List<string>(SegueProject.Declarations.Paths);
            chosen = paths.Contains(chosen) || paths.Count == 0 ? chosen : paths[0];
            controls.Set(chosen, SegueProject.Declarations.Inputs(chosen.Length > 0 ? chosen : "?"));
        }

        private void Watch(SegueSoundtrack? soundtrack)
        {
            if (ReferenceEquals(watched, soundtrack))
            {
                return;
            }
            watched = soundtrack;
            if (watched != null)
            {
                audition.Stop();
            }
            ShowStatus(watched == null ? "stopped" : "watching the running game");
        }

        private void DrawSources()
        {
            var all = SegueSoundtrack.All;
            if (all.Count == 0)
            {
                return;
            }
            var sources = new List<string> { "in the editor" };
            var index = 0;
            foreach (var each in all)
            {
                sources.Add("game: " + each.gameObject.name);
                index = each == watched ? sources.Count - 1 : index;
            }
            var next = EditorGUILayout.Popup("Source", index, sources.ToArray());
            if (next != index)
            {
                var chosenSource = next == 0 ? null : all[next - 1];
                later.Add(() => Watch(chosenSource));
            }
        }

        private void DrawRules()
        {
            var paths = new List<string>(SegueProject.Declarations.Paths);
            if (paths.Count == 0)
            {
                EditorGUILayout.LabelField("no rule files in " + SegueSettings.instance.rulesFolder, EditorStyles.wordWrappedLabel);
                return;
            }
            var index = Math.Max(0, paths.IndexOf(chosen));
            // A slash in a name would make a menu below the menu.
            var titles = paths.ConvertAll(path => SegueProject.Declarations.Of(path)!.Title.Replace('/', ' ')).ToArray();
            EditorGUILayout.BeginHorizontal();
            var next = EditorGUILayout.Popup("Rules", index, titles);
            if (GUILayout.Button(new GUIContent("Edit", "Opens the rule file. It is heard as soon as it is saved.")))
            {
                SegueProject.Jump(new FilePlace(paths[index], 1, 1));
            }
            if (GUILayout.Button(new GUIContent(Played.IsRunning ? "Stop" : "Play")))
            {
                var path = paths[index];
                later.Add(() => Toggle(path));
            }
            EditorGUILayout.EndHorizontal();
            if (paths[next] != chosen)
            {
                chosen = paths[next];
                later.Add(() =>
                {
                    if (Played.IsRunning)
                    {
                        audition.Start(chosen);
                    }
                });
            }
        }

        private void Toggle(string path)
        {
            if (Played.IsRunning)
            {
                audition.Stop();
            }
            else
            {
                audition.Start(path);
            }
        }

        // --- inputs

        private void DrawControl(InputControl control)
        {
            EditorGUILayout.BeginHorizontal();
            var declared = control.Declared;
            // A running game does not know the place.
            using (new EditorGUI.DisabledScope(declared.Place.Line == 0))
            {
                if (GUILayout.Button(new GUIContent(control.Name, "Show it in the rule file"), EditorStyles.linkLabel))
                {
                    SegueProject.Jump(declared.Place);
                }
            }
            EditorGUI.BeginChangeCheck();
            var value = Drawn(control);
            var isChanged = EditorGUI.EndChangeCheck();
            EditorGUILayout.EndHorizontal();
            if (value.IsNil)
            {
                return;
            }
            if (declared.Type == "trigger")
            {
                Fire(control.Name);
            }
            else if (isChanged)
            {
                control.Choose(value, EditorApplication.timeSinceStartup);
                Send(control);
            }
        }

        /// <summary>The value that the user sees; of a trigger nil, unless it was pressed.</summary>
        private static Value Drawn(InputControl control)
        {
            var declared = control.Declared;
            switch (declared.Type)
            {
                case "trigger":
                    return GUILayout.Button(new GUIContent("Fire")) ? Value.Of(true) : Value.Nil;
                case "flag":
                    var isSet = control.Value.Kind == ValueKind.Boolean && control.Value.AsBoolean;
                    return Value.Of(EditorGUILayout.Toggle(isSet));
                case "choice":
                    var choices = new List<string>(declared.Of);
                    var index = control.Value.Kind == ValueKind.Text ? choices.IndexOf(control.Value.AsText) : 0;
                    index = EditorGUILayout.Popup(Math.Max(0, index), choices.ToArray());
                    return choices.Count > 0 ? Value.Of(choices[index]) : Value.Nil;
                case "integer":
                    return Value.Of((long)EditorGUILayout.IntSlider((int)control.Number, (int)declared.Low, (int)declared.High));
                default:
                    return Value.Of(
                        (double)EditorGUILayout.Slider((float)control.Number, (float)declared.Low, (float)declared.High));
            }
        }

        private void Send(InputControl control)
        {
            if (watched != null)
            {
                watched.SetInput(control.Name, control.Value);
            }
            else
            {
                Played.SetInput(control.Name, control.Value);
            }
        }

        private void Fire(string trigger)
        {
            if (watched != null)
            {
                watched.Fire(trigger);
            }
            else
            {
                Played.Fire(trigger);
            }
        }

        /// <summary>A session begins with the defaults, and the controls may stand elsewhere.</summary>
        private void SendAll()
        {
            foreach (var control in controls.All)
            {
                if (!control.Value.IsNil)
                {
                    Played.SetInput(control.Name, control.Value);
                }
            }
        }

        // --- what is shown

        private void ShowStatus(string text) => status = text;

        private void ShowFailure(string text)
        {
            status = text;
            Debug.LogError("Segue: " + text);
        }

        private void ShowPlaying()
        {
            if (watched != null)
            {
                playing = watched.State == SoundtrackState.Stopped ? "" : NowPlaying.TextOf(watched.Heard, watched.Failure);
                return;
            }
            playing = Played.IsPlaying ? NowPlaying.TextOf(Played.Heard, "") : "";
        }

        private static void DrawProblems()
        {
            if (SegueProject.Cache.Error.Length > 0)
            {
                EditorGUILayout.HelpBox(SegueProject.Cache.Error, MessageType.Error);
            }
            foreach (var path in SegueProject.Declarations.Paths)
            {
                foreach (var problem in SegueProject.Declarations.Of(path)!.Problems)
                {
                    var text = SegueProject.Declarations.TextOf(problem);
                    if (GUILayout.Button(new GUIContent(text, "Show it in the rule file"), EditorStyles.wordWrappedLabel))
                    {
                        SegueProject.Jump(problem.Place);
                    }
                }
            }
        }

        /// <summary>In play mode the game has the editor's sound.</summary>
        private void TakePlayMode(PlayModeStateChange change)
        {
            if (change == PlayModeStateChange.ExitingEditMode)
            {
                audition.Stop();
            }
        }
    }
}
