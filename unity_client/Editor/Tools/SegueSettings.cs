// The project settings of Segue, which are kept under version control.
#nullable enable
using UnityEditor;

namespace Segue.EditorTools
{
    [FilePath("ProjectSettings/SegueSettings.asset", FilePathAttribute.Location.ProjectFolder)]
    public sealed class SegueSettings : ScriptableSingleton<SegueSettings>
    {
        /// <summary>The folder in which rule files are searched.</summary>
        public string rulesFolder = "Assets";

        /// <summary>
        /// The folder that `make bundle` makes, for this system; for others in its folders `windows`, `linux` and `macos`.
        /// Outside of Assets, since Unity would import it.
        /// </summary>
        public string bundleFolder = "segue-service";

        /// <summary>The program of the service in the editor; empty: of the bundle, of .venv, or in PATH.</summary>
        public string command = "";

        /// <summary>The file that gets a constant for each name of the rules; empty: none is written.</summary>
        public string constantsFile = "";

        /// <summary>Writes them.</summary>
        public void Keep() => Save(true);
    }
}
