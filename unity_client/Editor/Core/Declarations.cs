// What the rule files of a project declare: lists of names, and what is wrong with a name or a value.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using Segue.Game;
using Segue.Session;

namespace Segue.EditorTools
{
    /// <summary>Paths of rule files are those of the project, such as Assets/Music/meadow.yaml.</summary>
    public sealed class Declarations
    {
        private readonly ProjectPaths paths;
        private readonly SortedDictionary<string, RuleDescription> described =
            new SortedDictionary<string, RuleDescription>(StringComparer.Ordinal);

        public Declarations(ProjectPaths paths)
        {
            this.paths = paths;
        }

        /// <summary>The rule files, sorted. Those that others include are not among them.</summary>
        public IReadOnlyCollection<string> Paths => described.Keys;

        /// <summary>What a rule file declares; null: not known.</summary>
        public RuleDescription? Of(string path) => described.TryGetValue(path, out var found) ? found : null;

        /// <summary>Replaces all that is known. A file whose names cannot all be read keeps those it had.</summary>
        public void Replace(IReadOnlyDictionary<string, RuleDescription> found)
        {
            var before = new Dictionary<string, RuleDescription>(described);
            described.Clear();
            foreach (var pair in found)
            {
                described[pair.Key] = before.TryGetValue(pair.Key, out var known) ? pair.Value.WithNamesOf(known) : pair.Value;
            }
        }

        /// <summary>The inputs and triggers of one rule file, or of all (an empty path).</summary>
        public IReadOnlyList<DeclaredInput> Inputs(string path)
        {
            var found = new List<DeclaredInput>();
            foreach (var each in All(path))
            {
                found.AddRange(each.Inputs);
            }
            return found;
        }

        /// <summary>
        /// The names of a kind but values, each once. path: as of Inputs. layer: whose states; empty: those of all.
        /// </summary>
        public IReadOnlyList<DeclaredName> Names(RuleName kind, string path, string layer = "")
        {
            var found = new List<DeclaredName>();
            var known = new HashSet<string>(StringComparer.Ordinal);
            void Add(DeclaredName each)
            {
                if (known.Add(each.Name))
                {
                    found.Add(each);
                }
            }
            foreach (var each in All(path))
            {
                foreach (var input in each.Inputs)
                {
                    if ((kind == RuleName.Trigger || kind == RuleName.Input) && (input.Type == "trigger") == (kind == RuleName.Trigger))
                    {
                        Add(input);
                    }
                }
                foreach (var declared in each.Layers)
                {
                    if (kind == RuleName.Layer)
                    {
                        Add(declared);
                    }
                    else if (kind == RuleName.State && (layer.Length == 0 || declared.Name == layer))
                    {
                        foreach (var state in declared.States)
                        {
                            Add(state);
                        }
                    }
                }
            }
            return found;
        }

        /// <summary>The declaration of an input that is no trigger; null: there is none.</summary>
        public DeclaredInput? Input(string name, string path)
        {
            foreach (var each in Inputs(path))
            {
                if (each.Name == name && each.Type != "trigger")
                {
                    return each;
                }
            }
            return null;
        }

        /// <summary>The values of an input that can be listed: of a choice or a flag.</summary>
        public IReadOnlyList<string> Values(string input, string path)
        {
            var declared = Input(input, path);
            if (declared == null)
            {
                return Array.Empty<string>();
            }
            return declared.Type == "flag" ? new[] { "true", "false" } : declared.Of;
        }

        /// <summary>What is wrong with a value of an input; empty: nothing, or it is not known.</summary>
        public string FaultOfValue(string input, string text, string path)
        {
            var declared = Input(input, path);
            switch (declared == null ? "" : declared.Type)
            {
                case "choice":
                    return FaultOfName(text, declared!.Of);
                case "flag":
                    return text == "true" || text == "false" ? "" : "expected true or false";
                case "number":
                case "integer":
                    const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
                    var isNumber = double.TryParse(text, style, CultureInfo.InvariantCulture, out var number);
                    var isWithin = isNumber && number >= declared!.Low && number <= declared.High;
                    return isWithin ? "" : "expected " + Short(declared!.Low) + " to " + Short(declared.High);
                default:
                    return "";
            }
        }

        /// <summary>What is wrong with a name; empty: nothing. known: the names that there are.</summary>
        public static string FaultOfName(string name, IReadOnlyCollection<string> known)
        {
            if (name.Length == 0 || known.Count == 0)
            {
                return "";
            }
            foreach (var each in known)
            {
                if (each == name)
                {
                    return "";
                }
            }
            var meant = SimilarNames.Closest(name, known);
            return meant.Length == 0 ? "unknown" : "unknown; did you mean '" + meant + "'?";
        }

        /// <summary>
        /// The names that contain what is typed, whatever its case; all, if none does or it is one of them.
        /// </summary>
        public static IReadOnlyList<string> Fitting(IReadOnlyList<string> names, string typed)
        {
            var fitting = new List<string>();
            foreach (var each in names)
            {
                if (each == typed)
                {
                    return names;
                }
                if (each.IndexOf(typed, StringComparison.OrdinalIgnoreCase) >= 0)
                {
                    fitting.Add(each);
                }
            }
            return fitting.Count == 0 ? names : fitting;
        }

        /// <summary>The mistakes of a rule file and of the files that it includes.</summary>
        public IReadOnlyList<RuleProblem> Mistakes(string path)
        {
            var found = new List<RuleProblem>();
            foreach (var each in Of(path)?.Problems ?? Array.Empty<RuleProblem>())
            {
                if (each.IsError)
                {
                    found.Add(each);
                }
            }
            return found;
        }

        /// <summary>The first mistake of a rule file in words, with how many more there are; empty: none.</summary>
        public string FaultOfFile(string path)
        {
            var wrong = Mistakes(path);
            if (wrong.Count == 0)
            {
                return "";
            }
            return TextOf(wrong[0]) + (wrong.Count == 1 ? "" : " (and " + (wrong.Count - 1) + " more)");
        }

        /// <summary>A problem as a line of text, with its place in the project.</summary>
        public string TextOf(RuleProblem problem)
        {
            var place = paths.Local(problem.Place.File) + ":" + problem.Place.Line + ":" + problem.Place.Column;
            return place + ": " + (problem.Where.Length > 0 ? problem.Where + ": " : "") + problem.Text;
        }

        /// <summary>The names themselves.</summary>
        public static IReadOnlyList<string> TextsOf(IReadOnlyList<DeclaredName> names)
        {
            var texts = new List<string>();
            foreach (var each in names)
            {
                texts.Add(each.Name);
            }
            return texts;
        }

        private static string Short(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

        private IEnumerable<RuleDescription> All(string path)
        {
            if (path.Length == 0)
            {
                return described.Values;
            }
            var one = Of(path);
            return one == null ? Array.Empty<RuleDescription>() : new[] { one };
        }
    }
}
