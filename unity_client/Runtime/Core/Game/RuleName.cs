// What a text of the game can name in the rules.
#nullable enable
namespace Segue.Game
{
    public enum RuleName
    {
        Input,
        Trigger,
        Layer,
        State,

        /// <summary>A value of an input.</summary>
        Value,
    }
}
