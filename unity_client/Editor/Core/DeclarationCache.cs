// Keeps what the rule files of a project declare: `segue describe` is run in the background when a file has changed.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using Segue.Service;

namespace Segue.EditorTools
{
    /// <summary>
    /// Its answers are kept in a file, so that names are known before a service was ever started. From one thread only.
    /// </summary>
    public sealed class DeclarationCache
    {
        private const string Header = "segue declarations 1";
        private const string Now = "now";
        private const int DescribeMs = 60_000;
        private const int CloseMs = 2_000;

        private readonly ProjectPaths paths;
        private readonly string keptIn;

        // By full path of each file that was read: what tells whether it has changed.
        private Dictionary<string, string> stamps = new Dictionary<string, string>();
        private List<string> files = new List<string>();

        // By path of the rule file: the last line of `segue describe` from which all its names could be read.
        private readonly Dictionary<string, string> complete = new Dictionary<string, string>();
        private string failedProgram = "";
        private bool mustScan = true;
        private Thread? thread;
        private volatile Answer? answer;

        /// <summary>keptIn: the file for the answers, relative to the project.</summary>
        public DeclarationCache(ProjectPaths paths, string keptIn)
        {
            this.paths = paths;
            this.keptIn = paths.Full(keptIn);
            Declarations = new Declarations(paths);
            Load();
        }

        /// <summary>The declarations or problems of some files have changed; gets the mistakes that are new.</summary>
        public event Action<IReadOnlyList<string>>? Changed;

        public Declarations Declarations { get; }

        /// <summary>The rule files of the project, as of the last search.</summary>
        public IReadOnlyList<string> Files => files;

        /// <summary>Why the files cannot be described; empty: they can.</summary>
        public string Error { get; private set; } = "";

        /// <summary>Whether files are being described.</summary>
        public bool IsBusy => thread != null;

        /// <summary>Lets the next Refresh search the folder again: files may have come or gone.</summary>
        public void Rescan() => mustScan = true;

        /// <summary>
        /// Describes what has changed, in the background; call it now and then. folder: of the rule files, relative to
        /// the project. program: of the service; empty: there is none, and what was known stays.
        /// </summary>
        public void Refresh(string folder, string program)
        {
            if (thread != null)
            {
                if (answer == null)
                {
                    return;
                }
                thread.Join();
                thread = null;
                Take(answer);
                answer = null;
            }
            if (mustScan)
            {
                mustScan = false;
                files = RuleFiles.In(paths.Full(folder));
            }
            var now = StampsOf(files);
            var mayWork = Error.Length > 0 && program != failedProgram;
            if (IsSame(now, stamps) && !mayWork)
            {
                return;
            }
            if (files.Count == 0)
            {
                Take(new Answer(now, new List<string>(), ""));
                return;
            }
            if (program.Length == 0)
            {
                return;
            }
            failedProgram = program;
            var words = new List<string> { "describe" };
            words.AddRange(files);
            thread = new Thread(() => answer = Described(program, words, now)) { IsBackground = true, Name = "Segue describes" };
            thread.Start();
        }

        /// <summary>Waits a moment for the background: scripts are loaded again.</summary>
        public void Close()
        {
            thread?.Join(CloseMs);
            thread = null;
            answer = null;
        }

        /// <summary>On the thread. All files together: one that another includes is a part of that.</summary>
        private static Answer Described(string program, List<string> words, Dictionary<string, string> stamps)
        {
            try
            {
                var ended = ProgramRun.Of(program, words, DescribeMs);
                var ends = new[] { '\r', '\n' };
                var lines = new List<string>(ended.Output.Split(ends, StringSplitOptions.RemoveEmptyEntries));
                var told = ended.Errors.Trim();
                var why = "'" + program + "' cannot describe the rule files" + (told.Length > 0 ? ": " + told : "");
                return new Answer(stamps, lines, lines.Count == 0 ? why : "");
            }
            catch (ServiceException error)
            {
                return new Answer(stamps, new List<string>(), error.Message);
            }
        }

