// The first part of the window: what the project lacks before it has music, with a button for each.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using UnityEditor;
using UnityEngine;

namespace Segue.EditorTools
{
    internal sealed class SetupPanel
    {
        private const int InitMs = 60_000;

        private List<MissingStep> missing = new List<MissingStep>();
        private volatile string? made;
        private Thread? thread;

        /// <summary>later: takes what is to be done after the drawing.</summary>
        public void Draw(Action<Action> later)
        {
            foreach (var step in missing)
            {
                EditorGUILayout.HelpBox(step.Text, step.Step == SetupStep.Program ? MessageType.Warning : MessageType.Info);
                using (new EditorGUI.DisabledScope(step.Step == SetupStep.Rules && thread != null))
                {
                    if (GUILayout.Button(new GUIContent(step.Button)))
                    {
                        later(() => Do(step.Step, SegueSettings.instance));
                    }
                }
            }
        }

        /// <summary>Looks what is missing now; some times a second. failed: gets what went wrong, in words.</summary>
        public void Step(Action<string> failed)
        {
            TakeEnd(failed);
            var hasSoundtrack = false;
            foreach (var each in Resources.FindObjectsOfTypeAll<SegueSoundtrack>())
            {
                hasSoundtrack |= !EditorUtility.IsPersistent(each);
            }
            missing = SetupSteps.Missing(
                SegueProject.Program,
                SegueSettings.instance.bundleFolder,
                SegueProject.SampleRate,
                SegueProject.Cache.Files.Count,
                hasSoundtrack);
        }

        private void Do(SetupStep step, SegueSettings settings)
        {
            switch (step)
            {
                case SetupStep.Program:
                    var path = EditorUtility.OpenFilePanel("The program segue", SegueProject.Paths.Root, "");
                    if (path.Length > 0)
                    {
                        settings.command = SegueProject.Paths.Local(path);
                        settings.Keep();
                    }
                    break;
                case SetupStep.SampleRate:
                    SegueProject.SampleRate = BuildCheck.Rate;
                    break;
                case SetupStep.Rules:
                    MakeRules(settings.rulesFolder);
                    break;
                default:
                    AddSoundtrack();
                    break;
            }
        }

        /// <summary>Makes a first rule file, as `segue init` does, in the background.</summary>
        private void MakeRules(string folder)
        {
            var program = SegueProject.Program;
            var stem = Path.Combine(SegueProject.Paths.Full(folder), SetupSteps.FirstRules);
            thread = new Thread(() => made = Made(program, stem)) { IsBackground = true, Name = "Segue init" };
            thread.Start();
        }

        /// <summary>On the thread: what went wrong; empty: nothing.</summary>
        private static string Made(string program, string stem)
        {
            try
            {
                var ended = ProgramRun.Of(program, new[] { "init", stem }, InitMs);
                var told = (ended.Output + ended.Errors).Trim();
                return ended.Code == 0 ? "" : told.Length > 0 ? told : "'" + program + "' cannot be run";
            }
            catch (Service.ServiceException error)
            {
                return error.Message;
            }
        }

        private void TakeEnd(Action<string> failed)
        {
            var how = made;
            if (how == null)
            {
                return;
            }
            made = null;
            thread!.Join();
            thread = null;
            if (how.Length > 0)
            {
                failed(how);
            }
            AssetDatabase.Refresh();
            SegueProject.Cache.Rescan();
            SegueProject.Refresh();
        }

        /// <summary>With the first rule file, if it is imported.</summary>
        private static void AddSoundtrack()
        {
            var holder = new GameObject("Music");
            var soundtrack = holder.AddComponent<SegueSoundtrack>();
            if (SegueProject.Cache.Files.Count > 0)
            {
                var path = SegueProject.Paths.Local(SegueProject.Cache.Files[0]);
                soundtrack.settings.rules = AssetDatabase.LoadAssetAtPath<TextAsset>(path);
            }
            Undo.RegisterCreatedObjectUndo(holder, "Add a soundtrack");
            Selection.activeGameObject = holder;
        }
    }
}
