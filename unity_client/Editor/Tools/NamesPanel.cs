// The last part of the window: uses of names that no rule file declares, such as after a rename, and where a name is used.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEditor.SceneManagement;
using UnityEngine;

namespace Segue.EditorTools
{
    internal sealed class NamesPanel
    {
        private List<NameUse> all = new List<NameUse>();
        private List<NameUse> found = new List<NameUse>();
        private List<NameUse> unknown = new List<NameUse>();
        private List<string> unread = new List<string>();
        private string searched = "";
        private bool hasLooked;

        /// <summary>later: takes what is to be done after the drawing. failed: gets what went wrong, in words.</summary>
        public void Draw(Action<Action> later, Action<string> failed)
        {
            EditorGUILayout.BeginHorizontal();
            searched = EditorGUILayout.TextField("Uses of", searched);
            if (GUILayout.Button(new GUIContent("Find uses", "In scenes, prefabs, assets and scripts of the folder Assets")))
            {
                later(Look);
            }
            EditorGUILayout.EndHorizontal();
            if (!hasLooked)
            {
                return;
            }
            foreach (var use in unknown)
            {
                DrawUnknown(use, later, failed);
            }
            foreach (var use in found)
            {
                DrawPlace(use, use.Name);
            }
            foreach (var file in unread)
            {
                var text = file + ": not searched; with Project Settings > Editor > Asset Serialization > Force Text it is";
                EditorGUILayout.LabelField(text, EditorStyles.wordWrappedLabel);
            }
            if (unknown.Count == 0)
            {
                var where = unread.Count > 0 ? "the rules declare all names that are used elsewhere" : "the rules declare all names that are used";
                EditorGUILayout.LabelField(where, EditorStyles.wordWrappedLabel);
            }
        }

        private void Look()
        {
            // What is not saved is in no file.
            EditorSceneManager.SaveCurrentModifiedScenesIfUserWantsTo();
            var uses = new NameUses(SegueProject.Paths);
            all = uses.All(SegueSettings.instance.constantsFile);
            unknown = NameUses.Unknown(all, SegueProject.Declarations);
            found = all.FindAll(use => use.Name == searched);
            unread = new List<string>(uses.Unread);
            hasLooked = true;
        }

        private void DrawUnknown(NameUse use, Action<Action> later, Action<string> failed)
        {
            var known = Declarations.TextsOf(SegueProject.Declarations.Names(use.Kind, ""));
            var fault = Declarations.FaultOfName(use.Name, known);
            EditorGUILayout.BeginHorizontal();
            DrawPlace(use, use.Name + ": " + (fault.Length > 0 ? fault : "unknown"));
            var choices = new List<string> { "rename to…" };
            choices.AddRange(known);
            var index = EditorGUILayout.Popup(0, choices.ToArray());
            EditorGUILayout.EndHorizontal();
            if (index > 0)
            {
                later(() => Rename(use, choices[index], failed));
            }
        }

        private static void DrawPlace(NameUse use, string text)
        {
            if (GUILayout.Button(new GUIContent(use.File + ":" + use.Line + ": " + text), EditorStyles.linkLabel))
            {
                SegueProject.Jump(new FilePlace(use.File, use.Line, 1));
            }
        }

        /// <summary>At all uses of the name of this kind.</summary>
        private void Rename(NameUse use, string to, Action<string> failed)
        {
            var same = all.FindAll(each => each.Kind == use.Kind && each.Name == use.Name);
            var isWanted = EditorUtility.DisplayDialog(
                "Segue", "Write '" + to + "' for '" + use.Name + "' in " + same.Count + " places? It cannot be undone.", "Rename", "Cancel");
            if (!isWanted || !EditorSceneManager.SaveCurrentModifiedScenesIfUserWantsTo())
            {
                return;
            }
            try
            {
                new NameUses(SegueProject.Paths).Rename(same, to);
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException || error is ArgumentException)
            {
                failed(error.Message);
            }
            AssetDatabase.Refresh();
            Look();
        }
    }
}
