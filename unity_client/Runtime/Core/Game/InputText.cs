// Values of inputs as they are written in the inspector.
#nullable enable
using System.Globalization;
using Segue.Protocol;

namespace Segue.Game
{
    public static class InputText
    {
        /// <summary>What a text means: true, false, a number, or the text itself.</summary>
        public static Value Parse(string text)
        {
            if (text == "true" || text == "false")
            {
                return Value.Of(text == "true");
            }
            var culture = CultureInfo.InvariantCulture;
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var whole))
            {
                return Value.Of(whole);
            }
            const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
            return double.TryParse(text, style, culture, out var real) ? Value.Of(real) : Value.Of(text);
        }
    }
}