        private void Take(Answer found)
        {
            stamps = found.Stamps;
            Error = found.Error;
            if (Error.Length > 0)
            {
                // What was known stays: a file may have been removed meanwhile, and the next time tells.
                Changed?.Invoke(Array.Empty<string>());
                return;
            }
            var before = new HashSet<string>(AllMistakes());
            Declarations.Replace(ByPath(found.Lines));
            // A file that was included from elsewhere is watched from now on.
            stamps = StampsOf(files);
            foreach (var pair in found.Stamps)
            {
                stamps[pair.Key] = pair.Value;
            }
            Save(found.Lines);
            var mistakes = AllMistakes();
            mistakes.RemoveAll(before.Contains);
            Changed?.Invoke(mistakes);
        }

        private List<string> AllMistakes()
        {
            var told = new List<string>();
            foreach (var path in Declarations.Paths)
            {
                foreach (var mistake in Declarations.Mistakes(path))
                {
                    told.Add(Declarations.TextOf(mistake));
                }
            }
            return told;
        }

        private Dictionary<string, RuleDescription> ByPath(IEnumerable<string> lines)
        {
            var found = new Dictionary<string, RuleDescription>();
            foreach (var line in lines)
            {
                var described = RuleDescription.Read(line);
                if (described == null)
                {
                    continue;
                }
                var path = paths.Local(described.File);
                found[path] = described;
                if (described.IsComplete)
                {
                    complete[path] = line;
                }
            }
            return found;
        }

        /// <summary>The stamps of files and of all that was read of them before.</summary>
        private Dictionary<string, string> StampsOf(List<string> rules)
        {
            var found = new Dictionary<string, string>();
            foreach (var file in rules)
            {
                found[file] = StampOf(file);
                foreach (var read in Declarations.Of(paths.Local(file))?.Files ?? Array.Empty<string>())
                {
                    found[read] = StampOf(read);
                }
            }
            return found;
        }

        private static string StampOf(string path)
        {
            var file = new FileInfo(path);
            return file.Exists ? file.LastWriteTimeUtc.Ticks + ":" + file.Length : "";
        }

        private static bool IsSame(Dictionary<string, string> one, Dictionary<string, string> other)
        {
            if (one.Count != other.Count)
            {
                return false;
            }
            foreach (var pair in one)
            {
                if (!other.TryGetValue(pair.Key, out var stamp) || stamp != pair.Value)
                {
                    return false;
                }
            }
            return true;
        }

        /// <summary>
        /// A line for each stamp, with a tab between its two parts; one for each complete description, a line `now`, and one
        /// for each description.
        /// </summary>
        private void Load()
        {
            try
            {
                var lines = File.Exists(keptIn) ? File.ReadAllLines(keptIn) : Array.Empty<string>();
                if (lines.Length == 0 || lines[0] != Header)
                {
                    return;
                }
                var descriptions = new List<string>();
                for (var i = 1; i < lines.Length; i++)
                {
                    var tab = lines[i].IndexOf('\t');
                    if (lines[i].StartsWith("{", StringComparison.Ordinal))
                    {
                        descriptions.Add(lines[i]);
                    }
                    else if (tab >= 0)
                    {
                        stamps[lines[i].Substring(tab + 1)] = lines[i].Substring(0, tab);
                    }
                    else if (lines[i] == Now)
                    {
                        Declarations.Replace(ByPath(descriptions));
                        descriptions.Clear();
                    }
                }
                Declarations.Replace(ByPath(descriptions));
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                // Without the file all is described anew.
            }
        }

        private void Save(IEnumerable<string> descriptions)
        {
            var text = new StringBuilder(Header).Append('\n');
            foreach (var pair in stamps)
            {
                text.Append(pair.Value).Append('\t').Append(pair.Key).Append('\n');
            }
            foreach (var path in Declarations.Paths)
            {
                if (complete.TryGetValue(path, out var line))
                {
                    text.Append(line).Append('\n');
                }
            }
            text.Append(Now).Append('\n');
            foreach (var line in descriptions)
            {
                text.Append(line).Append('\n');
            }
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(keptIn)!);
                File.WriteAllText(keptIn, text.ToString());
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                // The next start describes all anew.
            }
        }

        private sealed class Answer
        {
            public readonly Dictionary<string, string> Stamps;
            public readonly List<string> Lines;
            public readonly string Error;

            public Answer(Dictionary<string, string> stamps, List<string> lines, string error)
            {
                Stamps = stamps;
                Lines = lines;
                Error = error;
            }
        }
    }
}
