// What `segue describe` tells of one rule file: its names with their places, and its problems.
#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using Segue.Protocol;
using Segue.Service;

namespace Segue.EditorTools
{
    /// <summary>A place in a file. Line and column count from 1.</summary>
    public readonly struct FilePlace
    {
        public readonly string File;
        public readonly int Line;
        public readonly int Column;

        public FilePlace(string file, int line, int column)
        {
            File = file;
            Line = line;
            Column = column;
        }
    }

    /// <summary>A name that rules declare: of an input, a trigger, a layer or a state.</summary>
    public class DeclaredName
    {
        public DeclaredName(string name, FilePlace place)
        {
            Name = name;
            Place = place;
        }

        public string Name { get; }

        public FilePlace Place { get; }
    }

    public sealed class DeclaredInput : DeclaredName
    {
        public DeclaredInput(string name, FilePlace place, string type, Value start, double low, double high, IReadOnlyList<string> of)
            : base(name, place)
        {
            Type = type;
            Default = start;
            Low = low;
            High = high;
            Of = of;
        }

        /// <summary>`number`, `integer`, `choice`, `flag` or `trigger`.</summary>
        public string Type { get; }

        /// <summary>The value at the start; nil: of a trigger.</summary>
        public Value Default { get; }

        /// <summary>The bounds of a number or an integer; both 0: there are none.</summary>
        public double Low { get; }

        public double High { get; }

        /// <summary>The choices.</summary>
        public IReadOnlyList<string> Of { get; }
    }

    public sealed class DeclaredLayer : DeclaredName
    {
        public DeclaredLayer(string name, FilePlace place, IReadOnlyList<DeclaredName> states)
            : base(name, place)
        {
            States = states;
        }

        public IReadOnlyList<DeclaredName> States { get; }
    }

    /// <summary>A mistake or a warning.</summary>
    public sealed class RuleProblem
    {
        public RuleProblem(bool isError, FilePlace place, string where, string text)
        {
            IsError = isError;
            Place = place;
            Where = where;
            Text = text;
        }

        public bool IsError { get; }

        public FilePlace Place { get; }

        /// <summary>The object of the rules that it is in; empty: none.</summary>
        public string Where { get; }

        public string Text { get; }
    }

    /// <summary>Source: rules/DESCRIPTION.md.</summary>
    public sealed class RuleDescription
    {
        private const long Version = 1;

        private RuleDescription(Map fields)
        {
            File = fields["file"].AsText;
            Title = fields["title"].AsText;
            IsComplete = fields["complete"].AsBoolean;
            Files = All(fields, "files", each => each.AsText);
            Inputs = All(fields, "inputs", each => Input(each.AsMap));
            Layers = All(fields, "layers", each => Layer(each.AsMap));
            HasSounds = fields["stingers"].AsList.Any(each => IsAudio(each.AsMap));
            Problems = All(fields, "problems", each => Problem(each.AsMap));
        }

        private RuleDescription(RuleDescription now, RuleDescription before)
        {
            File = now.File;
            Title = now.Title;
            Files = now.Files;
            Problems = now.Problems;
            IsComplete = false;
            Inputs = before.Inputs;
            Layers = before.Layers;
            HasSounds = before.HasSounds;
        }

        /// <summary>The path, as `segue describe` was given it.</summary>
        public string File { get; }

        public string Title { get; }

        /// <summary>Whether all names could be read.</summary>
        public bool IsComplete { get; }

        /// <summary>The paths of all files that were read, the main one first.</summary>
        public IReadOnlyList<string> Files { get; }

        /// <summary>The inputs, triggers included.</summary>
        public IReadOnlyList<DeclaredInput> Inputs { get; }

        public IReadOnlyList<DeclaredLayer> Layers { get; }

        /// <summary>Whether stingers are sound files, whose paths begin with the rule file's folder.</summary>
        public bool HasSounds { get; }

        public IReadOnlyList<RuleProblem> Problems { get; }

        /// <summary>Reads one line of `segue describe`; null: it is none, or of a version that is not known.</summary>
        public static RuleDescription? Read(string line)
        {
            if (!JsonReader.TryRead(line, out var read) || read.Kind != ValueKind.Map)
            {
                return null;
            }
            var fields = read.AsMap;
            if (!fields.TryGet("version", out var version) || version.Kind != ValueKind.Integer || version.AsInteger != Version)
            {
                return null;
            }
            try
            {
                return new RuleDescription(fields);
            }
            catch (Exception error) when (error is KeyNotFoundException || error is InvalidOperationException)
            {
                // A field is missing or of another kind.
                return null;
            }
        }

        /// <summary>This one with the names of an earlier one, while some of its own cannot be read.</summary>
        public RuleDescription WithNamesOf(RuleDescription before) => IsComplete ? this : new RuleDescription(this, before);

        private static IReadOnlyList<T> All<T>(Map fields, string name, Func<Value, T> read)
        {
            var found = new List<T>();
            foreach (var each in fields[name].AsList)
            {
                found.Add(read(each));
            }
            return found;
        }

        private static bool IsAudio(Map stinger) =>
            stinger["kind"].Kind == ValueKind.Text && stinger["kind"].AsText == "audio";

        private static FilePlace Place(Map fields) =>
            new FilePlace(fields["file"].AsText, (int)fields["line"].AsInteger, (int)fields["column"].AsInteger);

        private static DeclaredName Name(Map fields) => new DeclaredName(fields["name"].AsText, Place(fields));

        private static DeclaredInput Input(Map fields) => new DeclaredInput(
            fields["name"].AsText,
            Place(fields),
            fields["type"].AsText,
            fields.TryGet("default", out var start) ? start : Value.Nil,
            Number(fields, "low"),
            Number(fields, "high"),
            fields.TryGet("of", out _) ? All(fields, "of", each => each.AsText) : Array.Empty<string>());

        private static DeclaredLayer Layer(Map fields) =>
            new DeclaredLayer(fields["name"].AsText, Place(fields), All(fields, "states", each => Name(each.AsMap)));

        private static RuleProblem Problem(Map fields) => new RuleProblem(
            fields["severity"].AsText == "error", Place(fields), fields["where"].AsText, fields["text"].AsText);

        private static double Number(Map fields, string name)
        {
            if (!fields.TryGet(name, out var value))
            {
                return 0.0;
            }
            return value.Kind == ValueKind.Integer ? value.AsInteger : value.AsReal;
        }
    }
}
