// The numbers of PROTOCOL.md section 2 that bound every message, whatever its type.
namespace Segue.Protocol
{
    public static class Limits
    {
        public const int Version = 1;
        public const int HeaderBytes = 262_144;
        public const int PayloadBytes = 4_194_304;

        /// <summary>Maps and lists inside one another, the header itself counted.</summary>
        public const int Deepest = 6;

        /// <summary>In both signs: a double, and so every language, tells these integers apart from all others.</summary>
        public const long LargestInteger = (1L << 53) - 1;

        /// <summary>UTF-8 bytes of a name: of an input, a style, a layer, and of every key of a map by name.</summary>
        public const int NameBytes = 64;

        public const int Channels = 2;
    }
}
