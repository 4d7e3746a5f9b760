// The soundtracks of scenes and prefabs, as their files tell: what they play, without loading them.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.EditorTools
{
    public sealed class SceneSoundtrack
    {
        internal SceneSoundtrack(string file)
        {
            File = file;
        }

        /// <summary>The path of the scene or prefab in the project.</summary>
        public string File { get; }

        /// <summary>Whether the game starts the service.</summary>
        public bool Starts { get; internal set; } = true;

        /// <summary>The GUID of the rules' asset; empty: none.</summary>
        public string RulesGuid { get; internal set; } = "";

        /// <summary>The file in StreamingAssets in place of Rules; empty: none.</summary>
        public string RulesFile { get; internal set; } = "";

        public bool HasBed { get; internal set; }
    }

    public static class SceneSoundtracks
    {
        private const string StartsService = "0";

        /// <summary>The soundtracks in the text of a scene or a prefab.</summary>
        public static List<SceneSoundtrack> In(string file, string text)
        {
            var found = new List<SceneSoundtrack>();
            var last = -1;
            foreach (var field in SceneText.IsScene(text) ? SceneText.Fields(text) : new List<SceneField>())
            {
                if (field.ScriptGuid != ScriptGuids.Soundtrack)
                {
                    continue;
                }
                if (field.Object != last)
                {
                    last = field.Object;
                    found.Add(new SceneSoundtrack(file));
                }
                Take(found[found.Count - 1], field);
            }
            return found;
        }

        private static void Take(SceneSoundtrack soundtrack, SceneField field)
        {
            switch (field.Path)
            {
                case "settings.service":
                    soundtrack.Starts = field.Value == StartsService;
                    break;
                case "settings.rules":
                    soundtrack.RulesGuid = SceneText.GuidOf(field.Value);
                    break;
                case "settings.rulesFile":
                    soundtrack.RulesFile = field.Value;
                    break;
                case "bed.clip":
                    soundtrack.HasBed = SceneText.GuidOf(field.Value).Length > 0;
                    break;
            }
        }
    }
}
