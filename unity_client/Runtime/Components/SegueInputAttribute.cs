// Marks a text field of a script as the name of something in the rules, for the inspector.
#nullable enable
using Segue.Game;
using UnityEngine;

namespace Segue
{
    /// <summary>
    /// The inspector then has a list of the names with a search, and says what is wrong with the name, without a service that
    /// runs. [SegueInput] names an input, [SegueInput(RuleName.Trigger)] a trigger.
    /// </summary>
    public sealed class SegueInputAttribute : PropertyAttribute
    {
        /// <summary>
        /// of: for a value the field beside it that names its input, for a state that of its layer; empty: there is none.
        /// </summary>
        public SegueInputAttribute(RuleName kind = RuleName.Input, string of = "")
        {
            Kind = kind;
            Of = of;
        }

        public RuleName Kind { get; }

        public string Of { get; }
    }
}
