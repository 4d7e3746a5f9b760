// Finds where scenes, prefabs, assets and scripts of a project name inputs and triggers of the rules, and renames them.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Text.RegularExpressions;
using Segue.Game;

namespace Segue.EditorTools
{
    /// <summary>A place that names an input or a trigger.</summary>
    public sealed class NameUse
    {
        internal NameUse(string file, int line, RuleName kind, string name, bool isScript)
        {
            File = file;
            Line = line;
            Kind = kind;
            Name = name;
            IsScript = isScript;
        }

        /// <summary>The path of the scene, prefab, asset or script in the project.</summary>
        public string File { get; }

        /// <summary>From 1.</summary>
        public int Line { get; }

        /// <summary>Input or Trigger.</summary>
        public RuleName Kind { get; }

        public string Name { get; }

        /// <summary>Whether it is a script, not a scene or another asset.</summary>
        public bool IsScript { get; }
    }

    public sealed class NameUses
    {
        // A scene that is larger is not read.
        private const long MostBytes = 64 << 20;

        private static readonly string[] Scenes = { ".unity", ".prefab", ".asset", ".playable" };

        // By GUID of a script of this package: its field, and what that names.
        private static readonly Dictionary<string, (string Field, RuleName Kind)> Components =
            new Dictionary<string, (string Field, RuleName Kind)>
            {
                [ScriptGuids.Zone] = ("input", RuleName.Input),
                [ScriptGuids.Binding] = ("input", RuleName.Input),
                [ScriptGuids.Trigger] = ("trigger", RuleName.Trigger),
                [ScriptGuids.InputTrack] = ("input", RuleName.Input),
                [ScriptGuids.TriggerClip] = ("trigger", RuleName.Trigger),
            };

        private static readonly (Regex Call, RuleName Kind)[] Calls =
        {
            (new Regex("\\b(?:SetInput|InputValue)\\s*\\(\\s*\"([^\"\\\\]*)\""), RuleName.Input),
            (new Regex("\\b(?:ClaimInput|ReleaseInput)\\s*\\(\\s*[^,()\"]+,\\s*\"([^\"\\\\]*)\""), RuleName.Input),
            (new Regex("\\b(?:Fire|FireTrigger)\\s*\\(\\s*\"([^\"\\\\]*)\""), RuleName.Trigger),
        };

        private static readonly Regex Attribute = new Regex(
            "\\[SegueInput(?:\\((?<kind>[^)]*)\\))?\\]\\s*(?:\\[[^\\]]*\\]\\s*)*"
            + "(?:(?:public|private|protected|internal)\\s+)?string\\??\\s+(?<field>\\w+)");

        private readonly ProjectPaths paths;
        private readonly List<string> unread = new List<string>();

        public NameUses(ProjectPaths paths)
        {
            this.paths = paths;
        }

        /// <summary>
        /// The scenes and prefabs that the last search could not read: they are binary, too large or locked. Other assets
        /// of Unity, such as baked light, are always binary, and name nothing.
        /// </summary>
        public IReadOnlyList<string> Unread => unread;

        /// <summary>The uses in the project's folder Assets, by file and line. without: a file of generated constants.</summary>
        public List<NameUse> All(string without = "")
        {
            unread.Clear();
            var scripts = new List<string>();
            var scenes = new List<string>();
            foreach (var file in RuleFiles.FilesIn(paths.Full("Assets"), IsRead))
            {
                var list = RuleFiles.HasEnding(file, ".cs") ? scripts : scenes;
                list.Add(file);
            }
            var found = new List<NameUse>();
            var fields = new Dictionary<string, List<(string Field, RuleName Kind)>>();
            foreach (var file in scripts)
            {
                var local = paths.Local(file);
                var text = TextOf(file);
                if (local != without && text.IndexOf("Segue", StringComparison.Ordinal) >= 0)
                {
                    TakeCalls(local, text, found);
                    TakeFields(file, text, fields);
                }
            }
            foreach (var pair in Components)
            {
                fields[pair.Key] = new List<(string Field, RuleName Kind)> { pair.Value };
            }
            foreach (var file in scenes)
            {
                TakeScene(paths.Local(file), TextOf(file), fields, found);
            }
            found.Sort((a, b) =>
            {
                var order = string.CompareOrdinal(a.File, b.File);
                return order != 0 ? order : a.Line.CompareTo(b.Line);
            });
            return found;
        }

        /// <summary>The uses of names that no rule file declares. Empty where none is known.</summary>
        public static List<NameUse> Unknown(List<NameUse> uses, Declarations declarations)
        {
            var inputs = new HashSet<string>(Declarations.TextsOf(declarations.Names(RuleName.Input, "")));
            var triggers = new HashSet<string>(Declarations.TextsOf(declarations.Names(RuleName.Trigger, "")));
            if (inputs.Count + triggers.Count == 0)
            {
                return new List<NameUse>();
            }
            return uses.FindAll(use => !(use.Kind == RuleName.Trigger ? triggers : inputs).Contains(use.Name));
        }

