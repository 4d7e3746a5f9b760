// Marks a field of a script as a rule file, for the inspector.
#nullable enable
using UnityEngine;

namespace Segue
{
    /// <summary>
    /// The inspector then says what is wrong with the file, and opens it at its first mistake. The field is a TextAsset, or
    /// a text with the name of a file in the folder StreamingAssets.
    /// </summary>
    public sealed class SegueRulesAttribute : PropertyAttribute
    {
    }
}
