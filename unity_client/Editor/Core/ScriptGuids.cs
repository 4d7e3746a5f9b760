// The GUIDs by which scenes name the scripts of this package: those of the .meta files beside the scripts.
#nullable enable
namespace Segue.EditorTools
{
    public static class ScriptGuids
    {
        public const string Soundtrack = "a79e5c4f876413ede6e3661b454849c9";
        public const string Zone = "7910e5d2a6207f8c56bc7cb87f4b325c";
        public const string Binding = "b2d4d8e241252b7da628430f6a6daa59";
        public const string Trigger = "6348f267395b59bde65ba33fdd28bcee";
        public const string InputTrack = "b3ebb6a4ca5333a8dfbe5a93f0720672";
        public const string TriggerClip = "2dfc2433d0357a42d67f702f1d82b840";
    }
}
