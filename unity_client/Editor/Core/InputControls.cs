// One control for each declared input: what it is at, and when a running game's value may be shown in it.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.EditorTools
{
    public sealed class InputControl
    {
        // How long what the user has chosen stands before a running game's value is shown again.
        private const double UserS = 0.6;

        private double changedS = double.NegativeInfinity;

        internal InputControl(DeclaredInput declared)
        {
            Declared = declared;
            Value = declared.Default;
        }

        public DeclaredInput Declared { get; }

        public string Name => Declared.Name;

        /// <summary>What the input is at; nil for a trigger.</summary>
        public Value Value { get; private set; }

        /// <summary>The value as a number; 0 if it is none.</summary>
        public double Number
        {
            get
            {
                switch (Value.Kind)
                {
                    case ValueKind.Integer:
                        return Value.AsInteger;
                    case ValueKind.Real:
                        return Value.AsReal;
                    default:
                        return 0.0;
                }
            }
        }

        /// <summary>Notes what the user has chosen.</summary>
        public void Choose(Value value, double nowS)
        {
            Value = value;
            changedS = nowS;
        }

        /// <summary>Shows a value that the user has not chosen.</summary>
        public void Show(Value value, double nowS)
        {
            if (!value.IsNil && nowS - changedS >= UserS)
            {
                Value = value;
            }
        }
    }

    public sealed class InputControls
    {
        private readonly List<InputControl> controls = new List<InputControl>();
        private string shown = "";

        /// <summary>In the order of the declaration.</summary>
        public IReadOnlyList<InputControl> All => controls;

        /// <summary>Makes the controls of these inputs, unless they are there already. of: tells whose they are.</summary>
        public void Set(string of, IReadOnlyList<DeclaredInput> inputs)
        {
            var key = of;
            foreach (var each in inputs)
            {
                key += "\n" + each.Name + " " + each.Type + " " + each.Low + " " + each.High + " " + string.Join("|", each.Of);
            }
            if (key == shown)
            {
                return;
            }
            shown = key;
            controls.Clear();
            foreach (var each in inputs)
            {
                controls.Add(new InputControl(each));
            }
        }

        /// <summary>The inputs of a session's declaration, which knows no places.</summary>
        public static IReadOnlyList<DeclaredInput> InputsOf(Record? declaration)
        {
            var found = new List<DeclaredInput>();
            foreach (var each in declaration == null ? Array.Empty<Value>() : declaration["inputs"].AsList)
            {
                var input = each.AsRecord;
                var choices = new List<string>();
                foreach (var choice in input["of"].IsNil ? Array.Empty<Value>() : input["of"].AsList)
                {
                    choices.Add(choice.AsText);
                }
                found.Add(new DeclaredInput(
                    input["name"].AsText,
                    new FilePlace("", 0, 0),
                    input["type"].AsText,
                    input["default"],
                    Number(input["low"]),
                    Number(input["high"]),
                    choices));
            }
            return found;
        }

        private static double Number(Value value)
        {
            switch (value.Kind)
            {
                case ValueKind.Integer:
                    return value.AsInteger;
                case ValueKind.Real:
                    return value.AsReal;
                default:
                    return 0.0;
            }
        }
    }
}
