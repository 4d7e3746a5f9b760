// A field that names something of the rules: the names it can have, what is wrong with it, where it is declared.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Game;

namespace Segue.EditorTools
{
    public readonly struct NameField
    {
        private readonly Declarations declarations;
        private readonly RuleName kind;
        private readonly string rules;
        private readonly string of;

        /// <summary>
        /// rules: the path of the rule file that counts; empty: all do. of: of a value its input, of a state its layer;
        /// empty: a state of any layer.
        /// </summary>
        public NameField(Declarations declarations, RuleName kind, string rules, string of)
        {
            this.declarations = declarations;
            this.kind = kind;
            this.rules = declarations.Of(rules) == null ? "" : rules;
            this.of = of;
        }

        /// <summary>The names that the field can have.</summary>
        public IReadOnlyList<string> Names => kind == RuleName.Value
            ? declarations.Values(of, rules)
            : Declarations.TextsOf(Declared);

        private IReadOnlyList<DeclaredName> Declared => kind == RuleName.Value
            ? Array.Empty<DeclaredName>()
            : declarations.Names(kind, rules, kind == RuleName.State ? of : "");

        /// <summary>What is wrong with a text; empty: nothing.</summary>
        public string FaultOf(string text) => kind == RuleName.Value
            ? declarations.FaultOfValue(of, text, rules)
            : Declarations.FaultOfName(text, Names);

        /// <summary>Where the text is declared, or of a value its input; null: nowhere.</summary>
        public FilePlace? PlaceOf(string text)
        {
            if (kind == RuleName.Value)
            {
                return declarations.Input(of, rules)?.Place;
            }
            foreach (var each in Declared)
            {
                if (each.Name == text)
                {
                    return each.Place;
                }
            }
            return null;
        }
    }
}