        /// <summary>
        /// Writes another name at each of the uses. The files that were changed. Throws IOException,
        /// UnauthorizedAccessException or ArgumentException: a file has changed since the uses were found.
        /// </summary>
        public List<string> Rename(IEnumerable<NameUse> uses, string to)
        {
            var texts = new Dictionary<string, string>();
            foreach (var use in uses)
            {
                if (!texts.TryGetValue(use.File, out var text))
                {
                    text = File.ReadAllText(paths.Full(use.File));
                }
                texts[use.File] = use.IsScript
                    ? ReplacedInScript(text, use, to)
                    : SceneText.Replaced(text, use.Line, use.Name, to);
            }
            // Nothing is written unless all fits.
            foreach (var pair in texts)
            {
                File.WriteAllText(paths.Full(pair.Key), pair.Value);
            }
            return new List<string>(texts.Keys);
        }

        private static bool IsRead(string name) =>
            RuleFiles.HasEnding(name, ".cs") || Array.Exists(Scenes, ending => RuleFiles.HasEnding(name, ending));

        private static string TextOf(string file)
        {
            try
            {
                return new FileInfo(file).Length > MostBytes ? "" : File.ReadAllText(file);
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                return "";
            }
        }

        private static void TakeCalls(string file, string text, List<NameUse> found)
        {
            foreach (var (call, kind) in Calls)
            {
                for (var match = call.Match(text); match.Success; match = match.NextMatch())
                {
                    var name = match.Groups[1];
                    found.Add(new NameUse(file, LineOf(text, name.Index), kind, name.Value, true));
                }
            }
        }

        /// <summary>The fields of a script with the attribute SegueInput, which Unity finds by the GUID beside it.</summary>
        private static void TakeFields(
            string file, string text, Dictionary<string, List<(string Field, RuleName Kind)>> fields)
        {
            var meta = TextOf(file + ".meta");
            var guid = SceneText.GuidOf(meta);
            for (var match = Attribute.Match(text); match.Success; match = match.NextMatch())
            {
                var kind = match.Groups["kind"].Value;
                var isInput = kind.Length == 0 || kind.EndsWith("Input", StringComparison.Ordinal);
                var isTrigger = kind.EndsWith("Trigger", StringComparison.Ordinal);
                if (guid.Length == 0 || (!isInput && !isTrigger))
                {
                    continue;
                }
                if (!fields.TryGetValue(guid, out var all))
                {
                    fields[guid] = all = new List<(string Field, RuleName Kind)>();
                }
                all.Add((match.Groups["field"].Value, isTrigger ? RuleName.Trigger : RuleName.Input));
            }
        }

        private void TakeScene(
            string file,
            string text,
            Dictionary<string, List<(string Field, RuleName Kind)>> fields,
            List<NameUse> found)
        {
            if (!SceneText.IsScene(text))
            {
                if (RuleFiles.HasEnding(file, ".unity") || RuleFiles.HasEnding(file, ".prefab"))
                {
                    unread.Add(file);
                }
                return;
            }
            var called = "";
            var changed = "";
            foreach (var field in SceneText.Fields(text))
            {
                var last = field.Path.Substring(field.Path.LastIndexOf('.') + 1);
                if (fields.TryGetValue(field.ScriptGuid, out var named))
                {
                    foreach (var (name, kind) in named)
                    {
                        if (field.Path == name)
                        {
                            found.Add(new NameUse(file, field.Line, kind, field.Value, false));
                        }
                    }
                }
                // A UnityEvent that fires a trigger.
                called = last == "m_MethodName" ? field.Value : called;
                if (last == "m_StringArgument" && (called == "FireTrigger" || called == "Fire"))
                {
                    found.Add(new NameUse(file, field.Line, RuleName.Trigger, field.Value, false));
                }
                // A prefab's value that an instance overrides.
                changed = last == "propertyPath" ? field.Value : changed;
                if (last == "value" && (changed == "input" || changed == "trigger"))
                {
                    var kind = changed == "trigger" ? RuleName.Trigger : RuleName.Input;
                    found.Add(new NameUse(file, field.Line, kind, field.Value, false));
                }
            }
        }

        private static string ReplacedInScript(string text, NameUse use, string to)
        {
            foreach (var (call, kind) in Calls)
            {
                for (var match = call.Match(text); match.Success; match = match.NextMatch())
                {
                    var name = match.Groups[1];
                    if (kind == use.Kind && name.Value == use.Name && LineOf(text, name.Index) == use.Line)
                    {
                        return text.Substring(0, name.Index) + to + text.Substring(name.Index + name.Length);
                    }
                }
            }
            throw new ArgumentException(use.File + ":" + use.Line + ": expected '" + use.Name + "'; the file has changed meanwhile");
        }

        private static int LineOf(string text, int at)
        {
            var line = 1;
            for (var i = 0; i < at; i++)
            {
                line += text[i] == '\n' ? 1 : 0;
            }
            return line;
        }
    }
}
